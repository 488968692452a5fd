// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/peer_packet.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::wire {
namespace {

PeerPacket dataFor(const std::string& peer, std::string_view bytes) {
  PeerPacket packet;
  packet.peer = *PeerAddress::parse(peer);
  packet.data = bytes;
  return packet;
}

TEST(PeerAddress, ReadsBackWhatItWrites) {
  for (const char* text : {"192.0.2.7:502", "[2001:db8::7]:1", "[fe80::1%2]:65535"}) {
    const auto peer = PeerAddress::parse(text);
    ASSERT_TRUE(peer) << text;
    EXPECT_EQ(peer->text(), text);
  }
}

TEST(PeerAddress, TakesNothingElse) {
  for (const char* text :
       {"", ":", ":502", "192.0.2.7", "192.0.2.7:", "192.0.2.7:0", "192.0.2.7:65536", "192.0.2.7:x",
        "host:1", "2001:db8::7:1", "[192.0.2.7]:1", "[fe80::1%]:1", "[fe80::1%eth0]:1", "[]:1"}) {
    EXPECT_FALSE(PeerAddress::parse(text)) << text;
  }
}

TEST(PeerPacket, ReadsBackWhatItWrites) {
  PeerPacket sent = dataFor("[fe80::1%2]:502", "ping");
  sent.flags = kPeerMore;
  std::string bytes;
  encode(bytes, sent);
  EXPECT_EQ(bytes.size(), kPeerHeaderBytes + 4);
  PeerPacket got;
  ASSERT_TRUE(decode(bytes, got));
  EXPECT_EQ(got.kind, PeerPacketKind::Data);
  EXPECT_EQ(got.flags, kPeerMore);
  EXPECT_EQ(got.peer, sent.peer);
  EXPECT_EQ(got.data, "ping");
}

TEST(PeerPacket, MembersOutOfTheirRangeAreRefused) {
  std::string good;
  encode(good, dataFor("192.0.2.7:502", "x"));
  PeerPacket got;
  ASSERT_TRUE(decode(good, got));
  for (const auto& [at, value] : {std::pair(0, 0),
                                  {0, 5},
                                  {1, 2},
                                  {2, 0},
                                  {2, 5},
                                  {3, 1},
                                  {6, 1},
                                  {8, 1},
                                  {16, 1},
                                  {27, 1}}) {
    std::string bad = good;
    bad[static_cast<size_t>(at)] = static_cast<char>(value);
    EXPECT_FALSE(decode(bad, got)) << at << " " << value;
  }
  std::string more = good;
  more[0] = 2;
  more[1] = kPeerMore;  // only data goes on
  EXPECT_FALSE(decode(more, got));
  EXPECT_FALSE(decode(good.substr(0, kPeerHeaderBytes - 1), got));
  EXPECT_TRUE(decode(good.substr(0, kPeerHeaderBytes) + std::string(kMaxPeerData, 'x'), got));
  EXPECT_FALSE(decode(good.substr(0, kPeerHeaderBytes) + std::string(kMaxPeerData + 1, 'x'), got));
}

}  // namespace
}  // namespace busbar::wire
