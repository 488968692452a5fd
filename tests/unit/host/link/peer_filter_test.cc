// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/peer_filter.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

PeerFilter filter(std::initializer_list<const char*> blocks) {
  PeerFilter out;
  for (const char* block : blocks) {
    EXPECT_TRUE(out.add(block).ok()) << block;
  }
  return out;
}

int prefix(const PeerFilter& filter, const std::string& peer) {
  return filter.prefixOf(*wire::PeerAddress::parse(peer));
}

TEST(PeerFilter, AnEmptyOnePermitsNobody) {
  EXPECT_EQ(prefix({}, "192.0.2.7:1"), -1);
}

TEST(PeerFilter, AnAddressPermitsItselfAtAnyPort) {
  const PeerFilter one = filter({"192.0.2.7", "2001:db8::7"});
  EXPECT_EQ(prefix(one, "192.0.2.7:1"), 32);
  EXPECT_EQ(prefix(one, "192.0.2.7:9"), 32);
  EXPECT_EQ(prefix(one, "192.0.2.8:1"), -1);
  EXPECT_EQ(prefix(one, "[2001:db8::7]:1"), 128);
  EXPECT_EQ(prefix(one, "[2001:db8::8]:1"), -1);
}

TEST(PeerFilter, ABlockEndsWithinAByte) {
  const PeerFilter block = filter({"192.0.2.64/26", "2001:db8::/33"});
  EXPECT_EQ(prefix(block, "192.0.2.64:1"), 26);
  EXPECT_EQ(prefix(block, "192.0.2.127:1"), 26);
  EXPECT_EQ(prefix(block, "192.0.2.63:1"), -1);
  EXPECT_EQ(prefix(block, "192.0.2.128:1"), -1);
  EXPECT_EQ(prefix(block, "[2001:db8:7fff::1]:1"), 33);
  EXPECT_EQ(prefix(block, "[2001:db8:8000::1]:1"), -1);
}

TEST(PeerFilter, TheLongestBlockCounts) {
  const PeerFilter both = filter({"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"});
  EXPECT_EQ(prefix(both, "10.1.2.3:1"), 16);
  EXPECT_EQ(prefix(both, "10.2.2.3:1"), 8);
  EXPECT_EQ(prefix(both, "192.0.2.1:1"), 0);
  EXPECT_EQ(prefix(both, "[::1]:1"), -1);
}

TEST(PeerFilter, AMappedAddressIsTheIpv4AddressThatItHolds) {
  const PeerFilter one = filter({"192.0.2.7"});
  EXPECT_EQ(prefix(one, "[::ffff:192.0.2.7]:1"), 32);
  EXPECT_EQ(prefix(filter({"::/0"}), "[::ffff:192.0.2.7]:1"), -1);
}

TEST(PeerFilter, RefusesWhatIsNoBlock) {
  PeerFilter none;
  for (const char* text : {"", "host.example", "192.0.2.7/33", "192.0.2.7/", "192.0.2.7/x",
                           "192.0.2.7/24", "2001:db8::1/64", "192.0.2", "192.0.2.0/-1"}) {
    EXPECT_FALSE(none.add(text).ok()) << text;
  }
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace busbar
