// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The drivers generic_tcp and generic_udp in a real runner under a real host. Their counterpart is
// the simulated projector: PJLink is lines that end with CR over TCP, and datagrams for its search.

#include <algorithm>
#include <utility>

#include "tests/integration/plugins/device_fixture.h"
#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

constexpr const char* kTcp = R"({"delimiter":"\\r","timeout_ms":500,
  "commands":{
    "power":{"send":"%1POWR {state}\\r","expect":"%1POWR=OK","publishes":{"told":true,"level":2.5}},
    "ask_power":{"send_hex":"25 31 50 4f 57 52 20 3f 0d","expect":"%1POWR={power:int}"},
    "ask_name":{"send":"%1NAME ?\\r","expect":"%1NAME={name}"},
    "ask_lamp":{"send":"%1LAMP ?\\r","expect":"%1LAMP={hours:int} {lit:bool}"},
    "ask_odd":{"send":"%1INFO ?\\r","expect":"%1INFO={number:int}","timeout_ms":100},
    "blind":{"send":"%1AVMT ?\\r"}},
  "matchers":[{"pattern":"PJLINK {auth:int}","publishes":{"greeted":true}},{"pattern":"%1AVMT={avmt}"}],
  "poll":["ask_name"]})";

using GenericDriverTest = DeviceFixture;

TEST_F(GenericDriverTest, TcpSendsExpectsAndMatches) {
  startDevice("pjlink_sim", {"--warm-ms", "0", "--cool-ms", "0"});
  startModule("generic_tcp", kTcp);
  EXPECT_TRUE(becomes("online", "true")) << status("last_error");
  EXPECT_TRUE(becomes("name", R"("Simulated projector")"));  // polled when it connected
  EXPECT_TRUE(becomes("auth", "0"));
  EXPECT_TRUE(becomes("greeted", "true"));
  EXPECT_EQ(call("send", R"(["ask_power"])"), R"({"power":0})");
  EXPECT_EQ(call("send", R"(["power",{"state":1}])"), "{}");
  EXPECT_EQ(tell("get power"), "1");
  EXPECT_TRUE(becomes("told", "true"));
  EXPECT_TRUE(becomes("level", "2.5"));
  EXPECT_EQ(call("send", R"(["ask_power"])"), R"({"power":1})");
  EXPECT_TRUE(becomes("power", "1"));
  EXPECT_EQ(call("send", R"(["ask_lamp"])"), R"({"hours":1500,"lit":true})");
  EXPECT_EQ(call("send", R"(["blind"])"), "null");
  EXPECT_TRUE(becomes("avmt", R"("30")"));
  EXPECT_TRUE(becomes("last_received", R"("%1AVMT=30")"));
  EXPECT_EQ(call("send_raw", R"(["%1AVMT 31\\r"])"), "null");
  EXPECT_TRUE(becomes("avmt", R"("OK")"));
  EXPECT_EQ(call("send_raw", R"([null,"25315057"])").find("error"), 0U);  // null is no text
  EXPECT_EQ(tell("get mute"), "31");
}

TEST_F(GenericDriverTest, WhatCannotBeIsSaid) {
  startDevice("pjlink_sim");
  startModule("generic_tcp", kTcp);
  ASSERT_TRUE(becomes("name", R"("Simulated projector")"));
  EXPECT_EQ(call("send", R"(["nothing"])"), "error: there is no command nothing in the settings");
  EXPECT_EQ(call("send", R"(["power"])"), "error: /params command power needs the parameter state");
  EXPECT_EQ(
      call("send", R"(["power",{"state":"1\r%1POWR 0"}])"),
      "error: /params command power takes no control characters and at most 256 bytes as state");
  EXPECT_EQ(call("send", R"(["ask_odd"])"), "error: nothing came that fits %1INFO={number:int}");
  EXPECT_TRUE(contains("last_error", "nothing came"));
  EXPECT_TRUE(becomes("last_received", R"("%1INFO=made of words")"));
  EXPECT_NE(call("send_raw", R"(["x"])", model::UserRole::User).find("error: "), std::string::npos);
  EXPECT_EQ(call("send_raw", R"(["\\q"])"),
            "error: /text is empty or has an unknown escape or a brace");
  EXPECT_EQ(call("send_raw"), "error: /hex must be bytes in hexadecimal");
}

