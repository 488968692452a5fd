// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/wake_on_lan/codec.h"

#include <gtest/gtest.h>

namespace busbar::wake_on_lan {
namespace {

using std::string_literals::operator""s;

TEST(WakeOnLanCodec, MacAddressesAreWrittenInManyWays) {
  const Mac mac = {0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb7};
  for (const char* text : {"00:1b:44:11:3a:b7", "00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7",
                           "001b.4411.3ab7", "001b44113ab7"}) {
    EXPECT_EQ(parseMac(text), mac) << text;
  }
  EXPECT_EQ(toText(mac), "00:1b:44:11:3a:b7");
}

TEST(WakeOnLanCodec, WhatIsNoMachinesAddressIsRefused) {
  for (const char* text : {"", "00", "00:1b:44:11:3a:b", "00:1b:44:11:3a:b7:", "00:1b-44:11:3a:b7",
                           "0:01b:44:11:3a:b7", "00:1b:44:11:3a:g7", "001b44113ab",
                           "001b.44.113ab7", "00.1b.44.11.3a.b7", "+01b44113ab7",
                           "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"}) {
    EXPECT_FALSE(parseMac(text)) << text;
  }
}

TEST(WakeOnLanCodec, PasswordsHaveSixOrFourBytes) {
  EXPECT_EQ(parsePassword("01:02:03:04:05:ff"), "\x01\x02\x03\x04\x05\xff");
  EXPECT_EQ(parsePassword("192.0.2.1"), "\xc0\x00\x02\x01"s);
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", "1.2.3.4 ", "secret"}) {
    EXPECT_FALSE(parsePassword(text)) << text;
  }
}

TEST(WakeOnLanCodec, APacketIsSixTimesFfAndTheAddressSixteenTimes) {
  const Mac mac = {0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb7};
  const std::string packet = magicPacket(mac);
  ASSERT_EQ(packet.size(), 102U);
  EXPECT_EQ(packet.substr(0, 6), "\xff\xff\xff\xff\xff\xff");
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(packet.substr(6 + i * 6, 6), "\x00\x1b\x44\x11\x3a\xb7"s) << i;
  }
  EXPECT_EQ(magicPacket(mac, "\x01\x02\x03\x04"), packet + "\x01\x02\x03\x04");
}

}  // namespace
}  // namespace busbar::wake_on_lan
