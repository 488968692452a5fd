// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/triggers/action_runner.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/fake_inside.h"
#include "tests/support/http_client_fixture.h"

namespace busbar::triggers {

// Keeps mails until the test answers.
class FakeMailer : public Mailer {
 public:
  void send(Mail mail, Milliseconds, Callback<void(Status)> done) override {
    sent.emplace_back(std::move(mail), std::move(done));
  }
  std::vector<std::pair<Mail, Callback<void(Status)>>> sent;
};

// A runner on a loop whose clock stands still. Records are written as "key state[/attempts]".
class RunnerFixture : public testing::Test {
 protected:
  using State = StepRecord::State;

  static Step step(std::string key, decltype(Step::what) what) {
    Step made;
    made.key = std::move(key);
    made.what = std::move(what);
    return made;
  }
  static Step callOf(std::string key, std::string mod = "A_1") {
    return step(std::move(key), CallFunction{std::move(mod), "", "go", json::Object()});
  }
  static Step retried(Step made, unsigned times) {
    made.retry.times = times;
    made.retry.first = Milliseconds(1000);
    made.retry.longest = Milliseconds(4000);
    return made;
  }
  static Step stopping(Step made) {
    made.onFailure = Step::OnFailure::Stop;
    return made;
  }
  static StepRecord recordOf(std::string key, State state, unsigned attempts) {
    StepRecord record;
    record.key = std::move(key);
    record.state = state;
    record.attempts = attempts;
    return record;
  }

  ActionRunner::Job job(std::vector<Step> steps) {
    auto spec = std::make_shared<Spec>();
    spec->begin = std::move(steps);
    ActionRunner::Job made;
    made.firingId = "fire-1";
    made.instanceId = "trig-1";
    made.spec = std::move(spec);
    made.signingSecret = "secret";
    made.mailSubject = "Too warm";
    made.caller.role = model::UserRole::Admin;
    made.facts =
        *json::parse(R"({"trigger":{"id":"trigger-1"},"status":{"A_1":{"x":5}}})")->asObject();
    made.record = [this](const StepRecord& record, Callback<void(Status)> stored) {
      take(record, std::move(stored));
    };
    made.done = [this](size_t failures) {
      EXPECT_FALSE(failures_) << "done twice";
      failures_ = failures;
    };
    return made;
  }
  void run(std::vector<Step> steps) { start(job(std::move(steps))); }
  void start(ActionRunner::Job made) {
    runner_->run(std::move(made));
    turn();
  }

  void turn() {
    for (int i = 0; i < 12; ++i) {
      loop_->runOnce(Milliseconds(0));
    }
  }
  void advance(Nanoseconds by) {
    clock_.advance(by);
    turn();
  }
  // Answers the oldest call to a module.
  void answer(Result<ExecuteReply> reply) {
    ASSERT_FALSE(host_.calls.empty());
    auto done = std::move(host_.calls.front().done);
    host_.calls.erase(host_.calls.begin());
    done(std::move(reply));
    turn();
  }
  void succeed(std::string json = "null") { answer(ExecuteReply{std::move(json), 200}); }
  void fail(const char* reason) {
    answer(Error::because(ErrorCode::Unavailable, reason, "it failed"));
  }

  std::vector<std::string> log() const {
    std::vector<std::string> lines;
    for (const StepRecord& record : records_) {
      constexpr const char* kNames[] = {"sending", "done", "failed", "skipped"};
      lines.push_back(record.key + " " + kNames[static_cast<int>(record.state)] +
                      (record.attempts == 1 ? "" : "/" + std::to_string(record.attempts)) +
                      (record.isRetry ? " again" : "") +
                      (record.code.empty() ? "" : " " + record.code));
    }
    return lines;
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  test::ScriptedResolver names_{*loop_};
  HttpClient http_{*loop_, names_};
  FakeHostClient host_;
  FakeInside inside_;
  FakeMailer mailer_;
  bool storeHolds_ = false;  // stored() is called by the test, from held_
  std::optional<Error> storeFails_;
  std::vector<Callback<void(Status)>> held_;
  std::vector<StepRecord> records_;
  std::optional<size_t> failures_;  // once done
  std::unique_ptr<ActionRunner> runner_ = std::make_unique<ActionRunner>(ActionRunner::Surroundings{
      *loop_, host_, http_, HttpProfile::create({}).value(), &mailer_, inside_});

 private:
  void take(const StepRecord& record, Callback<void(Status)> stored) {
    records_.push_back(record);
    if (storeFails_) {
      stored(*storeFails_);
    } else if (storeHolds_) {
      held_.push_back(std::move(stored));
    } else {
      stored(Status());
    }
  }
};

}  // namespace busbar::triggers
