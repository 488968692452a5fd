// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sdk/base/result.h"

namespace busbar {

// An address and port of IPv4 or IPv6, as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string text() const;  // "192.0.2.7:502", "[2001:db8::7]:502"
  const sockaddr* get() const;
  sockaddr* get();
};

// At most 8 addresses. With `literal` only numbers count and nothing blocks; else the resolver is
// asked, which blocks: on a pool thread only. Unavailable, reason name_not_resolved.
Result<std::vector<SocketAddress>> resolveAddress(const std::string& host, uint16_t port,
                                                  int socketType, bool literal);

}  // namespace busbar
