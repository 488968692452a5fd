// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/wake_on_lan/codec.h"

#include <algorithm>
#include <charconv>

namespace busbar::wake_on_lan {
namespace {

constexpr size_t kRepeats = 16;
constexpr size_t kSynchronisation = 6;

// Removes separators that stand where they should; empty when they do not.
std::string digitsOf(std::string_view text) {
  if (text.size() == 12) {
    return std::string(text);
  }
  const char separator = text.size() == 14 ? '.' : text.size() == 17 ? text[2] : '\0';
  const size_t group = separator == '.' ? 4 : 2;
  if ((text.size() == 17 && separator != ':' && separator != '-') || separator == '\0') {
    return {};
  }
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool isSeparator = i % (group + 1) == group;
    if (isSeparator != (text[i] == separator)) {
      return {};
    }
    digits += isSeparator ? std::string_view() : text.substr(i, 1);
  }
  return digits;
}

// Any six bytes that are written like a MAC address.
std::optional<Mac> parseSix(std::string_view text) {
  const std::string digits = digitsOf(text);
  Mac bytes{};
  for (size_t i = 0; i < bytes.size() && !digits.empty(); ++i) {
    const char* const begin = digits.data() + i * 2;
    const auto [end, error] = std::from_chars(begin, begin + 2, bytes[i], 16);
    if (error != std::errc() || end != begin + 2) {
      return std::nullopt;
    }
  }
  return digits.empty() ? std::nullopt : std::optional(bytes);
}

}  // namespace

std::optional<Mac> parseMac(std::string_view text) {
  const auto mac = parseSix(text);
  const bool isGroup = mac && ((*mac)[0] & 1) != 0;  // IEEE 802, s.8.2: multicast and broadcast
  return mac == Mac{} || isGroup ? std::nullopt : mac;
}

std::string toText(const Mac& mac) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : mac) {
    text += text.empty() ? "" : ":";
    (text += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return text;
}

std::optional<std::string> parsePassword(std::string_view text) {
  if (const auto six = parseSix(text)) {
    return std::string(six->begin(), six->end());
  }
  std::string bytes;
  const char* at = text.data();
  const char* const last = text.data() + text.size();
  for (int i = 0; i < 4; ++i) {
    uint8_t byte = 0;
    const auto [end, error] = std::from_chars(at, last, byte);
    if (error != std::errc() || (i < 3 ? end == last || *end != '.' : end != last)) {
      return std::nullopt;
    }
    bytes += static_cast<char>(byte);
    at = end + (i < 3 ? 1 : 0);
  }
  return bytes;
}

std::string magicPacket(const Mac& mac, std::string_view password) {
  std::string packet(kSynchronisation, '\xff');
  for (size_t i = 0; i < kRepeats; ++i) {
    packet.append(mac.begin(), mac.end());
  }
  return packet += password;
}

}  // namespace busbar::wake_on_lan
