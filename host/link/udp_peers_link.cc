// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/udp_peers_link.h"

#include <algorithm>
#include <utility>

#include "host/link/link_shares.h"

namespace busbar {
namespace {

bool isBroadcast(const wire::PeerAddress& peer) {
  return peer.family == 4 && std::all_of(peer.bytes.begin(), peer.bytes.begin() + 4,
                                         [](uint8_t byte) { return byte == 255; });
}

wire::PeerAddress allOf(uint8_t family, uint16_t port) {
  wire::PeerAddress all;
  all.family = family;
  all.port = port;
  return all;
}

}  // namespace

UdpPeersLink::UdpPeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : PeersLink(context, std::move(target), std::move(filter)),
      group_(toAddress(this->target().group)),
      interface_(toAddress(this->target().interfaceAddress)) {}

UdpPeersLink::~UdpPeersLink() {
  close();
}

// A group's datagrams do not reach a socket that is bound to an address of ours.
std::vector<UdpPorts::Place> UdpPeersLink::places() const {
  const uint16_t port = target().port;
  if (group_) {
    return {{allOf(group_->family, port), group_, interface_}};
  }
  if (interface_) {
    wire::PeerAddress own = *interface_;
    own.port = port;
    return {{own}};
  }
  std::vector<UdpPorts::Place> all;
  if (filter_.hasFamily(4) || target().broadcast || !filter_.hasFamily(6)) {
    all.push_back({allOf(4, port)});
  }
  if (filter_.hasFamily(6)) {
    all.push_back({allOf(6, port)});
  }
  return all;
}

Status UdpPeersLink::open() {
  for (const UdpPorts::Place& place : places()) {
    BUSBAR_TRY(context_.shares.udpPorts().add(context_.loop, *this, place, target().broadcast));
  }
  return {};
}

void UdpPeersLink::close() {
  context_.shares.udpPorts().remove(*this);
}

void UdpPeersLink::received(const wire::PeerPacket& packet) {
  pair()->send(packet);
}

void UdpPeersLink::missed(const wire::PeerAddress& peer) {
  noteTrouble("a datagram of " + peer.text() + " at port " + std::to_string(target().port) +
              " is lost: the driver does not take those before");
}

void UdpPeersLink::pairWritable() {
  context_.shares.udpPorts().resume(*this);
}

bool UdpPeersLink::isGroup(const wire::PeerAddress& peer) const {
  return group_ && peer.family == group_->family && peer.bytes == group_->bytes;
}

bool UdpPeersLink::maySendTo(const wire::PeerAddress& peer) const {
  return filter_.permits(peer) || isGroup(peer) || (target().broadcast && isBroadcast(peer));
}

void UdpPeersLink::pairPacket(const wire::PeerPacket& packet) {
  if (packet.kind != wire::PeerPacketKind::Data || packet.flags != 0 || packet.peer.port == 0) {
    failByRunner("a packet that is no datagram");
    return;
  }
  if (!mayWrite()) {
    fail(Error::because(ErrorCode::Unavailable, "lease_lost",
                        "this host may not speak for the module any more"));
    return;
  }
  if (!maySendTo(packet.peer)) {
    noteDriverBug("send: " + packet.peer.text() + " is not a peer of the link");
    return;
  }
  wire::PeerAddress peer = packet.peer;
  if (isGroup(peer)) {
    peer.scope = 0;  // the interface is the settings' choice
  }
  if (const Status sent = context_.shares.udpPorts().send(*this, peer, packet.data); !sent.ok()) {
    noteTrouble(sent.error().message);
  }
}

}  // namespace busbar
