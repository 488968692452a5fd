// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What goes through the SOCK_SEQPACKET pair of a link with many peers. Shape: sdk/wire/WIRE.md
// "Peer packets".
namespace busbar::wire {

struct PeerAddress {
  uint8_t family = 0;  // 4 or 6
  uint16_t port = 0;
  uint32_t scope = 0;               // interface index of a link-local IPv6 address
  std::array<uint8_t, 16> bytes{};  // network order; IPv4: the first four, the rest 0
  auto operator<=>(const PeerAddress&) const = default;

  std::string text() const;  // "192.0.2.7:502", "[fe80::1%2]:502"
  // Of that form only; nullopt for names and for port 0.
  static std::optional<PeerAddress> parse(std::string_view text);
};

enum class PeerPacketKind : uint8_t { Data = 1, Connected = 2, Disconnected = 3, Close = 4 };
inline constexpr uint8_t kPeerMore = 1;  // the message goes on in the next packet of that peer
inline constexpr size_t kPeerHeaderBytes = 28;
inline constexpr size_t kMaxPeerData = 64U << 10U;  // of one packet

struct PeerPacket {
  PeerPacketKind kind = PeerPacketKind::Data;
  uint8_t flags = 0;
  PeerAddress peer;
  std::string_view data;  // Data: bytes; Disconnected: the code of the cause, or empty
};

// Replaces `out`. `data` of at most kMaxPeerData.
void encode(std::string& out, const PeerPacket& packet);
// False when a member is out of its range. `packet.data` points into `in`.
bool decode(std::string_view in, PeerPacket& packet);

}  // namespace busbar::wire
