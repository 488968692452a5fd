// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The wake_on_lan driver in a real runner under a real host, against simulated sleeping machines.

#include <netinet/in.h>
#include <sys/socket.h>

#include "sdk/base/unique_fd.h"
#include "tests/integration/plugins/device_fixture.h"
#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

class WakeOnLanDriverTest : public DeviceFixture {
 protected:
  void SetUp() override { startDevice("wol_sim"); }
  // What the machine of that address says, once it is that; datagrams take their time.
  bool machineSays(const std::string& mac, const std::string& answer) {
    return runUntil(*host_.loop_, [&] { return tell("get " + mac) == answer; });
  }
};

TEST_F(WakeOnLanDriverTest, WakesMachinesByNameAndByAddress) {
  startModule("wake_on_lan", R"({"pause_ms":0,"machines":
      {"signage":"00:1b:44:11:3a:b7","locked":"001b.4411.3ab8"},"passwords":{"locked":"192.0.2.1"}})");
  EXPECT_TRUE(becomes("machines", R"(["locked","signage"])"));
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->health("mod-1").connected; }));
  EXPECT_EQ(tell("sleep 001b44113ab7"), "ok");
  EXPECT_EQ(tell("sleep 001b44113ab8 c0000201"), "ok");
  EXPECT_EQ(tell("sleep 001b44113ab9"), "ok");
  EXPECT_EQ(call("wake", R"(["signage"])"), "null");
  EXPECT_TRUE(machineSays("001b44113ab7", "awake 3"));
  EXPECT_TRUE(becomes("last_woken", R"("signage")"));
  EXPECT_EQ(call("wake", R"(["locked"])"), "null");
  EXPECT_TRUE(machineSays("001b44113ab8", "awake 3"));
  EXPECT_EQ(tell("get 001b44113ab9"), "asleep");
  EXPECT_EQ(call("wake", R"(["00-1B-44-11-3A-B9"])"), "null");
  EXPECT_TRUE(machineSays("001b44113ab9", "awake 3"));
  EXPECT_EQ(tell("stats"), "datagrams=9");
}

TEST_F(WakeOnLanDriverTest, AWrongPasswordDoesNotWake) {
  startModule("wake_on_lan", R"({"packets":1,"machines":{"locked":"00:1b:44:11:3a:b8"}})");
  EXPECT_EQ(tell("sleep 001b44113ab8 c0000201"), "ok");
  EXPECT_EQ(call("wake", R"(["locked"])"), "null");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return tell("stats") == "datagrams=1"; }));
  EXPECT_EQ(tell("get 001b44113ab8"), "asleep");
  changeSettings(R"({"packets":1,"machines":{"locked":"00:1b:44:11:3a:b8"},
                     "passwords":{"locked":"c0:00:02:01:00:00"}})");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] {
    return call("wake", R"(["locked"])") == "null" && tell("get 001b44113ab8") != "asleep";
  }));
}

// Over loopback, which carries broadcasts to sockets of this machine.
TEST_F(WakeOnLanDriverTest, BroadcastsToAllMachines) {
  const UniqueFd machine(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(machine.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::getsockname(machine.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  startModule("wake_on_lan", R"({"pause_ms":1,"packets":2,
      "busbar":{"links":{"broadcast":{"interface":"127.0.0.1"}}},
      "broadcast_port":)" + std::to_string(ntohs(at.sin_port)) +
                                 "}");
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->health("mod-1").connected; }));
  EXPECT_EQ(call("wake", R"(["00:1b:44:11:3a:b7"])"), "null");
  std::string packet = "\xff\xff\xff\xff\xff\xff";
  for (int i = 0; i < 16; ++i) {
    packet += std::string("\x00\x1b\x44\x11\x3a\xb7", 6);
  }
  for (int i = 0; i < 2; ++i) {
    std::string got(1000, '\0');
    EXPECT_TRUE(runUntil(*host_.loop_, [&] {
      const ssize_t n = ::recv(machine.get(), got.data(), got.size(), 0);
      return n > 0 && got.substr(0, static_cast<size_t>(n)) == packet;
    }));
  }
  EXPECT_EQ(tell("stats"), "datagrams=0");
}

TEST_F(WakeOnLanDriverTest, UnknownMachinesAreNamed) {
  startModule("wake_on_lan", "{}");
  EXPECT_EQ(call("wake", R"(["server"])"),
            "error: server is neither a machine of the settings nor a MAC address");
  EXPECT_EQ(call("wake", R"(["ff:ff:ff:ff:ff:ff"])").find("error: "), 0U);
  EXPECT_EQ(tell("stats"), "datagrams=0");
}

TEST_F(WakeOnLanDriverTest, WrongSettingsAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"machines":{"a":"nothing"}})", "/machines/a must be a machine's MAC address"},
      {R"({"machines":{},"passwords":{"a":"1.2.3.4"}})", "/passwords/a is not among the machines"},
      {R"({"machines":{"a":"001b44113ab7"},"passwords":{"a":"x"}})",
       "/passwords/a must be 6 bytes like a MAC address, or 4 like 1.2.3.4"}};
  for (const auto& [settings, sentence] : cases) {
    test::DriverUnderTest driver(test::builtFile("drivers/wake_on_lan/wake_on_lan.so"));
    EXPECT_EQ(driver.create(settings), BUSBAR_E_INVALID) << settings;
    ASSERT_FALSE(driver.logged.empty()) << settings;
    EXPECT_NE(driver.logged.back().find(sentence), std::string::npos) << driver.logged.back();
  }
}

}  // namespace
}  // namespace busbar
