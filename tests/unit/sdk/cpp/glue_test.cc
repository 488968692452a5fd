// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

using test::builtFile;
using test::DriverUnderTest;

struct Sample : DriverUnderTest {
  Sample() : DriverUnderTest(builtFile("tests/drivers/glue_sample/glue_sample.so")) {}
  explicit Sample(const std::string& settings) : Sample() {
    EXPECT_EQ(create(settings), BUSBAR_OK);
    EXPECT_EQ(start(), BUSBAR_OK);
  }
  Completion only(busbar_id id) {
    EXPECT_EQ(completions[id].size(), 1U) << "call " << id << " must be answered exactly once";
    return completions[id].empty() ? Completion() : completions[id].front();
  }
};

constexpr const char* kSettings = R"({"limit":10})";

TEST(Glue, ReadsTypedArgumentsAndWritesTheResult) {
  Sample sample(kSettings);
  EXPECT_EQ(sample.execute(1, "add", R"({"b":2,"a":1})"), BUSBAR_OK);
  EXPECT_EQ(sample.only(1).result, "13");
  EXPECT_EQ(
      sample.execute(
          2, "describe",
          R"({"name":"\u00e9\n\ud83d\ude00","tags":["a","b"],"extra":{"x":[1,2.5,null,"q\""]}})"),
      BUSBAR_OK);
  EXPECT_EQ(sample.only(2).result,
            "{\"name\":\"\xC3\xA9\\u000a\xF0\x9F\x98\x80\",\"tags\":[\"a\",\"b\"],\"ratio\":null,"
            "\"extra\":{\"x\":[1,2.5,null,\"q\\\"\"]}}");
}

TEST(Glue, NamesTheArgumentThatIsWrong) {
  Sample sample(kSettings);
  EXPECT_EQ(sample.execute(1, "add", R"({"a":"1","b":2})"), BUSBAR_OK);
  EXPECT_EQ(sample.only(1).status, BUSBAR_E_INVALID);
  EXPECT_EQ(sample.only(1).message, "/a must be an integer");
  EXPECT_EQ(sample.execute(2, "add", R"({"a":1,"b":3000000000})"), BUSBAR_OK);
  EXPECT_EQ(sample.only(2).message, "/b must be an integer within range");
}

TEST(Glue, RefusesWhatItDoesNotKnow) {
  Sample sample(kSettings);
  EXPECT_EQ(sample.execute(1, "subtract", "{}"), BUSBAR_E_NOTFOUND);
  EXPECT_EQ(sample.execute(2, "add", R"({"a":)"), BUSBAR_E_INVALID);
  EXPECT_TRUE(sample.completions.empty());
}

TEST(Glue, TurnsEveryExceptionIntoTheCallersError) {
  Sample sample(kSettings);
  sample.execute(1, "raise", R"({"what":"failure"})");
  EXPECT_EQ(sample.only(1).status, BUSBAR_E_DEVICE);
  EXPECT_EQ(sample.only(1).code, "lamp_cooling");
  sample.execute(2, "raise", R"({"what":"exception"})");
  EXPECT_EQ(sample.only(2).status, BUSBAR_E_INTERNAL);
  EXPECT_EQ(sample.only(2).message, "boom");
  sample.execute(3, "raise", R"({"what":"other"})");
  EXPECT_EQ(sample.only(3).status, BUSBAR_E_INTERNAL);
}

TEST(Glue, AnswersLaterByTimer) {
  Sample sample(kSettings);
  sample.execute(7, "later", "{}");
  EXPECT_TRUE(sample.completions.empty());
  ASSERT_EQ(sample.timers.size(), 1U);
  EXPECT_EQ(sample.timers.begin()->second.first_ns, 5'000'000);
  sample.fireTimer(sample.timers.begin()->first);
  EXPECT_EQ(sample.only(7).result, "\"done\"");
}

TEST(Glue, AnswersFromAThreadThroughTheStrand) {
  Sample sample(kSettings);
  sample.execute(8, "background", "{}");
  EXPECT_TRUE(sample.completions.empty());
  sample.deliverPosts();
  EXPECT_EQ(sample.only(8).status, BUSBAR_OK);
}

TEST(Glue, AnswersForADriverThatForgets) {
  Sample sample(kSettings);
  sample.execute(9, "forget", "{}");
  EXPECT_EQ(sample.only(9).status, BUSBAR_E_INTERNAL);
  EXPECT_EQ(sample.only(9).message, "the driver gave no answer");
}

TEST(Glue, WhatAFunctionThrowsAnswersTheCallThatItTook) {
  Sample sample(kSettings);
  sample.execute(9, "give_up", R"({"silently":false})");
  EXPECT_EQ(sample.only(9).status, BUSBAR_E_DEVICE);
  EXPECT_EQ(sample.only(9).message, "call 9 is lost");
  sample.execute(10, "give_up", R"({"silently":true})");
  EXPECT_EQ(sample.only(10).message, "the driver gave no answer");
}

TEST(Glue, AnswersWhatIsOpenWhenTheDriverEnds) {
  Sample sample(kSettings);
  sample.execute(10, "later", "{}");
  EXPECT_EQ(sample.stop(), BUSBAR_OK);
  sample.destroy();
  EXPECT_EQ(sample.only(10).status, BUSBAR_E_INTERNAL);
  EXPECT_TRUE(sample.timers.empty());
}

