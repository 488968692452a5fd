// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <busbar/failure.hpp>

#include "plugins/snmp/session.h"

namespace busbar::snmp {

// A question to the agent and who wants the answer. With a walk it is many requests, and `onRows`
// gets them all.
struct Question {
  std::string what;  // "get 1.3.6.1.2.1.1.5.0", for errors
  Pdu pdu;
  std::unique_ptr<Walk> walk;
  busbar_id parentCall = 0;
  std::function<void(const Pdu& answer)> onAnswer;
  std::function<void(std::vector<Binding> rows)> onRows;
  std::function<void(const Failure& failure)> onFailure;
};

// The questions that wait for the agent, one asked at a time: those of calls before those of polls.
// A walk gives way to others between its requests. Loop-only.
class QuestionQueue {
 public:
  static constexpr size_t kMaxCalls = 64;
  static constexpr size_t kMaxPolls = 4'096;

  // False when it is full; nothing was taken then.
  [[nodiscard]] bool addCall(Question& question) { return add(calls_, question, kMaxCalls); }
  [[nodiscard]] bool addPoll(Question& question) { return add(polls_, question, kMaxPolls); }

  // The question to ask now; nullptr when there is none.
  std::unique_ptr<Question> takeNext() {
    auto& from = calls_.empty() ? polls_ : calls_;
    if (from.empty()) {
      return nullptr;
    }
    auto question = std::make_unique<Question>(std::move(from.front()));
    from.pop_front();
    return question;
  }

  // All that wait, so that they can be told that there will be no answer.
  std::vector<Question> takeAll() {
    std::vector<Question> all;
    for (auto* queue : {&calls_, &polls_}) {
      for (Question& question : *queue) {
        all.push_back(std::move(question));
      }
      queue->clear();
    }
    return all;
  }

 private:
  static bool add(std::deque<Question>& queue, Question& question, size_t most) {
    if (queue.size() >= most) {
      return false;
    }
    queue.push_back(std::move(question));
    return true;
  }

  std::deque<Question> calls_;
  std::deque<Question> polls_;
};

}  // namespace busbar::snmp
