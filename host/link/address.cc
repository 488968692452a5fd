// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace busbar {
namespace {

constexpr size_t kMaxAddresses = 8;

}  // namespace

std::string SocketAddress::text() const {
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(in.sin_port));
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &storage, sizeof in6);
  inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
  return "[" + std::string(host) + "]:" + std::to_string(ntohs(in6.sin6_port));
}

const sockaddr* SocketAddress::get() const {
  return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: bind(2) family
}

sockaddr* SocketAddress::get() {
  return reinterpret_cast<sockaddr*>(&storage);  // NOLINT: bind(2) family
}

Result<std::vector<SocketAddress>> resolveAddress(const std::string& host, uint16_t port,
                                                  int socketType, bool literal) {
  addrinfo hints{};
  hints.ai_socktype = socketType;
  hints.ai_flags = AI_NUMERICSERV | (literal ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return Error::because(ErrorCode::Unavailable, "name_not_resolved",
                          "resolve " + host + ": " + gai_strerror(code));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* at = found; at != nullptr && addresses.size() < kMaxAddresses;
       at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace busbar
