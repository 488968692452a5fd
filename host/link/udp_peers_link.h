// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "host/link/peers_link.h"

namespace busbar {

// Datagrams of many peers at one port: unicast, a multicast group, broadcast. Both ways only with
// permitted peers; besides to the group, and to 255.255.255.255 when the manifest says so. Port 0
// is any that is free. A datagram that the kernel does not take at once is lost, as datagrams are.
// Loop-only.
//
// The socket is of IPv4 unless the group, the interface or a peer is of IPv6; bound to no interface
// and no group it then speaks both. Multicast and broadcast do not pass routers (their TTL is 1).
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

  wire::PeerAddress ownAddress() const;
  void setOptions(bool bothFamilies);
  Status join();
  Status joined(int result) const;
  bool isGroup(const wire::PeerAddress& peer) const;
  bool maySendTo(const wire::PeerAddress& peer) const;
  void sendTo(const wire::PeerPacket& packet);
  void onReadable();

  const std::optional<wire::PeerAddress> group_;
  const std::optional<wire::PeerAddress> interface_;
  std::vector<char> buffer_;
  int family_ = 0;  // AF_… of the socket
  UniqueFd fd_;
  FdWatch watch_;
};

}  // namespace busbar
