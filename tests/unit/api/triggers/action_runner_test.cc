// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/triggers/runner_fixture.h"

namespace busbar::triggers {
namespace {

using Lines = std::vector<std::string>;

class ActionRunnerTest : public RunnerFixture {};

TEST_F(ActionRunnerTest, NothingToDoIsDoneAtOnceButNotBeforeRunReturns) {
  runner_->run(job({}));
  EXPECT_FALSE(failures_);
  EXPECT_EQ(runner_->running(), 1U);
  turn();
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(runner_->running(), 0U);
}

TEST_F(ActionRunnerTest, StepsFollowEachOther) {
  run({callOf("functions/0"), callOf("functions/1", "B_1"), callOf("steps/0", "C_1")});
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-A_1");
  succeed(R"({"x":1})");
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-B_1");
  succeed();
  EXPECT_FALSE(failures_);
  succeed();
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(log(), (Lines{"functions/0 sending", "functions/0 done", "functions/1 sending",
                          "functions/1 done", "steps/0 sending", "steps/0 done"}));
  EXPECT_EQ(records_[1].answer, R"({"x":1})");
  EXPECT_EQ(records_[0].timeMs, clock_.utcNs() / 1'000'000);
}

TEST_F(ActionRunnerTest, TheStepsOfTheEndAreAListOfTheirOwn) {
  auto spec = std::make_shared<Spec>();
  spec->begin = {callOf("steps/0")};
  spec->ended = {callOf("ended/0", "B_1")};
  ActionRunner::Job made = job({});
  made.spec = std::move(spec);
  made.isEnd = true;
  start(std::move(made));
  succeed();
  EXPECT_EQ(log(), (Lines{"ended/0 sending", "ended/0 done"}));
}

TEST_F(ActionRunnerTest, ParallelStepsGoTogetherAndAreAwaitedTogether) {
  run({step("steps/0", Parallel{{callOf("steps/0/parallel/0"),
                                 step("steps/0/parallel/1",
                                      Parallel{{callOf("steps/0/parallel/1/parallel/0", "B_1")}}),
                                 callOf("steps/0/parallel/2", "C_1")}}),
       callOf("steps/1", "D_1")});
  EXPECT_EQ(host_.calls.size(), 3U);
  std::swap(host_.calls[0], host_.calls[2]);
  succeed();
  succeed();
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-A_1");
  succeed();
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-D_1");
  succeed();
  EXPECT_EQ(failures_, 0U);
}

TEST_F(ActionRunnerTest, NothingLeavesBeforeItIsRecorded) {
  storeHolds_ = true;
  run({callOf("steps/0")});
  EXPECT_EQ(log(), Lines{"steps/0 sending"});
  EXPECT_TRUE(host_.calls.empty());
  held_[0](Status());
  turn();
  EXPECT_EQ(host_.calls.size(), 1U);
  succeed();
  EXPECT_EQ(log().back(), "steps/0 done");
  EXPECT_FALSE(failures_) << "the end is not recorded yet";
  held_[1](Status());
  turn();
  EXPECT_EQ(failures_, 0U);
}

TEST_F(ActionRunnerTest, AStoreThatFailsEndsTheJobBeforeAnythingIsSent) {
  storeFails_ = Error::of(ErrorCode::Unavailable, "disk");
  run({callOf("steps/0"), callOf("steps/1")});
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log(), Lines{"steps/0 sending"});
}

TEST_F(ActionRunnerTest, AStoreThatFailsLaterCallsBackWhatIsUnderWay) {
  run({step("steps/0", Parallel{{callOf("a"), callOf("b", "B_1")}}), callOf("steps/1")});
  EXPECT_EQ(host_.calls.size(), 2U);
  storeFails_ = Error::of(ErrorCode::Unavailable, "disk");
  succeed();
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(host_.cancelled.size(), 1U);
  EXPECT_EQ(inside_.begun, inside_.ended);
  storeFails_.reset();
  succeed();  // an answer that nobody waits for
  EXPECT_EQ(records_.size(), 3U);
  run({callOf("steps/0")});
  EXPECT_EQ(host_.calls.size(), 1U) << "the slots are free again";
}

TEST_F(ActionRunnerTest, AFailureIsRecordedAndTheRestGoesOn) {
  run({callOf("steps/0"), callOf("steps/1")});
  fail("function_not_found");
  EXPECT_EQ(records_.at(1).message, "it failed");
  succeed();
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 failed function_not_found", "steps/1 sending",
                          "steps/1 done"}));
}

TEST_F(ActionRunnerTest, AFailureThatStopsSkipsTheRest) {
  run({stopping(callOf("steps/0")), callOf("steps/1"),
       step("steps/2", Parallel{{callOf("steps/2/parallel/0"), callOf("steps/2/parallel/1")}})});
  fail("driver_error");
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 failed driver_error", "steps/1 skipped/0",
                          "steps/2/parallel/0 skipped/0", "steps/2/parallel/1 skipped/0"}));
}

