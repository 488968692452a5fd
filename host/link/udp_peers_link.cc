// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/udp_peers_link.h"

#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <ifaddrs.h>

#include "sdk/base/scope_exit.h"

namespace busbar {
namespace {

constexpr int kDatagramsPerTurn = 32;

// 0 when no interface has that address.
unsigned interfaceOf(const wire::PeerAddress& address) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return 0;
  }
  const ScopeExit free([all] { freeifaddrs(all); });
  for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
    const int family = at->ifa_addr == nullptr ? AF_UNSPEC : at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) {
      continue;
    }
    SocketAddress present;
    present.size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&present.storage, at->ifa_addr, present.size);
    const wire::PeerAddress found = toPeer(present);
    if (found.family == address.family && found.bytes == address.bytes &&
        (address.scope == 0 || found.scope == address.scope)) {
      return if_nametoindex(at->ifa_name);
    }
  }
  return 0;
}

bool isBroadcast(const wire::PeerAddress& peer) {
  return peer.family == 4 && std::all_of(peer.bytes.begin(), peer.bytes.begin() + 4,
                                         [](uint8_t byte) { return byte == 255; });
}

// ::ffff:192.0.2.7, as a socket of both families wants it.
wire::PeerAddress toMapped(const wire::PeerAddress& peer) {
  wire::PeerAddress mapped;
  mapped.family = 6;
  mapped.port = peer.port;
  mapped.bytes[10] = mapped.bytes[11] = 0xff;
  std::copy_n(peer.bytes.begin(), 4, mapped.bytes.begin() + 12);
  return mapped;
}

template <class T>
int setOption(int fd, int level, int name, const T& value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

UdpPeersLink::UdpPeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : PeersLink(context, std::move(target), std::move(filter)),
      group_(toAddress(this->target().group)),
      interface_(toAddress(this->target().interfaceAddress)),
      buffer_(wire::kMaxPeerData) {}

// A group's datagrams do not reach a socket that is bound to an address of ours.
wire::PeerAddress UdpPeersLink::ownAddress() const {
  wire::PeerAddress at;
  if (group_) {
    at.family = group_->family;
  } else if (interface_) {
    at = *interface_;
  } else {
    at.family = filter_.hasFamily(6) ? 6 : 4;
  }
  at.port = target().port;
  return at;
}

Status UdpPeersLink::open() {
  const SocketAddress at = toSocketAddress(ownAddress());
  const std::string where = "listen at " + at.text();
  family_ = at.storage.ss_family;
  fd_.reset(::socket(family_, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) {
    return Error::fromErrno(errno, where);
  }
  setOptions(!group_ && !interface_);
  if (::bind(fd_.get(), at.get(), at.size) != 0) {
    return Error::fromErrno(errno, where);
  }
  if (group_) {
    BUSBAR_TRY(join());
  }
  auto watch = context_.loop.watch(fd_.get(), EPOLLIN, [this](uint32_t) { onReadable(); });
  BUSBAR_TRY(watch);
  watch_ = std::move(*watch);
  return {};
}

void UdpPeersLink::setOptions(bool bothFamilies) {
  if (family_ == AF_INET6) {
    setOption(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, bothFamilies ? 0 : 1);
  }
  if (group_) {
    setOption(fd_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (target().broadcast) {
    setOption(fd_.get(), SOL_SOCKET, SO_BROADCAST, 1);
  }
}

// Only this group: without the …_ALL options a socket hears what others on this machine joined.
Status UdpPeersLink::join() {
  const unsigned index = interface_ ? interfaceOf(*interface_) : 0;
  if (interface_ && index == 0) {
    return Error::of(ErrorCode::Unavailable,
                     "no interface of this machine has the address " + target().interfaceAddress);
  }
  if (family_ == AF_INET) {
    ip_mreqn membership{};
    std::memcpy(&membership.imr_multiaddr, group_->bytes.data(), 4);
    membership.imr_ifindex = static_cast<int>(index);
    setOption(fd_.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (interface_) {
      std::memcpy(&membership.imr_address, interface_->bytes.data(), 4);  // the sender's, ip(7)
      setOption(fd_.get(), IPPROTO_IP, IP_MULTICAST_IF, membership);
    }
    return joined(setOption(fd_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, membership));
  }
  ipv6_mreq membership{};
  std::memcpy(&membership.ipv6mr_multiaddr, group_->bytes.data(), 16);
  membership.ipv6mr_interface = index;
  setOption(fd_.get(), IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  if (index != 0) {
    setOption(fd_.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }
  return joined(setOption(fd_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, membership));
}

Status UdpPeersLink::joined(int result) const {
  return result == 0 ? Status()
                     : Status(Error::fromErrno(errno, "join the group " + target().group));
}

void UdpPeersLink::close() {
  watch_.end();
  fd_.reset();
}

void UdpPeersLink::onReadable() {
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    if (pair() == nullptr || pair()->isFull()) {
      watch_.setEvents(0);
      return;
    }
    SocketAddress from;
    from.size = sizeof from.storage;
    const ssize_t got =
        ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT, from.get(), &from.size);
    if (got < 0) {
      return;  // nothing more, or the echo of a datagram that found nobody
    }
    wire::PeerPacket packet;
    packet.peer = toPeer(from);
    packet.data = {buffer_.data(), static_cast<size_t>(got)};
    if (filter_.permits(packet.peer)) {
      pair()->send(packet);
    } else {
      noteRefused(packet.peer);
    }
  }
}

void UdpPeersLink::pairWritable() {
  watch_.setEvents(EPOLLIN);
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
  sendTo(packet);
}

void UdpPeersLink::sendTo(const wire::PeerPacket& packet) {
  wire::PeerAddress peer = packet.peer;
  if (isGroup(peer)) {
    peer.scope = 0;  // the interface is the settings' choice
  } else if (family_ == AF_INET6 && peer.family == 4) {
    peer = toMapped(peer);
  }
  const SocketAddress to = toSocketAddress(peer);
  if (::sendto(fd_.get(), packet.data.data(), packet.data.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
               to.get(), to.size) < 0 &&
      errno != EAGAIN) {
    noteTrouble(Error::fromErrno(errno, "send to " + packet.peer.text()).message);
  }
}

}  // namespace busbar
