// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace busbar {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char zeroEnded[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof zeroEnded) {
    return std::nullopt;
  }
  std::memcpy(zeroEnded, text.data(), text.size());
  IpAddress address;
  if (inet_pton(AF_INET, zeroEnded, address.bytes_.data()) == 1) {
    return address;
  }
  address.ipv6_ = true;
  if (inet_pton(AF_INET6, zeroEnded, address.bytes_.data()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::fromSockaddr(const sockaddr* address, size_t sizeBytes) {
  IpAddress out;
  if (address->sa_family == AF_INET && sizeBytes >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(out.bytes_.data(), &in.sin_addr, sizeof in.sin_addr);
    return out;
  }
  if (address->sa_family == AF_INET6 && sizeBytes >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    std::memcpy(out.bytes_.data(), &in6.sin6_addr, sizeof in6.sin6_addr);
    out.ipv6_ = true;
    return out;
  }
  return std::nullopt;
}

IpAddress IpAddress::fromIpv4(uint32_t value) {
  IpAddress out;
  const uint32_t network = htonl(value);
  std::memcpy(out.bytes_.data(), &network, sizeof network);
  return out;
}

uint32_t IpAddress::word(size_t offset) const {
  uint32_t network = 0;
  std::memcpy(&network, bytes_.data() + offset, sizeof network);
  return ntohl(network);
}

std::string IpAddress::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  inet_ntop(ipv6_ ? AF_INET6 : AF_INET, bytes_.data(), out, sizeof out);
  return out;
}

uint16_t portOf(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return ntohs(in.sin_port);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    return ntohs(in6.sin6_port);
  }
  return 0;
}

}  // namespace busbar
