// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "host/link/peers_link.h"

namespace busbar {

// Datagrams of many peers at one port: unicast, a multicast group, broadcast. Both ways only with
// permitted peers; besides to the group, and to 255.255.255.255 when the manifest says so. A
// datagram that the kernel does not take at once is lost, as datagrams are. Loop-only.
//
// Several modules may join a group at one port; unicast datagrams to that port then reach one of
// them only.
class UdpPeersLink final : public PeersLink {
 public:
  UdpPeersLink(const Context& context, LinkTarget target, PeerFilter filter);

 private:
  Status open() override;
  void close() override;
  void pairPacket(const wire::PeerPacket& packet) override;
  void pairWritable() override;

  Status join(int family);
  bool maySendTo(const wire::PeerAddress& peer) const;
  void onReadable();

  std::optional<wire::PeerAddress> group_;
  std::vector<char> buffer_;
  bool skipsMore_ = false;  // the rest of a message that is no datagram
  UniqueFd fd_;
  FdWatch watch_;
};

}  // namespace busbar