TEST_F(ActionRunnerTest, InParallelTheOthersEndBeforeAFailureStops) {
  run({stopping(step("steps/0", Parallel{{callOf("a"), callOf("b", "B_1")}})), callOf("steps/1")});
  fail("driver_error");
  EXPECT_FALSE(failures_);
  succeed();
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log().back(), "steps/1 skipped/0");
}

TEST_F(ActionRunnerTest, WhatMayPassIsRepeatedAfterABackOffThatDoubles) {
  run({retried(callOf("steps/0"), 3)});
  for (const int64_t ms : {1000, 2000, 4000}) {
    fail("module_busy");
    EXPECT_TRUE(host_.calls.empty());
    advance(Milliseconds(ms * 8 / 10 - 1));
    EXPECT_TRUE(host_.calls.empty()) << ms;
    advance(Milliseconds(ms * 4 / 10 + 2));
    ASSERT_EQ(host_.calls.size(), 1U) << ms;
  }
  fail("module_busy");
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 sending/2", "steps/0 sending/3",
                          "steps/0 sending/4", "steps/0 failed/4 module_busy"}));
}

TEST_F(ActionRunnerTest, ARepeatMaySucceed) {
  run({retried(callOf("steps/0"), 3)});
  fail("device_offline");
  advance(std::chrono::seconds(2));
  succeed();
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(log().back(), "steps/0 done/2");
}

TEST_F(ActionRunnerTest, OnlyWhatMayPassIsRepeated) {
  for (const char* reason : {"module_not_running", "module_busy", "driver_crashed",
                             "device_offline", "deadline_exceeded"}) {
    failures_.reset();
    run({retried(callOf("steps/0"), 1)});
    fail(reason);
    EXPECT_FALSE(failures_) << reason;
    advance(std::chrono::seconds(5));
    succeed();
  }
  for (const char* reason : {"module_not_found", "function_not_found", "bad_arguments",
                             "permission_denied", "driver_error", "cancelled"}) {
    failures_.reset();
    run({retried(callOf("steps/0"), 1)});
    fail(reason);
    EXPECT_EQ(failures_, 1U) << reason;
  }
}

TEST_F(ActionRunnerTest, AHostThatNeverAnswersIsGivenUp) {
  Step slow = retried(callOf("steps/0"), 1);
  slow.timeout = Milliseconds(5000);
  run({slow});
  EXPECT_EQ(host_.calls[0].request.deadline, clock_.now() + Milliseconds(5000));
  advance(Milliseconds(5500));
  EXPECT_TRUE(host_.cancelled.empty()) << "the host says first what it knows";
  advance(Milliseconds(1000));
  EXPECT_EQ(host_.cancelled.size(), 1U);
  advance(Milliseconds(1300));
  ASSERT_EQ(host_.calls.size(), 2U);
  succeed();  // the first attempt's: too late
  EXPECT_FALSE(failures_);
  succeed();
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(log().back(), "steps/0 done/2");
}

TEST_F(ActionRunnerTest, AtMostSixtyFourAttemptsAreUnderWayAndOthersWaitInOrder) {
  int over = 0;
  for (int i = 0; i < 100; ++i) {
    ActionRunner::Job made = job({callOf("steps/0", "M_" + std::to_string(i))});
    made.done = [&over](size_t) { ++over; };
    runner_->run(std::move(made));
  }
  turn();
  ASSERT_EQ(host_.calls.size(), ActionRunner::kMaxInFlight);
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(host_.calls.empty());
    EXPECT_EQ(host_.calls[0].request.moduleId, "mod-M_" + std::to_string(i));
    EXPECT_LE(host_.calls.size(), ActionRunner::kMaxInFlight);
    succeed();
  }
  EXPECT_EQ(over, 100);
}

TEST_F(ActionRunnerTest, WhoWaitsForItsNextAttemptHoldsUpNobody) {
  for (size_t i = 0; i < ActionRunner::kMaxInFlight; ++i) {
    ActionRunner::Job made = job({retried(callOf("steps/0"), 1)});
    made.done = nullptr;
    runner_->run(std::move(made));
  }
  run({callOf("steps/0", "Last_1")});
  for (size_t i = 0; i < ActionRunner::kMaxInFlight; ++i) {
    fail("module_busy");
  }
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-Last_1");
}

