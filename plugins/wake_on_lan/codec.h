// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Magic packets. Source: AMD, Magic Packet Technology, publication 20213, 1995; SecureOn after
// National Semiconductor's DP83815.
namespace busbar::wake_on_lan {

using Mac = std::array<uint8_t, 6>;

// "00:1b:44:11:3a:b7", with - instead of :, "001b.4411.3ab7" or "001b44113ab7". Nothing for other
// text, and for addresses that are no single machine's (multicast, broadcast, all zero).
std::optional<Mac> parseMac(std::string_view text);
std::string toText(const Mac& mac);  // "00:1b:44:11:3a:b7"

// A SecureOn password as its 6 or 4 bytes: written like a MAC address or like an IPv4 address.
std::optional<std::string> parsePassword(std::string_view text);

// Six bytes of ff, the address 16 times, the password if there is one.
std::string magicPacket(const Mac& mac, std::string_view password = {});

}  // namespace busbar::wake_on_lan
