// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/peer_packet.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "sdk/wire/bytes.h"

namespace busbar::wire {
namespace {

template <class T>
bool readNumber(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// IPv4 uses four bytes, and only IPv6 has a scope.
bool isPlausible(const PeerAddress& peer) {
  if (peer.family == 6) {
    return true;
  }
  return peer.family == 4 && peer.scope == 0 &&
         std::all_of(peer.bytes.begin() + 4, peer.bytes.end(), [](uint8_t b) { return b == 0; });
}

}  // namespace

std::string PeerAddress::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes.data(), host, sizeof host);
  const std::string tail = ":" + std::to_string(port);
  if (family == 4) {
    return host + tail;
  }
  return "[" + std::string(host) + (scope != 0 ? "%" + std::to_string(scope) : "") + "]" + tail;
}

std::optional<PeerAddress> PeerAddress::parse(std::string_view text) {
  PeerAddress peer;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 ||
      !readNumber(text.substr(colon + 1), peer.port) || peer.port == 0) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  peer.family = 4;
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    peer.family = 6;
    if (const size_t percent = host.find('%'); percent != std::string_view::npos) {
      if (!readNumber(host.substr(percent + 1), peer.scope)) {
        return std::nullopt;
      }
      host = host.substr(0, percent);
    }
  }
  if (inet_pton(peer.family == 4 ? AF_INET : AF_INET6, std::string(host).c_str(),
                peer.bytes.data()) != 1) {
    return std::nullopt;
  }
  return peer;
}

void encode(std::string& out, const PeerPacket& packet) {
  out.clear();
  out.reserve(kPeerHeaderBytes + packet.data.size());
  Writer w(out);
  w.u8(static_cast<uint8_t>(packet.kind));
  w.u8(packet.flags);
  w.u8(packet.peer.family);
  w.u8(0);
  w.u16(packet.peer.port);
  w.u16(0);
  w.u32(packet.peer.scope);
  out.append(packet.peer.bytes.begin(), packet.peer.bytes.end());
  out.append(packet.data);
}

bool decode(std::string_view in, PeerPacket& packet) {
  if (in.size() < kPeerHeaderBytes || in.size() > kPeerHeaderBytes + kMaxPeerData) {
    return false;
  }
  Reader r(in);
  const uint8_t kind = r.u8();
  packet.kind = static_cast<PeerPacketKind>(kind);
  packet.flags = r.u8();
  packet.peer.family = r.u8();
  const bool isZero = r.u8() == 0;
  packet.peer.port = r.u16();
  const bool isZeroToo = r.u16() == 0;
  packet.peer.scope = r.u32();
  std::copy_n(in.begin() + 12, packet.peer.bytes.size(), packet.peer.bytes.begin());
  packet.data = in.substr(kPeerHeaderBytes);
  const bool hasMore = packet.flags == kPeerMore && packet.kind == PeerPacketKind::Data;
  return kind >= 1 && kind <= 4 && (packet.flags == 0 || hasMore) && isZero && isZeroToo &&
         isPlausible(packet.peer);
}

}  // namespace busbar::wire
