// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Links of each kind, by a real driver in a real runner; this test is the device.
#include <string>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/integration/host/client/link_fixture.h"

namespace busbar {
namespace {

using SeveralLinks = LinkKindTest;

TEST_F(SeveralLinks, EachGoesToItsOwnAddressAndTheRequiredOnesMakeTheModuleConnected) {
  TcpDevice main;
  TcpDevice events;
  module("probe_two",
         R"({"links":{"events":{"host":"127.0.0.1","port":)" + std::to_string(events.port()) +
             R"(},"extra":{"port":1}}})",
         "127.0.0.1", main.port());
  ASSERT_TRUE(until([&] { return main.accept(); }));
  ASSERT_TRUE(until([&] { return events.accept(); }));
  ASSERT_TRUE(untilConnected());  // without the link "extra"
  EXPECT_EQ(call("send", R"({"t":"to main","l":1})"), BUSBAR_OK);
  EXPECT_EQ(call("send", R"({"t":"to events","l":2})"), BUSBAR_OK);
  EXPECT_EQ(call("send", R"({"t":"nowhere","l":3})"), BUSBAR_E_OFFLINE);
  EXPECT_TRUE(until([&] { return main.read() == "to main" && events.read() == "to events"; }));

  events.refuse();
  events.close();
  ASSERT_TRUE(untilConnected(false));
  EXPECT_EQ(health().code, "device_offline");
  EXPECT_TRUE(until([&] {
    return health().sentence.find(std::to_string(events.port())) != std::string::npos;
  })) << health().sentence;
  events.listen(events.port());
  ASSERT_TRUE(until([&] { return events.accept(); }));
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(health().code, "");
}

TEST_F(SeveralLinks, ARoleThatTheDriverDoesNotHaveIsNamed) {
  TcpDevice main;
  module("probe_two", R"({"links":{"evnets":{"port":7}}})", "127.0.0.1", main.port());
  ASSERT_TRUE(until([&] { return health().code == "settings_invalid"; }));
  EXPECT_NE(health().sentence.find("/busbar/links/evnets"), std::string::npos) << health().sentence;
  EXPECT_NE(health().sentence.find("main, events, extra"), std::string::npos) << health().sentence;
}

TEST_F(SeveralLinks, ADisconnectByTheDriverClosesTheConnection) {
  TcpDevice main;
  TcpDevice events;
  module("probe_two", R"({"links":{"events":{"port":)" + std::to_string(events.port()) + "}}}",
         "127.0.0.1", main.port());
  ASSERT_TRUE(until([&] { return main.accept() || main.accepted() > 0; }));
  ASSERT_TRUE(until([&] { return events.accept(); }));
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("link", R"({"a":2,"l":2})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return events.isClosed(); }));
  EXPECT_TRUE(logged("disconnected none"));
  EXPECT_EQ(call("send", R"({"t":"x","l":2})"), BUSBAR_E_OFFLINE);
  EXPECT_EQ(call("link", R"({"a":1,"l":2})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return events.accept(); }));
  EXPECT_TRUE(untilConnected());
}

class OnDemandLink : public LinkKindTest {
 protected:
  void turn(Milliseconds time) {
    const Instant end = host_.clock_.now() + time;
    until([&] { return host_.clock_.now() >= end; });
  }
  TcpDevice device_;
};

TEST_F(OnDemandLink, OpensWhenACommandWaitsAndClosesInSilence) {
  module("probe_demand", "{}", "127.0.0.1", device_.port());
  ASSERT_TRUE(untilConnected());  // nothing has failed yet
  EXPECT_FALSE(device_.accept());
  EXPECT_EQ(call("enqueue", R"({"t":"ask","token":5,"wait":1})"), BUSBAR_OK);
  ASSERT_TRUE(until([&] { return device_.accept(); }));
  EXPECT_TRUE(until([&] { return device_.read() == "ask"; }));
  device_.send("answer\n");
  EXPECT_TRUE(logged("received answer task 5"));
  EXPECT_EQ(call("done", R"({"token":5,"status":0})"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 2 token 5 status 0"));
  EXPECT_TRUE(until([&] { return device_.isClosed(); }));
  EXPECT_TRUE(logged("disconnected none"));
  EXPECT_TRUE(health().connected);
  turn(Milliseconds(100));
  EXPECT_FALSE(device_.accept());  // and stays closed
  EXPECT_EQ(call("enqueue", R"({"t":"again","token":6})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return device_.accept(); }));
  EXPECT_TRUE(logged("generation 2"));
}

TEST_F(OnDemandLink, SendAnswersOfflineAndAsksForTheConnection) {
  module("probe_demand", "{}", "127.0.0.1", device_.port());
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("send", R"({"t":"x"})"), BUSBAR_E_OFFLINE);
  ASSERT_TRUE(until([&] { return device_.accept(); }));
  EXPECT_TRUE(logged("connected"));
  EXPECT_EQ(call("send", R"({"t":"now"})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return device_.read() == "now"; }));
}

TEST_F(OnDemandLink, CommandsEndWithTheirTimeOutAndTheModuleShowsTheFailure) {
  device_.refuse();
  module("probe_demand", "{}", "127.0.0.1", device_.port());
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(call("enqueue", R"({"t":"ask","token":5,"timeout":300})"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 2 token 5 status -7"));
  EXPECT_FALSE(health().connected);
  EXPECT_EQ(health().code, "device_offline");
  device_.listen(device_.port());
  EXPECT_EQ(call("enqueue", R"({"t":"ask","token":6})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return device_.accept(); }));
  EXPECT_TRUE(untilConnected());
  EXPECT_TRUE(logged("event 2 token 6 status 0"));
}

TEST_F(OnDemandLink, MakebreakOfTheModuleMakesAnyLinkOne) {
  module("probe_line", "{}", "127.0.0.1", device_.port(), false, true);
  ASSERT_TRUE(untilConnected());
  turn(Milliseconds(50));
  EXPECT_FALSE(device_.accept());
  EXPECT_EQ(call("enqueue", R"({"t":"ask","token":5})"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return device_.accept(); }));
}

}  // namespace
}  // namespace busbar