TEST(Glue, PublishesAStatusOnlyWhenItChanges) {
  Sample sample(kSettings);
  sample.execute(1, "measure", R"({"celsius":20.5})");
  sample.execute(2, "measure", R"({"celsius":20.5})");
  sample.execute(3, "measure", R"({"celsius":21})");
  ASSERT_EQ(sample.published.size(), 2U);
  EXPECT_EQ(sample.published[0].key, "temperature");
  EXPECT_EQ(sample.published[0].type, BUSBAR_V_DOUBLE);
  EXPECT_EQ(sample.published[1].text, "21.000000");
}

TEST(Glue, PublishesAgainAfterTheHostWasBusy) {
  Sample sample(kSettings);
  sample.answer = BUSBAR_E_AGAIN;
  sample.execute(1, "measure", R"({"celsius":1})");
  sample.execute(2, "measure", R"({"celsius":2})");
  EXPECT_TRUE(sample.published.empty());
  sample.answer = BUSBAR_OK;
  ASSERT_EQ(sample.timers.size(), 1U);
  sample.fireTimer(sample.timers.begin()->first);
  ASSERT_EQ(sample.published.size(), 1U);
  EXPECT_EQ(sample.published[0].text, "2.000000");
}

TEST(Glue, RefusesSettingsThatCannotWork) {
  Sample sample;
  EXPECT_EQ(sample.create(R"({"limit":-1})"), BUSBAR_E_INVALID);
  ASSERT_EQ(sample.logged.size(), 1U);
  EXPECT_EQ(sample.logged[0], "limit must not be negative");
}

TEST(Glue, AppliesSettingsLiveOrAsksForARestart) {
  Sample sample(kSettings);
  EXPECT_EQ(sample.settings(R"({"limit":20})", R"(["limit"])"), BUSBAR_OK);
  sample.execute(1, "add", R"({"a":0,"b":0})");
  EXPECT_EQ(sample.only(1).result, "20");
  EXPECT_EQ(sample.settings(R"({"limit":-1})", R"(["limit"])"), BUSBAR_E_INVALID);
  sample.execute(2, "add", R"({"a":0,"b":0})");
  EXPECT_EQ(sample.only(2).result, "20");
  EXPECT_EQ(sample.settings(R"({"limit":1})", R"(["limit","other"])"), BUSBAR_E_UNSUPPORTED);
}

TEST(Glue, SurvivesWhatTheDriverThrowsOnRubbish) {
  Sample sample(kSettings);
  sample.connected(true);
  EXPECT_EQ(sample.sent, std::vector<std::string>{"hello"});
  EXPECT_EQ(sample.received("throw"), BUSBAR_OK);
  ASSERT_EQ(sample.logged.size(), 1U);
  EXPECT_EQ(sample.logged[0], "received: rubbish from the device");
  EXPECT_EQ(sample.received("fine"), BUSBAR_OK);
  EXPECT_EQ(sample.published.back().text, "fine");
}

struct Display : DriverUnderTest {
  Display() : DriverUnderTest(builtFile("tests/drivers/display/display.so")) {
    EXPECT_EQ(create(R"({"poll_ms":5000})"), BUSBAR_OK);
    EXPECT_EQ(start(), BUSBAR_OK);
    connected(true);
  }
};

TEST(TemplateDisplay, AsksForItsStateWhenConnected) {
  Display display;
  ASSERT_EQ(display.queued.size(), 2U);
  EXPECT_EQ(display.queued[0].payload, "POWER?\r\n");
  display.received("POWER=ON", display.queued[0].raw.token);
  ASSERT_EQ(display.published.size(), 1U);
  EXPECT_EQ(display.published[0].key, "power");
  EXPECT_EQ(display.commandsDone.back().second, BUSBAR_OK);
}

TEST(TemplateDisplay, AnswersACallWhenTheDeviceHasAnswered) {
  Display display;
  EXPECT_EQ(display.execute(1, "power", R"({"state":true})"), BUSBAR_OK);
  const auto command = display.queued.back();
  EXPECT_EQ(command.payload, "POWER ON\r\n");
  EXPECT_EQ(command.raw.parent_call, 1U);
  EXPECT_TRUE(display.completions.empty());
  display.received("POWER=OFF", command.raw.token);  // by itself, not the answer
  EXPECT_EQ(display.published.back().text, "false");
  display.received("OK", command.raw.token);
  EXPECT_EQ(display.published.back().text, "true");
  display.endCommand(command.raw.token, BUSBAR_OK);
  ASSERT_EQ(display.completions[1].size(), 1U);
  EXPECT_EQ(display.completions[1][0].status, BUSBAR_OK);
}

TEST(TemplateDisplay, PassesOnWhyACommandFailed) {
  Display display;
  display.execute(1, "switch_to", R"({"input":"HDMI9"})");
  const busbar_id token = display.queued.back().raw.token;
  display.received("ERR no such input", token);
  EXPECT_EQ(display.commandsDone.back(), std::make_pair(token, BUSBAR_E_DEVICE));
  display.endCommand(token, BUSBAR_E_DEVICE, "the display refused: no such input");
  EXPECT_EQ(display.completions[1].at(0).message, "the display refused: no such input");
  display.answer = BUSBAR_E_OFFLINE;
  display.execute(2, "switch_to", R"({"input":"HDMI1"})");
  EXPECT_EQ(display.completions[2].at(0).status, BUSBAR_E_OFFLINE);
}

}  // namespace
}  // namespace busbar
