// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::http {

// A bound and listening socket.
struct ListeningSocket {
  UniqueFd fd;
  std::string url;    // without the scheme: "127.0.0.1:8080", "[::1]:8080", "unix:/path"
  uint16_t port = 0;  // 0 for a unix socket
  bool isUnix = false;
};
// InvalidArgument: `address` is no numeric address. FailedPrecondition: the port is taken or the
// address is none of this machine's. PermissionDenied: the port is not allowed to this user.
Result<ListeningSocket> listenOn(const std::string& address, uint16_t port);
// A unix stream socket with mode 0600 from its first moment. A socket file on which nobody listens
// is replaced. InvalidArgument: the path is too long. FailedPrecondition: somebody listens there.
Result<ListeningSocket> listenOnUnix(const std::string& path);

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
  std::string address;       // numeric; "local" over a unix socket
  std::optional<uid_t> uid;  // of the process at the other end of a unix socket (SO_PEERCRED)
  PeerKey key;
};
// Accepts one connection, non-blocking and, over TCP, with TCP_NODELAY.
AcceptedSocket acceptOn(const ListeningSocket& listener);

}  // namespace busbar::http
