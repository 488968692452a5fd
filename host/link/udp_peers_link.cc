// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/udp_peers_link.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <busbar/driver.h>

#include "sdk/base/scope_exit.h"

namespace busbar {
namespace {

constexpr int kDatagramsPerTurn = 32;
constexpr int kDriverBug = 6;

std::optional<wire::PeerAddress> toAddress(const std::string& text) {
  const auto found = resolveAddress(text, 0, SOCK_DGRAM, true);
  return found.ok() ? std::optional(toPeer(found->front())) : std::nullopt;
}

// 0 when no interface has that address.
unsigned interfaceOf(const wire::PeerAddress& address) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return 0;
  }
  const ScopeExit free([all] { freeifaddrs(all); });
  for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_addr->sa_family != AF_INET &&
                                    at->ifa_addr->sa_family != AF_INET6)) {
      continue;
    }
    SocketAddress present;
    present.size = at->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&present.storage, at->ifa_addr, present.size);
    if (toPeer(present).bytes == address.bytes) {
      return if_nametoindex(at->ifa_name);
    }
  }
  return 0;
}

bool isBroadcast(const wire::PeerAddress& peer) {
  return peer.family == 4 && peer.bytes[0] == 255 && peer.bytes[1] == 255 &&
         peer.bytes[2] == 255 && peer.bytes[3] == 255;
}

bool isMulticast(const wire::PeerAddress& peer) {
  return peer.family == 4 ? (peer.bytes[0] & 0xf0U) == 0xe0U : peer.bytes[0] == 0xff;
}

}  // namespace

UdpPeersLink::UdpPeersLink(const Context& context, LinkTarget target, PeerFilter filter)
    : PeersLink(context, std::move(target), std::move(filter)),
      group_(toAddress(this->target().group)),
      buffer_(wire::kMaxPeerData) {}

Status UdpPeersLink::open() {
  if (group_ && !isMulticast(*group_)) {
    return Error::of(ErrorCode::InvalidArgument, target().group + " is not a multicast address");
  }
  const auto own = toAddress(target().interfaceAddress);
  wire::PeerAddress at;
  at.family = group_ ? group_->family : own ? own->family : 4;
  if (own && !group_) {  // a group's datagrams do not reach a socket that is bound to an address
    at = *own;
  }
  at.port = target().port;
  const SocketAddress address = toSocketAddress(at);
  const std::string where = "listen at " + address.text();
  fd_.reset(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) {
    return Error::fromErrno(errno, where);
  }
  const int one = 1;
  if (group_) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  }
  if (target().broadcast) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  }
  if (::bind(fd_.get(), address.get(), address.size) != 0) {
    return Error::fromErrno(errno, where);
  }
  if (group_) {
    BUSBAR_TRY(join(at.family));
  }
  auto watch = context_.loop.watch(fd_.get(), EPOLLIN, [this](uint32_t) { onReadable(); });
  BUSBAR_TRY(watch);
  watch_ = std::move(*watch);
  return {};
}

Status UdpPeersLink::join(int family) {
  const auto own = toAddress(target().interfaceAddress);
  const unsigned index = own ? interfaceOf(*own) : 0;
  if (own && index == 0) {
    return Error::of(ErrorCode::Unavailable,
                     "no interface of this machine has the address " + target().interfaceAddress);
  }
  const int zero = 0;
  bool fine = false;
  if (family == 4) {
    ip_mreqn membership{};
    std::memcpy(&membership.imr_multiaddr, group_->bytes.data(), 4);
    membership.imr_ifindex = static_cast<int>(index);
    setsockopt(fd_.get(), IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof zero);
    fine = setsockopt(fd_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) ==
           0;
    setsockopt(fd_.get(), IPPROTO_IP, IP_MULTICAST_IF, &membership, sizeof membership);
  } else {
    ipv6_mreq membership{};
    std::memcpy(&membership.ipv6mr_multiaddr, group_->bytes.data(), 16);
    membership.ipv6mr_interface = index;
    setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_MULTICAST_ALL, &zero, sizeof zero);
    fine = setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &membership, sizeof membership) ==
           0;
    setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
  }
  return fine ? Status() : Status(Error::fromErrno(errno, "join the group " + target().group));
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
    const ssize_t got = ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                                   from.get(), &from.size);
    if (got < 0) {
      return;  // nothing more, or the echo of a datagram that found nobody
    }
    wire::PeerPacket packet;
    packet.peer = toPeer(from);
    packet.data = {buffer_.data(), static_cast<size_t>(got)};
    if (filter_.permits(packet.peer)) {
      pair()->send(packet);
    } else {
      noteRefused(packet.peer, false);
    }
  }
}

void UdpPeersLink::pairWritable() {
  watch_.setEvents(EPOLLIN);
}

bool UdpPeersLink::maySendTo(const wire::PeerAddress& peer) const {
  return filter_.permits(peer) || (group_ && peer.bytes == group_->bytes) ||
         (target().broadcast && isBroadcast(peer));
}

void UdpPeersLink::pairPacket(const wire::PeerPacket& packet) {
  const bool hasMore = (packet.flags & wire::kPeerMore) != 0;
  if (std::exchange(skipsMore_, hasMore) || hasMore) {
    context_.owner.linkLog(kDriverBug, "send: more bytes than a datagram can have");
    return;
  }
  if (packet.kind != wire::PeerPacketKind::Data) {
    return;  // there is no connection to close
  }
  if (!mayWrite()) {
    fail(Error::because(ErrorCode::Unavailable, "lease_lost",
                        "this host may not speak for the module any more"));
    return;
  }
  if (!maySendTo(packet.peer)) {
    noteRefused(packet.peer, true);
    return;
  }
  const SocketAddress to = toSocketAddress(packet.peer);
  static_cast<void>(::sendto(fd_.get(), packet.data.data(), packet.data.size(),
                             MSG_DONTWAIT | MSG_NOSIGNAL, to.get(), to.size));
}

}  // namespace busbar
