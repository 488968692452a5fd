// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

using test::builtFile;
using test::DriverUnderTest;

constexpr const char* kPeer = "192.0.2.7:502";

struct Peers : DriverUnderTest {
  Peers() : DriverUnderTest(builtFile("tests/drivers/glue_peers/glue_peers.so")) {
    EXPECT_EQ(create(), BUSBAR_OK);
    EXPECT_EQ(start(), BUSBAR_OK);
    connected(true, BUSBAR_LINK_TCP_PEERS);
  }
  Completion only(busbar_id id) {
    EXPECT_EQ(completions[id].size(), 1U);
    return completions[id].empty() ? Completion() : completions[id].front();
  }
};

TEST(GluePeers, TellsOfPeersAndSendsToThem) {
  Peers peers;
  EXPECT_TRUE(peers.sent.empty());  // the link itself is no peer
  peers.connected(true, BUSBAR_LINK_TCP_PEERS, kPeer);
  EXPECT_EQ(peers.sent, std::vector<std::string>{"192.0.2.7:502: hello"});
  peers.received("data", 0, kPeer);
  EXPECT_EQ(peers.logged.back(), "data from 192.0.2.7:502");
  EXPECT_EQ(peers.execute(1, "say", R"({"peer":"192.0.2.8:9","text":"x"})"), BUSBAR_OK);
  EXPECT_EQ(peers.sent.back(), "192.0.2.8:9: x");
}

TEST(GluePeers, TheLinkStaysUpWhenAPeerGoes) {
  Peers peers;
  peers.connected(true, BUSBAR_LINK_TCP_PEERS, kPeer);
  peers.connected(false, BUSBAR_LINK_TCP_PEERS, kPeer);
  EXPECT_EQ(peers.logged.back(), "gone 192.0.2.7:502");
  peers.execute(1, "up", "{}");
  EXPECT_EQ(peers.only(1).result, "true");
  peers.connected(false, BUSBAR_LINK_TCP_PEERS);
  peers.execute(2, "up", "{}");
  EXPECT_EQ(peers.only(2).result, "false");
}

TEST(GluePeers, ClosesPeersAndSaysWhatWasRefused) {
  Peers peers;
  peers.execute(1, "close", R"({"peer":"192.0.2.7:502"})");
  EXPECT_EQ(peers.linkRequests, std::vector<std::string>{"9 192.0.2.7:502"});
  peers.linkAnswer = BUSBAR_E_NOTFOUND;
  peers.execute(2, "close", R"({"peer":"192.0.2.7:502"})");
  EXPECT_EQ(peers.only(2).status, BUSBAR_E_NOTFOUND);
  peers.answer = BUSBAR_E_OFFLINE;
  peers.execute(3, "say", R"({"peer":"192.0.2.7:502","text":"x"})");
  EXPECT_EQ(peers.only(3).status, BUSBAR_E_OFFLINE);
  EXPECT_NE(peers.only(3).message.find("192.0.2.7:502"), std::string::npos);
}

}  // namespace
}  // namespace busbar
