// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/pjlink/datagram.h"

#include <gtest/gtest.h>

#include "plugins/pjlink/codec.h"

namespace busbar::pjlink {
namespace {

// "KIND value", or "none".
std::string seen(const std::string& bytes) {
  const auto datagram = parseDatagram(bytes);
  return datagram ? std::to_string(static_cast<int>(datagram->kind)) + " " + datagram->value
                  : "none";
}

TEST(PjlinkDatagram, ProjectorsAnswerSearchesAndTellOfTheirStart) {
  EXPECT_EQ(encodeSearch(), "%2SRCH\r");
  EXPECT_EQ(seen("%2ACKN=00:1B:44:11:3A:B7\r"), "0 00:1b:44:11:3a:b7");
  EXPECT_EQ(seen("%2LKUP=00:1b:44:11:3A:B7"), "1 00:1b:44:11:3a:b7");
  EXPECT_EQ(seen("%2ackn=00:1B:44:11:3A:B7\r"), "0 00:1b:44:11:3a:b7");
}

TEST(PjlinkDatagram, NoticesCarryWhatAReplyWould) {
  EXPECT_EQ(seen("%2ERST=012000\r"), "2 012000");
  EXPECT_EQ(seen("%2POWR=1\r"), "3 1");
  EXPECT_EQ(seen("%2INPT=5A\r"), "4 5A");
}

TEST(PjlinkDatagram, WhatIsNoneIsNotTaken) {
  for (const char* bytes :
       {"", "\r", "%2SRCH\r", "%2ACKN=\r", "%2ACKN=00:1B:44:11:3A:B", "%2ACKN=00-1B-44-11-3A-B7",
        "%2ACKN=00:1B:44:11:3A:G7", "%2ACKN=00:1B:44:11:3A:B7:00", "%1POWR=1\r", "%2POWR\r",
        "%2POWR=\r", "%2POWR=ERR3\r", "%2POWR=OK\r", "%2NAME=x\r", "PJLINK ERRA\r"}) {
    EXPECT_EQ(seen(bytes), "none") << bytes;
  }
  EXPECT_EQ(seen("%2INPT=" + std::string(kMaxParameterBytes + 1, '1')), "none");
}

TEST(PjlinkDatagram, SearchAddressesMayNameAPort) {
  EXPECT_EQ(parseSearchAddress("255.255.255.255"), "255.255.255.255:4352");
  EXPECT_EQ(parseSearchAddress("192.0.2.255:5000"), "192.0.2.255:5000");
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "projector"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1:"sv, "192.0.2.1:0"sv,
        "192.0.2.1:65536"sv, "192.0.2.1:1x"sv, "[2001:db8::1]:4352"sv, "192.0.2.1\0:1"sv}) {
    EXPECT_FALSE(parseSearchAddress(text)) << text;
  }
}

TEST(PjlinkDatagram, HostsAreWithoutPortAndZone) {
  EXPECT_EQ(hostOf("192.0.2.7:4352"), "192.0.2.7");
  EXPECT_EQ(hostOf("[2001:db8::7]:4352"), "[2001:db8::7]");
  EXPECT_EQ(hostOf("[fe80::7%2]:4352"), "[fe80::7]");
  EXPECT_EQ(hostOf(""), "");
}

}  // namespace
}  // namespace busbar::pjlink
