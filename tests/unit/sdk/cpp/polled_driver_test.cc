// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

using test::builtFile;
using test::DriverUnderTest;

constexpr const char* kPolledSettings =
    R"({"greets":false,"poll_interval_ms":2000,"timeout_ms":700})";
constexpr const char* kGreeting = R"({"greets":true,"poll_interval_ms":2000,"timeout_ms":700})";

// Started, and not yet connected.
struct Lamp : DriverUnderTest {
  explicit Lamp(const std::string& settings = kPolledSettings)
      : DriverUnderTest(builtFile("tests/drivers/polled_sample/polled_sample.so")) {
    EXPECT_EQ(create(settings), BUSBAR_OK);
    EXPECT_EQ(start(), BUSBAR_OK);
  }
  // The payloads that were queued since the last time.
  std::vector<std::string> asked() {
    std::vector<std::string> payloads;
    for (; seen_ < queued.size(); ++seen_) {
      payloads.push_back(queued[seen_].payload);
    }
    return payloads;
  }
  // Answers the newest command of that payload, and ends it as the runner would.
  void answerTo(const std::string& payload, const std::string& line) {
    const auto command = std::find_if(queued.rbegin(), queued.rend(),
                                      [&](const Queued& q) { return q.payload == payload; });
    ASSERT_NE(command, queued.rend()) << payload;
    const busbar_id token = command->raw.token;
    const size_t before = commandsDone.size();
    received(line, token);
    if (commandsDone.size() > before) {
      endCommand(token, commandsDone.back().second);
    }
  }
  void letTimeOut(const std::string& payload) {
    const auto command = std::find_if(queued.rbegin(), queued.rend(),
                                      [&](const Queued& q) { return q.payload == payload; });
    ASSERT_NE(command, queued.rend()) << payload;
    endCommand(command->raw.token, BUSBAR_E_TIMEOUT, "no answer in time");
  }
  // The timer that repeats, or the one that does not; 0 when it is not set.
  busbar_id timer(bool repeats) const {
    for (const auto& [token, timer] : timers) {
      if ((timer.period_ns > 0) == repeats) {
        return token;
      }
    }
    return 0;
  }
  void firePatience() {
    const busbar_id token = timer(false);
    ASSERT_NE(token, 0U);
    EXPECT_EQ(timers[token].first_ns, 700'000'000);
    timers.erase(token);
    fireTimer(token);
  }
  std::string status(const std::string& key) const {
    const auto last = std::find_if(published.rbegin(), published.rend(),
                                   [&](const Published& p) { return p.key == key; });
    return last == published.rend() || last->type == BUSBAR_V_NULL ? "" : last->text;
  }

 private:
  size_t seen_ = 0;
};

using Payloads = std::vector<std::string>;