TEST_F(GenericDriverTest, TcpComesBack) {
  startDevice("pjlink_sim");
  startModule("generic_tcp", kTcp);
  ASSERT_TRUE(becomes("name", R"("Simulated projector")"));
  EXPECT_EQ(tell("fail refuse"), "ok");
  EXPECT_TRUE(becomes("online", "false"));
  EXPECT_EQ(call("send", R"(["ask_name"])").find("error: "), 0U);
  EXPECT_EQ(tell("set name Another"), "ok");
  EXPECT_EQ(tell("fail none"), "ok");
  EXPECT_TRUE(becomes("online", "true"));
  EXPECT_TRUE(becomes("name", R"("Another")"));
}

TEST_F(GenericDriverTest, WrongSettingsAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"commands":{"a":{"send":"x","expect":"{online:bool}"}}})",
       "/commands/a/expect uses the status key online, which is the driver's own"},
      {R"({"commands":{"a":{"send":"x","send_hex":"00"}}})",
       "/commands/a must have one of send and send_hex"},
      {R"({"commands":{"a":{}}})", "/commands/a must have one of send and send_hex"},
      {R"({"commands":{"a":{"send":"{"}}})",
       "/commands/a/send has a { without its }: write \\{ for a brace"},
      {R"({"commands":{"a":{"send_hex":"0"}}})",
       "/commands/a/send_hex must be 1 to 1024 bytes in hexadecimal"},
      {R"({"matchers":[{"pattern":"{a}{b}"}]})",
       "/matchers/0/pattern has two fields with nothing between them"},
      {R"({"matchers":[{"pattern":"a","publishes":{"last_error":1}}]})",
       "/matchers/0/publishes uses the status key last_error, which is the driver's own"},
      {R"({"poll":["a"]})", "/poll names a, which is not among the commands"},
      {R"({"framing":"delimiter","delimiter":""})",
       "/delimiter must be 1 to 16 bytes; escapes are \\r \\n \\xHH"}};
  for (const auto& [settings, sentence] : cases) {
    test::DriverUnderTest driver(test::builtFile("drivers/generic_tcp/generic_tcp.so"));
    EXPECT_EQ(driver.create(settings), BUSBAR_E_INVALID) << settings;
    ASSERT_FALSE(driver.logged.empty()) << settings;
    EXPECT_NE(driver.logged.back().find(sentence), std::string::npos) << driver.logged.back();
  }
}

TEST_F(GenericDriverTest, WhatBusbarIsTooBusyForIsPublishedLater) {
  test::DriverUnderTest driver(test::builtFile("drivers/generic_tcp/generic_tcp.so"));
  ASSERT_EQ(driver.create(R"({"matchers":[{"pattern":"V={v:int}"}]})"), BUSBAR_OK);
  ASSERT_EQ(driver.start(), BUSBAR_OK);
  driver.connected(true);
  driver.answer = BUSBAR_E_AGAIN;
  driver.received("V=1");
  driver.received("V=2");
  driver.answer = BUSBAR_OK;
  driver.published.clear();
  const auto timers = driver.timers;
  for (const auto& [token, timer] : timers) {
    driver.fireTimer(token);
  }
  EXPECT_EQ(std::count_if(driver.published.begin(), driver.published.end(),
                          [](const auto& point) { return point.key == "v" && point.text == "2"; }),
            1);
}

TEST_F(GenericDriverTest, UdpSendsExpectsAndComesBack) {
  startDevice("pjlink_sim");
  startModule("generic_udp", R"({"timeout_ms":200,"poll":["search"],"poll_interval_ms":100,
    "commands":{"search":{"send":"%2SRCH\\r","expect":"%2ACKN={mac}\\r"}}})");
  EXPECT_TRUE(becomes("mac", R"("02:00:5e:10:00:01")")) << status("last_error");
  EXPECT_EQ(status("online"), "true");
  EXPECT_EQ(status("last_received"), R"("%2ACKN=02:00:5e:10:00:01\\r")");
  EXPECT_EQ(call("send", R"(["search"])"), R"({"mac":"02:00:5e:10:00:01"})");
  EXPECT_EQ(tell("fail stall"), "ok");
  EXPECT_TRUE(becomes("online", "false"));
  EXPECT_FALSE(host_.host_->health("mod-1").connected);
  EXPECT_EQ(tell("fail none"), "ok");
  EXPECT_TRUE(becomes("online", "true"));
}

}  // namespace
}  // namespace busbar
