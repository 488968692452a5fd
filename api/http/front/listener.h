// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::http {

// A bound and listening TCP socket.
struct ListeningSocket {
  UniqueFd fd;
  std::string address;  // numeric, as bound
  uint16_t port = 0;
  bool isIpv6 = false;
};
// InvalidArgument: `address` is no numeric address. FailedPrecondition: the port is taken or the
// address is none of this machine's. PermissionDenied: the port is not allowed to this user.
Result<ListeningSocket> listenOn(const std::string& address, uint16_t port);

// Who is at the other end, as far as limits go: an IPv4 address, or the /64 of an IPv6 one.
struct PeerKey {
  std::array<uint8_t, 8> bytes{};
  bool operator==(const PeerKey&) const = default;
};
struct PeerKeyHash {
  size_t operator()(const PeerKey& key) const;
};

struct AcceptedSocket {
  UniqueFd fd;  // invalid: nothing to accept; errnum says why
  int errnum = 0;
  std::string address;
  PeerKey key;
};
// Accepts one connection, non-blocking and with TCP_NODELAY.
AcceptedSocket acceptOn(int fd);

}  // namespace busbar::http