TEST(PolledDriver, AsksAllWhenConnectedAndThePolledAtEachInterval) {
  Lamp lamp;
  EXPECT_TRUE(lamp.asked().empty());
  lamp.connected(true);
  EXPECT_EQ(lamp.asked(), (Payloads{"LEVEL?", "SCENES?"}));
  EXPECT_EQ(lamp.queued[0].name, "LEVEL");
  EXPECT_EQ(lamp.queued[0].raw.timeout_ms, 700U);
  EXPECT_LT(lamp.queued[0].raw.priority, BUSBAR_PRIORITY_DEFAULT);
  const busbar_id poll = lamp.timer(true);
  ASSERT_NE(poll, 0U);
  EXPECT_EQ(lamp.timers[poll].period_ns, 2'000'000'000);
  lamp.fireTimer(poll);
  EXPECT_EQ(lamp.asked(), Payloads{"LEVEL?"});
  lamp.connected(false);
  EXPECT_EQ(lamp.timer(true), 0U);
}

TEST(PolledDriver, AFurtherLinkChangesNothing) {
  Lamp lamp;
  lamp.connected(true, BUSBAR_LINK_UDP_PEERS, {}, 2);
  EXPECT_TRUE(lamp.asked().empty());
  EXPECT_TRUE(lamp.linkRequests.empty());
  lamp.connected(true);
  EXPECT_EQ(lamp.asked().size(), 2U);
  lamp.connected(false, BUSBAR_LINK_UDP_PEERS, {}, 2);
  EXPECT_NE(lamp.timer(true), 0U);
}

TEST(PolledDriver, TakesTenAndFiveSecondsWithoutSettings) {
  Lamp lamp(R"({"greets":false})");
  lamp.connected(true);
  EXPECT_EQ(lamp.timers[lamp.timer(true)].period_ns, 10'000'000'000);
  EXPECT_EQ(lamp.queued[0].raw.timeout_ms, 5000U);
}

TEST(PolledDriver, NeverAsksAgainByItselfWhenTheIntervalIsZero) {
  Lamp lamp(R"({"greets":false,"poll_interval_ms":0})");
  lamp.connected(true);
  EXPECT_EQ(lamp.asked().size(), 2U);
  EXPECT_EQ(lamp.timer(true), 0U);
}

TEST(PolledDriver, IsOnlineOnceTheFirstQuestionIsAnswered) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("SCENES?", "dinner");
  EXPECT_EQ(lamp.status("scenes"), R"(["dinner"])");
  EXPECT_EQ(lamp.status("online"), "");
  lamp.answerTo("LEVEL?", "late");
  EXPECT_EQ(lamp.status("online"), "");
  lamp.answerTo("LEVEL?", "40");
  EXPECT_EQ(lamp.status("online"), "true");
  EXPECT_EQ(lamp.status("level"), "40");
  EXPECT_EQ(lamp.linkRequests.back(), std::to_string(BUSBAR_LINK_HEALTHY));
  EXPECT_EQ(lamp.timer(false), 0U) << "nothing is waited for any more";
}

TEST(PolledDriver, WhatTheDeviceCannotTellIsAbsent) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("SCENES?", "dinner");
  lamp.connected(false);
  lamp.connected(true);
  lamp.answerTo("SCENES?", "none");
  EXPECT_EQ(lamp.status("scenes"), "");
}

TEST(PolledDriver, AnErrorOfTheDeviceIsTheLastErrorUntilTheNextAnswer) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("LEVEL?", "burnt");
  EXPECT_EQ(lamp.status("online"), "true");
  EXPECT_EQ(lamp.status("last_error"), "the lamp is burnt");
  lamp.fireTimer(lamp.timer(true));
  lamp.answerTo("LEVEL?", "40");
  EXPECT_EQ(lamp.status("last_error"), "");
}

TEST(PolledDriver, ADeviceThatDoesNotAnswerIsOfflineAndConnectedAnew) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("LEVEL?", "40");
  lamp.fireTimer(lamp.timer(true));
  lamp.letTimeOut("LEVEL?");
  EXPECT_EQ(lamp.status("online"), "false");
  EXPECT_EQ(lamp.status("last_error"), "the lamp does not answer LEVEL");
  EXPECT_EQ(lamp.linkRequests.back(), std::to_string(BUSBAR_LINK_UNHEALTHY));
  lamp.firePatience();
  EXPECT_EQ(lamp.linkRequests.back(), std::to_string(BUSBAR_LINK_RECONNECT));
  lamp.connected(false);
  lamp.connected(true);
  EXPECT_EQ(lamp.linkRequests.back(), std::to_string(BUSBAR_LINK_UNHEALTHY))
      << "a connection is no answer";
  EXPECT_EQ(lamp.status("online"), "false");
  lamp.answerTo("LEVEL?", "41");
  EXPECT_EQ(lamp.status("online"), "true");
  EXPECT_EQ(lamp.status("last_error"), "");
}

TEST(PolledDriver, WhatIsSaidToBeLostIsOfflineThoughItAnswered) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("LEVEL?", "rubbish");
  EXPECT_EQ(lamp.status("online"), "false");
  EXPECT_EQ(lamp.status("last_error"), "that is no lamp");
}

