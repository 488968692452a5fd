// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/pjlink/codec.h"

#include "busbar_manifest.hpp"

namespace busbar::pjlink {

// How a projector of any class is talked to; what it is asked is added by those who derive. Nothing
// is sent before the projector's greeting, and but one question (CLSS, behind the password's
// digest) before it has let us in. That a connection ends is normal: `online` becomes false when
// the projector has not let us in again after the time-out.
class Conversation : public Driver {
 public:
  explicit Conversation(const CreateInfo& info)
      : Driver(info),
        interval_(info.settings["poll_interval_ms"].as<int64_t>()),
        password_(info.settings["password"].valueOr<std::string>("")),
        timeout_(info.settings["timeout_ms"].as<int64_t>()) {}

  void onStart() override { expectAdmission(); }
  void onConnected(const busbar_link_info&) override {
    requestLink(BUSBAR_LINK_CLEAR_QUEUE);  // questions to the connection before
    if (online_.value() == false) {
      requestLink(BUSBAR_LINK_UNHEALTHY);  // a connection alone does not end that
    }
    expectAdmission();
  }
  void onDisconnected(const busbar_link_info&) override {
    isReady_ = false;
    poll_.cancel();
    expectAdmission();
  }
  void onReceived(std::string_view line, const busbar_received&) override {
    const Greeting greeting = readGreeting(line, password_);
    if (!isReady_ && !greeting.problem.empty()) {
      lost(greeting.problem);
    } else if (!isReady_) {
      Command hello = make("CLSS", "?", [this](const Reply& reply) { letIn(reply.value); });
      hello.payload.insert(0, greeting.prefix);
      enqueue(std::move(hello));
    }  // else a late answer
  }

  // For any command and question, so also for the function "query".
  void tell(Call call, const std::string& command, const std::string& parameter) {
    if (!isReady_ || classOf(command, class_) > class_) {
      call.fail(isReady_ ? Failure(BUSBAR_E_UNSUPPORTED, command + " needs a class 2 projector")
                         : Failure::offline(lastError_.value().value_or(kConnecting)).retryable());
      return;
    }
    const auto open = std::make_shared<Call>(std::move(call));
    Command told = make(command, parameter, [this, open, command](const Reply& reply) {
      if (!reasonText(reply.kind).empty()) {
        throw Failure::device(std::string(reasonText(reply.kind)));
      }
      reply.value.empty() ? open->complete() : open->complete(reply.value);
      ask([&](const Question& question) { return question.command == command; });
    });
    told.onEnd = [open, onEnd = std::move(told.onEnd)](const Failure* failure) {
      onEnd(failure);
      if (failure != nullptr) {
        open->fail(*failure);
      }
    };
    try {
      enqueue(std::move(told));
    } catch (const Failure& failure) {
      open->fail(failure);
    }
  }

 protected:
  using OnReply = std::function<void(const Reply&)>;
  struct Question {
    std::string command;
    bool isPolled;  // else asked once for each connection
    OnReply onReply;
  };

  // Adds a question. `take` gets nothing when the projector cannot say, as in standby.
  template <class Parse, class Take>
  void add(std::string command, bool isPolled, Parse parse, Take take) {
    const auto onReply = [this, command, parse, take](const Reply& reply) {
      const bool hasValue = reply.kind == Reply::Kind::Value;
      const auto value = hasValue ? parse(reply.value) : std::nullopt;
      take(value);
      if (hasValue && !value) {
        lastError_ = "the projector sent nonsense as its " + command;
      }
    };
    questions_.push_back({command, isPolled, onReply});
  }
  Command make(const std::string& command, const std::string& parameter, OnReply onReply) {
    Command made;
    made.payload = encode(classOf(command, class_), command, parameter);
    made.timeoutMs = static_cast<uint32_t>(timeout_.count());
    made.onAnswer = [this, command, onReply = std::move(onReply)](std::string_view line) {
      const Reply reply = parseReply(line, command);
      if (reply.kind == Reply::Kind::Other) {
        return Answer::Ignore;
      }
      if (reply.kind == Reply::Kind::WrongPassword || reply.kind == Reply::Kind::Rubbish) {
        lost(std::string(reasonText(reply.kind)));
        throw Failure::device(std::string(reasonText(reply.kind)));
      }
      onReply(reply);
      return Answer::Done;
    };
    made.onEnd = [this, command](const Failure* failure) {
      if (failure != nullptr && failure->status() == BUSBAR_E_TIMEOUT) {
        lost("the projector does not answer " + command);
      }
    };
    return made;
  }
  template <class Wanted>
  void ask(Wanted wanted) {
    for (const Question& question : questions_) {
      if (wanted(question) && classOf(question.command, class_) <= class_) {
        Command asked = make(question.command, "?", question.onReply);
        asked.name = question.command;  // a slow projector is asked the newest only
        asked.priority = BUSBAR_PRIORITY_DEFAULT - 20;
        enqueue(std::move(asked));
      }
    }
  }
  // Another interval for a while; the settings' one from each connection on.
  void pollEvery(std::chrono::milliseconds period) {
    if (period != period_ || !poll_.isSet()) {
      period_ = period;
      poll_.every(period, [this] { ask([](const Question& q) { return q.isPolled; }); });
    }
  }
  // The projector has answered.
  void seen() {
    patience_.cancel();
    online_ = true;
    lastError_.clear();
    requestLink(BUSBAR_LINK_HEALTHY);
  }
  char deviceClass() const { return class_; }

  const std::chrono::milliseconds interval_;

 private:
  static constexpr const char* kConnecting = "the projector is not connected yet";

  void expectAdmission() {
    if (!patience_.isSet()) {
      patience_.once(timeout_, [this] { lost("the projector does not let Busbar in"); });
    }
  }
  void letIn(const std::string& deviceClass) {
    class_ = deviceClass == "2" ? '2' : '1';
    pjlinkClass_ = class_ - '0';
    isReady_ = true;
    pollEvery(interval_);
    ask([](const Question&) { return true; });
  }
  void lost(const std::string& reason) {
    online_ = false;
    lastError_ = reason;
    requestLink(BUSBAR_LINK_UNHEALTHY);
    if (isConnected() && !patience_.isSet()) {
      patience_.once(timeout_, [this] { requestLink(BUSBAR_LINK_RECONNECT); });
    }
  }

  const std::string password_;
  const std::chrono::milliseconds timeout_;
  std::chrono::milliseconds period_{0};  // of poll_
  std::vector<Question> questions_;
  char class_ = '1';
  bool isReady_ = false;  // let in on the present connection
  Timer patience_{*this};
  Timer poll_{*this};
  StatusKey<keys::online> online_{*this};
  StatusKey<keys::last_error> lastError_{*this};
  StatusKey<keys::pjlink_class> pjlinkClass_{*this};
};

}  // namespace busbar::pjlink
