// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What single steps ask of module, mailer and engine. Webhooks have a file of their own, in
// tests/integration/api.
#include "api/triggers/step_sender.h"
#include "tests/unit/api/triggers/runner_fixture.h"

namespace busbar::triggers {
namespace {

using Lines = std::vector<std::string>;

class ActionSendersTest : public RunnerFixture {
 protected:
  static Step powerable(unsigned retries = 0) {
    return retried(step("steps/0", CallFunction{"", "powerable/1", "power", json::Object()}),
                   retries);
  }
};

TEST_F(ActionSendersTest, AFunctionIsCalledWithItsArgumentsFilledInAsWhoTheJobSays) {
  ActionRunner::Job made = job({step(
      "steps/0",
      CallFunction{
          "A_1", "", "set",
          json::parse(R"({"level":"{{ status.A_1.x }}","t":"is {{ trigger.id }}"})").value()})});
  made.caller.userId = "user-1";
  start(std::move(made));
  const ExecuteRequest& request = host_.calls.at(0).request;
  EXPECT_EQ(request.function, "set");
  EXPECT_EQ(request.args, R"({"level":5,"t":"is trigger-1"})");
  EXPECT_EQ(request.caller.userId, "user-1");
  EXPECT_EQ(request.caller.role, model::UserRole::Admin);
  EXPECT_EQ(request.deadline, clock_.now() + Milliseconds(10'000));
}

TEST_F(ActionSendersTest, ArgumentsMayBeMissingOrAList) {
  run({step("steps/0", Parallel{{step("a", CallFunction{"A_1", "", "f", nullptr}),
                                 step("b", CallFunction{"A_1", "", "f", json::Array{1, "x"}})}})});
  EXPECT_EQ(host_.calls.at(0).request.args, "{}");
  EXPECT_EQ(host_.calls.at(1).request.args, R"([1,"x"])");
}

TEST_F(ActionSendersTest, AModuleThatTheSystemHasNotFailsWithItsName) {
  run({retried(callOf("steps/0", "Gone_1"), 5)});
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 failed module_not_found"}));
  EXPECT_NE(records_.back().message.find("Gone_1"), std::string::npos);
}

TEST_F(ActionSendersTest, ALongAnswerBecomesANote) {
  run({callOf("steps/0"), callOf("steps/1")});
  succeed("\"" + std::string(ActionRunner::kMaxAnswerBytes - 2, 'x') + "\"");
  EXPECT_EQ(records_[1].answer.size(), ActionRunner::kMaxAnswerBytes);
  succeed("\"" + std::string(ActionRunner::kMaxAnswerBytes, 'x') + "\"");
  EXPECT_EQ(records_.back().answer, R"({"left_out":"an answer of 4098 bytes"})");
}

TEST_F(ActionSendersTest, ALongMessageIsCut) {
  run({callOf("steps/0")});
  std::string message;
  for (int i = 0; i < 1000; ++i) {
    message += "ä";
  }
  answer(Error::because(ErrorCode::Internal, "driver_error", message));
  EXPECT_LE(records_.back().message.size(), 1030U);
  EXPECT_TRUE(json::isUtf8(records_.back().message));
}

TEST_F(ActionSendersTest, EveryModuleOfAnInterfaceIsCalledAtOnce) {
  inside_.interfaceModules = {"mod-1", "mod-2", "mod-3"};
  run({powerable()});
  EXPECT_EQ(host_.calls.size(), 3U);
  EXPECT_EQ(inside_.begun, 3);
  succeed("1");
  succeed("{}");
  EXPECT_FALSE(failures_);
  succeed("\"x\"");
  EXPECT_EQ(inside_.ended, 3);
  EXPECT_EQ(records_.back().answer, R"({"mod-1":1,"mod-2":{},"mod-3":"x"})");
  EXPECT_EQ(failures_, 0U);
}

TEST_F(ActionSendersTest, AnInterfaceWithoutModulesHasNothingToDo) {
  run({powerable()});
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 done"}));
  EXPECT_EQ(records_.back().answer, "{}");
}

TEST_F(ActionSendersTest, OfAnInterfaceOneFailureIsTheStepsAndNamesTheModule) {
  inside_.interfaceModules = {"mod-1", "mod-2"};
  run({powerable()});
  succeed("1");
  fail("driver_error");
  EXPECT_EQ(log().back(), "steps/0 failed driver_error");
  EXPECT_EQ(records_.back().message, "1 of 2 modules failed; mod-2: it failed");
  EXPECT_EQ(records_.back().answer, R"({"mod-1":1})");
}

TEST_F(ActionSendersTest, ARepeatLeavesOutModulesThatHaveAnswered) {
  inside_.interfaceModules = {"mod-1", "mod-2"};
  run({powerable(1)});
  succeed("1");
  fail("module_busy");
  advance(std::chrono::seconds(2));
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-2");
  succeed("2");
  EXPECT_EQ(records_.back().answer, R"({"mod-1":1,"mod-2":2})");
  EXPECT_EQ(failures_, 0U);
}

TEST_F(ActionSendersTest, OneModuleThatCannotPassMakesARepeatPointless) {
  inside_.interfaceModules = {"mod-1", "mod-2"};
  run({powerable(1)});
  fail("module_busy");
  fail("function_not_found");
  EXPECT_EQ(failures_, 1U);
}

TEST_F(ActionSendersTest, AHostMayAnswerAtOnce) {
  host_.echoes = true;
  inside_.interfaceModules = {"mod-1", "mod-2"};
  run({callOf("functions/0"), powerable()});
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(inside_.begun, 3);
  EXPECT_EQ(inside_.ended, 3);
}

TEST_F(ActionSendersTest, AMailIsFilledInAndKeepsItsIdOverAttempts) {
  run({retried(
      step("mailers/0", SendMail{{"a@b.example", "c@d.example"}, "", "x={{ status.A_1.x }}"}), 1)});
  ASSERT_EQ(mailer_.sent.size(), 1U);
  const Mail mail = mailer_.sent[0].first;
  EXPECT_EQ(mail.to, (Lines{"a@b.example", "c@d.example"}));
  EXPECT_EQ(mail.subject, "Too warm");
  EXPECT_EQ(mail.text, "x=5");
  EXPECT_EQ(mail.messageId, "fire-1.mailers.0");
  mailer_.sent[0].second(Error::because(ErrorCode::Unavailable, "mail_refused_for_now", "450"));
  advance(std::chrono::seconds(2));
  ASSERT_EQ(mailer_.sent.size(), 2U);
  EXPECT_EQ(mailer_.sent[1].first.messageId, mail.messageId);
  mailer_.sent[1].second(Status());
  turn();
  EXPECT_EQ(log().back(), "mailers/0 done/2");
}

TEST_F(ActionSendersTest, AMailThatIsRefusedForGoodIsNotRepeated) {
  run({retried(step("mailers/0", SendMail{{"a@b.example"}, "s", "t"}), 5)});
  mailer_.sent.at(0).second(Error::because(ErrorCode::FailedPrecondition, "mail_refused", "550"));
  turn();
  EXPECT_EQ(log().back(), "mailers/0 failed mail_refused");
}

TEST_F(ActionSendersTest, WithoutAMailServerAMailFailsAndSaysWhatToDo) {
  runner_ = std::make_unique<ActionRunner>(ActionRunner::Surroundings{
      *loop_, host_, http_, HttpProfile::create({}).value(), nullptr, inside_});
  run({retried(step("mailers/0", SendMail{{"a@b.example"}, "s", "t"}), 5)});
  EXPECT_EQ(log().back(), "mailers/0 failed mail_not_configured");
  EXPECT_NE(records_.back().message.find("[mail]"), std::string::npos);
}

TEST_F(ActionSendersTest, StatusesAndTriggersAreTheEnginesAndMayBeRefused) {
  run({step("steps/0", SetStatus{"s", json::parse(R"({"x":"{{ status.A_1.x }}"})").value()}),
       step("steps/1", CallTrigger{"trigger-2"})});
  EXPECT_EQ(failures_, 0U);
  EXPECT_EQ(inside_.statuses.at(0), std::pair(std::string("s"), std::string(R"({"x":5})")));
  EXPECT_EQ(inside_.triggers, Lines{"trigger-2"});
  failures_.reset();
  records_.clear();
  inside_.refusal = Error::because(ErrorCode::FailedPrecondition, "trigger_loop", "a loop");
  run({retried(step("steps/0", SetStatus{"s", 1}), 3),
       retried(step("steps/1", CallTrigger{"trigger-2"}), 3)});
  EXPECT_EQ(log(), (Lines{"steps/0 sending", "steps/0 failed trigger_loop", "steps/1 sending",
                          "steps/1 failed trigger_loop"}));
}

TEST_F(ActionSendersTest, WhatCannotBeFilledInIsNeverSent) {
  run({step("functions/0", CallFunction{"A_1", "", "f", json::Array{"{{ status.B_1.y }}"}}),
       step("mailers/0", SendMail{{"a@b.example"}, "s", "{{ status.B_1.y }}"}),
       step("steps/0", CallWebhook{"POST", "http://x.example/{{ status.B_1.y }}", {}, nullptr}),
       step("steps/1", SetStatus{"s", "{{ status.B_1.y }}"})});
  EXPECT_EQ(log(), (Lines{"functions/0 failed/0 template_without_value",
                          "mailers/0 failed/0 template_without_value",
                          "steps/0 failed/0 template_without_value",
                          "steps/1 failed/0 template_without_value"}));
  EXPECT_EQ(failures_, 4U);
  EXPECT_TRUE(host_.calls.empty() && mailer_.sent.empty() && inside_.statuses.empty());
  EXPECT_NE(records_[0].message.find("status.B_1.y"), std::string::npos);
}

}  // namespace
}  // namespace busbar::triggers