TEST(PolledDriver, AConnectionThatComesBackInTimeShowsNowhere) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("LEVEL?", "40");
  const size_t before = lamp.published.size();
  lamp.connected(false);
  lamp.connected(true);
  EXPECT_EQ(lamp.linkRequests.back(), std::to_string(BUSBAR_LINK_CLEAR_QUEUE));
  lamp.answerTo("LEVEL?", "40");
  EXPECT_EQ(lamp.published.size(), before);
  lamp.connected(false);
  lamp.firePatience();
  EXPECT_EQ(lamp.status("online"), "false");
  EXPECT_EQ(lamp.status("last_error"), "there is no connection to the lamp");
}

TEST(PolledDriver, ADeviceThatGreetsIsAskedOnlyWhenItHasLetUsIn) {
  Lamp lamp(kGreeting);
  lamp.connected(true);
  EXPECT_TRUE(lamp.asked().empty());
  lamp.firePatience();
  EXPECT_EQ(lamp.status("last_error"), "the lamp does not let Busbar in");
  lamp.received("welcome");
  EXPECT_EQ(lamp.asked(), (Payloads{"LEVEL?", "SCENES?"}));
  lamp.answerTo("LEVEL?", "40");
  EXPECT_EQ(lamp.status("online"), "true");
}

TEST(PolledDriver, ACallEndsWithTheAnswerAndTheQuestionIsAskedAgain) {
  Lamp lamp;
  lamp.connected(true);
  (void)lamp.asked();
  lamp.execute(1, "level", R"({"percent":30})");
  EXPECT_EQ(lamp.queued.back().raw.parent_call, 1U);
  EXPECT_EQ(lamp.queued.back().raw.priority, BUSBAR_PRIORITY_DEFAULT);
  EXPECT_TRUE(lamp.completions.empty());
  lamp.answerTo("LEVEL=30", "ok");
  ASSERT_EQ(lamp.completions[1].size(), 1U);
  EXPECT_EQ(lamp.completions[1][0].status, BUSBAR_OK);
  EXPECT_EQ(lamp.asked(), (Payloads{"LEVEL=30", "LEVEL?"}));
  lamp.execute(2, "level", R"({"percent":31})");
  lamp.answerTo("LEVEL=31", "dimming");
  ASSERT_EQ(lamp.completions[2].size(), 1U);
  EXPECT_EQ(lamp.completions[2][0].result, R"("dimming")");
}

TEST(PolledDriver, ACallThatFailsSaysWhyAndOnce) {
  Lamp lamp;
  lamp.execute(1, "level", R"({"percent":30})");
  ASSERT_EQ(lamp.completions[1].size(), 1U);
  EXPECT_EQ(lamp.completions[1][0].status, BUSBAR_E_OFFLINE);
  EXPECT_EQ(lamp.completions[1][0].message, "the lamp is not connected yet");
  lamp.connected(true);
  lamp.execute(2, "level", R"({"percent":30})");
  lamp.answerTo("LEVEL=30", "no");
  ASSERT_EQ(lamp.completions[2].size(), 1U);
  EXPECT_EQ(lamp.completions[2][0].message, "the lamp says no");
  EXPECT_EQ(lamp.status("last_error"), "") << "that is the caller's";
  lamp.execute(3, "level", R"({"percent":30})");
  lamp.letTimeOut("LEVEL=30");
  ASSERT_EQ(lamp.completions[3].size(), 1U);
  EXPECT_EQ(lamp.completions[3][0].status, BUSBAR_E_TIMEOUT);
  EXPECT_EQ(lamp.status("online"), "false");
  lamp.answer = BUSBAR_E_AGAIN;
  lamp.execute(4, "level", R"({"percent":30})");
  ASSERT_EQ(lamp.completions[4].size(), 1U);
  EXPECT_EQ(lamp.completions[4][0].status, BUSBAR_E_AGAIN);
}

TEST(PolledDriver, AsksFasterForAWhile) {
  Lamp lamp;
  lamp.connected(true);
  lamp.answerTo("LEVEL?", "0");
  EXPECT_EQ(lamp.timers[lamp.timer(true)].period_ns, 500'000'000);
  lamp.fireTimer(lamp.timer(true));
  lamp.answerTo("LEVEL?", "40");
  EXPECT_EQ(lamp.timers[lamp.timer(true)].period_ns, 2'000'000'000);
}

}  // namespace
}  // namespace busbar
