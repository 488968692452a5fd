// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>
#include <busbar/status.hpp>
#include <busbar/timer.hpp>

namespace busbar {

// When a device may be asked.
enum class Admission {
  AtOnce,      // as soon as the link is up
  ByGreeting,  // when the driver has called ready(): the device speaks first, or wants a login
};

// A driver of one device that is asked at intervals and told things in between, over its first
// link; others are the deriving class's. It keeps the status `online` and `last_error`, whose keys
// it is given, and connects anew to a device that has gone silent. What is left to write is
// questions, functions and their bytes:
//
//   class Lamp : public busbar::PolledDriver<busbar::keys::online, busbar::keys::last_error> {
//    public:
//     explicit Lamp(const busbar::CreateInfo& info) : PolledDriver(info, "the lamp") {
//       poll("LEVEL", "LEVEL?\r", [this](std::string_view line) { return take(line); });
//     }
//     void level(busbar::Call call, int64_t percent) {
//       tell(std::move(call), "LEVEL", "LEVEL=" + std::to_string(percent) + "\r",
//            [](std::string_view line, busbar::Call&) { … return busbar::Answer::Done; });
//     }
//
// The settings "poll_interval_ms" and "timeout_ms" are read when the manifest has them; they are
// 10 s and 5 s otherwise. An interval of 0: asked once for each connection.
//
// Online is a device that answers the first question of poll(), be it by an error of its own.
// Offline is one that lets an answer's time pass, of which lost() is said, or which has not become
// ready for `timeout_ms`: a connection that ends and comes back within that time shows nowhere. An
// answer that throws Failure is `last_error` until the first question is answered again.
template <const glue::StatusSpec& Online, const glue::StatusSpec& LastError>
class PolledDriver : public Driver {
 public:
  void onStart() override { expectReady(); }
  // Those who override these two call them first.
  void onConnected(const busbar_link_info& link) override {
    if (!isFirst(link)) {
      return;
    }
    requestLink(BUSBAR_LINK_CLEAR_QUEUE);  // questions to the connection before
    if (online_.value() == false) {
      requestLink(BUSBAR_LINK_UNHEALTHY);  // a connection alone does not end that
    }
    expectReady();
    if (admission_ == Admission::AtOnce) {
      ready();
    }
  }
  void onDisconnected(const busbar_link_info& link) override {
    if (isFirst(link)) {
      isReady_ = false;
      poll_.cancel();
      expectReady();
    }
  }

 protected:
  // What to send; empty: nothing, this device cannot say. Made when it is asked.
  using Payload = std::function<std::string()>;
  // Judges a frame as Command::onAnswer does: what it throws is `last_error`, or the call's.
  using OnAnswer = std::function<Answer(std::string_view frame)>;
  // The same for a call. It may complete the call with a result; Done completes it with none.
  using OnReply = std::function<Answer(std::string_view frame, Call& call)>;