TEST_F(ActionRunnerTest, AfterARestartItGoesOnWhereItWas) {
  ActionRunner::Job made = job({callOf("steps/0"), callOf("steps/1"), callOf("steps/2", "C_1"),
                                step("steps/3", SetStatus{"s", "{{ firing.retry }}"})});
  made.before = {recordOf("steps/0", State::Done, 1), recordOf("steps/1", State::Failed, 1),
                 recordOf("steps/2", State::Sending, 1), recordOf("steps/9", State::Sending, 1)};
  start(std::move(made));
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-C_1");
  EXPECT_EQ(log(), Lines{"steps/2 sending/2 again"});
  succeed();
  EXPECT_EQ(failures_, 1U) << "the one before the restart";
  EXPECT_EQ(log(), (Lines{"steps/2 sending/2 again", "steps/2 done/2 again", "steps/3 sending",
                          "steps/3 done"}));
  EXPECT_EQ(inside_.statuses.at(0).second, "true");
}

TEST_F(ActionRunnerTest, AfterARestartWhatWasSendingIsRepeatedOnceWhateverItsRetries) {
  ActionRunner::Job made = job({callOf("steps/0")});
  made.before = {recordOf("steps/0", State::Sending, 1)};
  start(std::move(made));
  fail("module_busy");
  EXPECT_EQ(failures_, 1U);
  EXPECT_EQ(log().back(), "steps/0 failed/2 again module_busy");
}

TEST_F(ActionRunnerTest, AfterARestartAFailureThatStoppedStillStops) {
  ActionRunner::Job made = job({stopping(callOf("steps/0")), callOf("steps/1"), callOf("steps/2")});
  made.before = {recordOf("steps/0", State::Failed, 1), recordOf("steps/1", State::Skipped, 0)};
  start(std::move(made));
  EXPECT_EQ(failures_, 1U);
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(log(), Lines{"steps/2 skipped/0"});
}

TEST_F(ActionRunnerTest, AfterARestartTheOthersOfAParallelAreFinishedBeforeItStops) {
  ActionRunner::Job made =
      job({stopping(step("steps/0", Parallel{{callOf("a"), callOf("b", "B_1")}})), callOf("c")});
  made.before = {recordOf("a", State::Failed, 1), recordOf("b", State::Sending, 1)};
  start(std::move(made));
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-B_1");
  succeed();
  EXPECT_EQ(log().back(), "c skipped/0");
  EXPECT_EQ(failures_, 1U);
}

TEST_F(ActionRunnerTest, AfterARestartWhatIsAllOverIsOver) {
  ActionRunner::Job made = job({callOf("steps/0")});
  made.before = {recordOf("steps/0", State::Done, 1)};
  start(std::move(made));
  EXPECT_EQ(failures_, 0U);
  EXPECT_TRUE(records_.empty());
}

TEST_F(ActionRunnerTest, ItsEndIsSilentWhateverIsUnderWay) {
  storeHolds_ = true;
  run({callOf("steps/0")});  // waits for the store
  storeHolds_ = false;
  run({callOf("steps/0")});              // waits for the host
  run({retried(callOf("steps/0"), 2)});  // waits for its next attempt
  std::swap(host_.calls[0], host_.calls[1]);
  fail("module_busy");
  ActionRunner::Job mail = job({step("mailers/0", SendMail{{"a@b.example"}, "s", "t"})});
  start(std::move(mail));
  const size_t recorded = records_.size();
  runner_.reset();
  held_[0](Status());
  succeed();
  mailer_.sent[0].second(Status());
  advance(std::chrono::seconds(60));
  EXPECT_EQ(records_.size(), recorded);
  EXPECT_FALSE(failures_);
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(inside_.begun, inside_.ended);
}

TEST_F(ActionRunnerTest, ItMayBeDestroyedInEachOfItsCallbacks) {
  ActionRunner::Job first = job({callOf("steps/0")});
  first.done = [this](size_t) { runner_.reset(); };
  start(std::move(first));
  succeed();
  EXPECT_FALSE(runner_);

  for (const size_t last : {1U, 2U}) {
    records_.clear();
    runner_ = std::make_unique<ActionRunner>(ActionRunner::Surroundings{
        *loop_, host_, http_, HttpProfile::create({}).value(), &mailer_, inside_});
    ActionRunner::Job made = job({callOf("steps/0"), callOf("steps/1")});
    made.record = [this, last, count = size_t{0}](const StepRecord&,
                                                  Callback<void(Status)> stored) mutable {
      if (++count == last) {
        runner_.reset();
      }
      stored(Status());
    };
    start(std::move(made));
    if (!host_.calls.empty()) {
      succeed();
    }
    EXPECT_FALSE(runner_);
    EXPECT_TRUE(host_.calls.empty());
  }
}

TEST_F(ActionRunnerTest, AJobMayBeginAnother) {
  ActionRunner::Job first = job({callOf("steps/0")});
  first.done = [this](size_t) { runner_->run(job({callOf("steps/1")})); };
  start(std::move(first));
  succeed();
  succeed();
  EXPECT_EQ(failures_, 0U);
}

}  // namespace
}  // namespace busbar::triggers
