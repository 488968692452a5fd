// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/result.h"
#include "sdk/wire/peer_packet.h"

namespace busbar {

// Who may talk to a link with many peers: addresses and CIDR blocks (RFC 4632) of IPv4 and IPv6.
// An IPv4 address in IPv6 form (::ffff:192.0.2.7) counts as the IPv4 address that it is. Value
// type.
class PeerFilter {
 public:
  // InvalidArgument: neither an address nor a block, or a block with bits set behind its prefix.
  Status add(std::string_view text);

  void add(const wire::PeerAddress& address);

  bool permits(const wire::PeerAddress& peer) const { return prefixOf(peer) >= 0; }
  // Bits of the longest block that holds the peer; -1: none.
  int prefixOf(const wire::PeerAddress& peer) const;
  bool empty() const { return blocks_.empty(); }
  bool hasFamily(uint8_t family) const;  // 4 or 6

 private:
  struct Block {
    wire::PeerAddress address;
    int prefix;
  };
  std::vector<Block> blocks_;
};

}  // namespace busbar
