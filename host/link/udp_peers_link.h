// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "host/link/peers_link.h"
#include "host/link/udp_ports.h"

namespace busbar {

// Datagrams of many peers at one port: unicast, a multicast group, broadcast. Both ways only with
// permitted peers; besides to the group, and to 255.255.255.255 when the manifest says so. Port 0
// is any that is free. A datagram that the kernel or the runner does not take at once is lost, as
// datagrams are. Loop-only.
//
// Links with the same port, group and interface share a socket (UdpPorts), and each hears those
// whom it permits. Without group and interface a link has a socket for each family of its peers,
// IPv4 when it has none. Multicast and broadcast do not pass routers (their TTL is 1). Unicast
// datagrams to the port of several groups reach the link of one of them only.
class UdpPeersLink final : public PeersLink, private UdpPorts::Client {
 public:
  UdpPeersLink(const Context& context, LinkTarget target, PeerFilter filter);
  ~UdpPeersLink() override;

 private:
  Status open() override;
  void close() override;
  void pairPacket(const wire::PeerPacket& packet) override;
  void pairWritable() override;

  bool permits(const wire::PeerAddress& peer) const override { return filter_.permits(peer); }
  bool isFull() const override { return pair() == nullptr || pair()->isFull(); }
  void received(const wire::PeerPacket& packet) override;
  void missed(const wire::PeerAddress& peer) override;
  void refused(const wire::PeerAddress& peer) override { noteRefused(peer); }

  std::vector<UdpPorts::Place> places() const;
  bool isGroup(const wire::PeerAddress& peer) const;
  bool maySendTo(const wire::PeerAddress& peer) const;

  const std::optional<wire::PeerAddress> group_;
  const std::optional<wire::PeerAddress> interface_;
};

}  // namespace busbar
