// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/udp_ports.h"

#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <ifaddrs.h>

#include "host/link/peers_link.h"
#include "sdk/base/scope_exit.h"

namespace busbar {
namespace {

constexpr int kDatagramsPerTurn = 32;

template <class T>
int setOption(int fd, int level, int name, const T& value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

std::string hostOf(const wire::PeerAddress& address) {
  const std::string text = address.text();
  return text.substr(0, text.rfind(':'));
}

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

// Only this group: without the …_ALL options a socket hears what others on this machine joined.
int join(int fd, const wire::PeerAddress& group, const wire::PeerAddress* interface,
         unsigned index) {
  if (group.family == 4) {
    ip_mreqn membership{};
    std::memcpy(&membership.imr_multiaddr, group.bytes.data(), 4);
    membership.imr_ifindex = static_cast<int>(index);
    setOption(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (interface != nullptr) {
      std::memcpy(&membership.imr_address, interface->bytes.data(), 4);  // the sender's, ip(7)
      setOption(fd, IPPROTO_IP, IP_MULTICAST_IF, membership);
    }
    return setOption(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
  }
  ipv6_mreq membership{};
  std::memcpy(&membership.ipv6mr_multiaddr, group.bytes.data(), 16);
  membership.ipv6mr_interface = index;
  setOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  if (index != 0) {
    setOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }
  return setOption(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, membership);
}

Status joinGroup(int fd, const UdpPorts::Place& place) {
  const wire::PeerAddress* interface = place.interface ? &*place.interface : nullptr;
  const unsigned index = interface != nullptr ? interfaceOf(*interface) : 0;
  if (interface != nullptr && index == 0) {
    return Error::of(ErrorCode::Unavailable,
                     "no interface of this machine has the address " + hostOf(*interface));
  }
  if (join(fd, *place.group, interface, index) != 0) {
    return Error::fromErrno(errno, "join the group " + hostOf(*place.group));
  }
  return {};
}

Result<UniqueFd> bind(const UdpPorts::Place& place) {
  const SocketAddress at = toSocketAddress(place.own);
  const std::string where = "listen at " + at.text();
  UniqueFd fd(::socket(at.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    return Error::fromErrno(errno, where);
  }
  if (place.own.family == 6) {
    setOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);  // IPv4 has a socket of its own
  }
  if (place.group) {
    setOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (::bind(fd.get(), at.get(), at.size) != 0) {
    return Error::fromErrno(errno, where);
  }
  if (place.group) {
    BUSBAR_TRY(joinGroup(fd.get(), place));
  }
  return fd;
}

}  // namespace

const UdpPorts::Member* UdpPorts::Port::find(const Client& client) const {
  const auto found = std::find_if(members.begin(), members.end(), [&client](const Member& member) {
    return member.client == &client;
  });
  return found == members.end() ? nullptr : &*found;
}

bool UdpPorts::Port::isFull() const {
  return std::all_of(members.begin(), members.end(),
                     [](const Member& member) { return member.client->isFull(); });
}

void UdpPorts::Port::allowBroadcast(bool isAllowed) {
  if (isAllowed != broadcasts) {
    setOption(fd.get(), SOL_SOCKET, SO_BROADCAST, isAllowed ? 1 : 0);
    broadcasts = isAllowed;
  }
}

Status UdpPorts::add(EventLoop& loop, Client& client, const Place& place, bool broadcasts) {
  const auto same = std::find_if(ports_.begin(), ports_.end(), [&place](const auto& port) {
    return place.own.port != 0 && port->place == place;
  });
  Port* port = same != ports_.end() ? same->get() : nullptr;
  if (port == nullptr) {
    auto opened = open(loop, place);
    BUSBAR_TRY(opened);
    port = *opened;
  }
  port->members.push_back({&client, broadcasts});
  port->watch.setEvents(EPOLLIN);
  return {};
}

Result<UdpPorts::Port*> UdpPorts::open(EventLoop& loop, const Place& place) {
  auto fd = bind(place);
  BUSBAR_TRY(fd);
  auto port = std::make_unique<Port>();
  port->place = place;
  port->fd = std::move(*fd);
  auto watch =
      loop.watch(port->fd.get(), EPOLLIN, [this, at = port.get()](uint32_t) { onReadable(*at); });
  BUSBAR_TRY(watch);
  port->watch = std::move(*watch);
  if (buffer_ == nullptr) {
    buffer_ = std::make_unique_for_overwrite<char[]>(wire::kMaxPeerData);
  }
  return ports_.emplace_back(std::move(port)).get();
}

void UdpPorts::remove(Client& client) {
  for (const auto& port : ports_) {
    std::erase_if(port->members,
                  [&client](const Member& member) { return member.client == &client; });
  }
  std::erase_if(ports_, [](const auto& port) { return port->members.empty(); });
}

void UdpPorts::resume(const Client& client) {
  for (const auto& port : ports_) {
    if (port->find(client) != nullptr) {
      port->watch.setEvents(EPOLLIN);
    }
  }
}

Status UdpPorts::send(const Client& client, const wire::PeerAddress& peer, std::string_view data) {
  const auto way = std::find_if(ports_.begin(), ports_.end(), [&](const auto& port) {
    return port->place.own.family == peer.family && port->find(client) != nullptr;
  });
  const std::string where = "send to " + peer.text();
  if (way == ports_.end()) {
    return Error::of(ErrorCode::Unavailable, where + ": the link has no socket of its family");
  }
  (*way)->allowBroadcast((*way)->find(client)->broadcasts);
  const SocketAddress to = toSocketAddress(peer);
  if (::sendto((*way)->fd.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.get(),
               to.size) < 0 &&
      errno != EAGAIN) {
    return Error::fromErrno(errno, where);
  }
  return {};
}

void UdpPorts::onReadable(Port& port) {
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    if (port.isFull()) {
      port.watch.setEvents(0);
      return;
    }
    SocketAddress from;
    from.size = sizeof from.storage;
    const ssize_t got = ::recvfrom(port.fd.get(), buffer_.get(), wire::kMaxPeerData, MSG_DONTWAIT,
                                   from.get(), &from.size);
    if (got < 0) {
      return;  // nothing more, or the echo of a datagram that found nobody
    }
    wire::PeerPacket packet;
    packet.peer = toPeer(from);
    packet.data = {buffer_.get(), static_cast<size_t>(got)};
    deliver(port, packet);
  }
}

void UdpPorts::deliver(const Port& port, const wire::PeerPacket& packet) {
  bool isWanted = false;
  for (const Member& member : port.members) {
    if (Client& client = *member.client; client.permits(packet.peer)) {
      isWanted = true;
      client.isFull() ? client.missed(packet.peer) : client.received(packet);
    }
  }
  if (!isWanted) {
    for (const Member& member : port.members) {
      member.client->refused(packet.peer);
    }
  }
}

}  // namespace busbar
