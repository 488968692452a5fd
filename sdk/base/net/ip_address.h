// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace busbar {

// An IPv4 or IPv6 address without port or zone. A value.
class IpAddress {
 public:
  // What inet_pton(3) takes: four decimal numbers, or an IPv6 address without brackets and zone.
  static std::optional<IpAddress> parse(std::string_view text);
  // Nothing when the family is another, or the size too small for it.
  static std::optional<IpAddress> fromSockaddr(const sockaddr* address, size_t sizeBytes);
  static IpAddress fromIpv4(uint32_t value);  // host byte order

  bool isIpv6() const { return ipv6_; }
  // Host byte order; only when it is no IPv6 address.
  uint32_t ipv4() const { return word(0); }
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  // Four bytes from `offset`, as a number.
  uint32_t word(size_t offset) const;
  std::string text() const;  // as inet_ntop(3) writes it
  bool operator==(const IpAddress&) const = default;

 private:
  bool ipv6_ = false;
  std::array<uint8_t, 16> bytes_{};  // network byte order; IPv4 in the first four
};

// The port of an IPv4 or IPv6 socket address; 0 for others.
uint16_t portOf(const sockaddr* address);

}  // namespace busbar