  // `device` as it stands in sentences: "the projector".
  PolledDriver(const CreateInfo& info, std::string device, Admission admission = Admission::AtOnce)
      : Driver(info),
        device_(std::move(device)),
        admission_(admission),
        interval_(info.settings["poll_interval_ms"].valueOr<int64_t>(10'000)),
        timeout_(info.settings["timeout_ms"].valueOr<int64_t>(5'000)) {}

  // Adds a question that is asked at each interval, or one that is asked once for each connection.
  // They are asked in their order; a slow device is asked the newest of a name only.
  void poll(std::string name, Payload payload, OnAnswer onAnswer) {
    questions_.push_back({std::move(name), true, std::move(payload), std::move(onAnswer)});
  }
  void poll(std::string name, std::string payload, OnAnswer onAnswer) {
    poll(std::move(name), [payload = std::move(payload)] { return payload; }, std::move(onAnswer));
  }
  void askOnce(std::string name, Payload payload, OnAnswer onAnswer) {
    questions_.push_back({std::move(name), false, std::move(payload), std::move(onAnswer)});
  }

  // Asks now, behind what was told. Throws Failure when the link is down or full.
  void ask(const std::string& name, std::string payload, OnAnswer onAnswer) {
    Command asked = make(name, std::move(payload));
    asked.name = name;
    asked.priority = BUSBAR_PRIORITY_DEFAULT - 20;
    asked.onAnswer = std::move(onAnswer);
    enqueue(std::move(asked));
  }
  // Asks the added question of that name again, such as after something that changes its answer.
  void askAgain(const std::string& name) {
    askEach([&name](const Question& question) { return question.name == name; });
  }
  // For a call: it ends with the answer, with what onReply throws, or at once with the reason why
  // the device is not ready.
  void tell(Call call, const std::string& name, std::string payload, OnReply onReply) {
    if (!isReady_) {
      call.fail(Failure::offline(lastError_.value().value_or(device_ + " is not connected yet"))
                    .retryable());
      return;
    }
    const auto open = std::make_shared<Call>(std::move(call));
    Command told = make(name, std::move(payload));
    told.parentCall = open->id();
    told.onAnswer = [open, onReply = std::move(onReply)](std::string_view frame) {
      const Answer answer = onReply(frame, *open);
      if (answer == Answer::Done) {
        open->complete();
      }
      return answer;
    };
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

  // The device has let us in on this connection: from now on it is asked.
  void ready() {
    isReady_ = true;
    pollEvery(interval_);
    askEach([](const Question&) { return true; });
  }
  bool isReady() const { return isReady_; }
  // The device cannot be talked to, as it has shown; connects anew after `timeout_ms`. Within an
  // answer: `throw lost("…")`.
  Failure lost(const std::string& reason) {
    isLost_ = true;
    online_ = false;
    lastError_ = reason;
    requestLink(BUSBAR_LINK_UNHEALTHY);
    if (isConnected() && !patience_.isSet()) {
      patience_.once(timeout_, [this] { requestLink(BUSBAR_LINK_RECONNECT); });
    }
    return Failure::device(reason);
  }

  std::chrono::milliseconds interval() const { return interval_; }
  // A shorter interval for a while; the settings' one from each connection on. Nothing is asked
  // before ready().
  void pollEvery(std::chrono::milliseconds period) {
    period = interval_.count() > 0 ? std::min(period, interval_) : period;
    if (period.count() == 0 || !isReady_) {
      poll_.cancel();
    } else if (period != period_ || !poll_.isSet()) {
      poll_.every(period, [this] { askEach([](const Question& each) { return each.isPolled; }); });
    }
    period_ = period;
  }

 private:
  struct Question {
    std::string name;
    bool isPolled;  // else asked once for each connection
    Payload payload;
    OnAnswer onAnswer;
  };

  Command make(const std::string& name, std::string payload) {
    Command made;
    made.payload = std::move(payload);
    made.timeoutMs = static_cast<uint32_t>(timeout_.count());
    made.onEnd = [this, name](const Failure* failure) {
      if (failure != nullptr && failure->status() == BUSBAR_E_TIMEOUT) {
        lost(device_ + " does not answer " + name);
      }
    };
    return made;
  }
  template <class Wanted>
  void askEach(Wanted wanted) {
    for (size_t i = 0; i < questions_.size(); ++i) {
      const Question& question = questions_[i];
      if (std::string payload = wanted(question) ? question.payload() : std::string();
          !payload.empty()) {
        ask(question.name, std::move(payload),
            [this, i](std::string_view frame) { return judge(i, frame); });
      }
    }
  }
  Answer judge(size_t index, std::string_view frame) {
    const bool isSignOfLife = index == 0;
    const OnAnswer onAnswer = questions_[index].onAnswer;  // it may add questions
    isLost_ = false;
    try {
      const Answer answer = onAnswer(frame);
      if (answer == Answer::Done && isSignOfLife) {
        seen();
      }
      return answer;
    } catch (const Failure& failure) {
      if (!isLost_ && isSignOfLife) {
        seen();
      }
      lastError_ = failure.message();
      throw;
    }
  }
  void seen() {
    patience_.cancel();
    online_ = true;
    lastError_.clear();
    requestLink(BUSBAR_LINK_HEALTHY);
  }
  void expectReady() {
    if (!patience_.isSet()) {
      patience_.once(timeout_, [this] {
        lost(isReady_        ? device_ + " does not answer"
             : isConnected() ? device_ + " does not let Busbar in"
                             : "there is no connection to " + device_);
      });
    }
  }

  const std::string device_;
  const Admission admission_;
  const std::chrono::milliseconds interval_;
  const std::chrono::milliseconds timeout_;
  std::chrono::milliseconds period_{0};  // of poll_
  std::vector<Question> questions_;
  bool isReady_ = false;  // on the present connection
  bool isLost_ = false;   // said by the answer that is judged
  Timer patience_{*this};
  Timer poll_{*this};
  StatusKey<Online> online_{*this};
  StatusKey<LastError> lastError_{*this};
};

}  // namespace busbar
