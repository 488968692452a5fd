// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace busbar::http {
namespace {

constexpr int kBacklog = 4096;
// A peer that vanished without a word: unacknowledged data, or silence while a request is in work.
constexpr unsigned kUnackedLimitMs = 30'000;
constexpr int kKeepAliveIdleSeconds = 60;

// One of the two, with its length.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool parse(const std::string& text, uint16_t port, Address& address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
    return true;
  }
  return false;
}

void describe(const Address& address, AcceptedSocket& out) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    std::memcpy(out.key.bytes.data() + 4, &v4->sin_addr, 4);
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    const bool isMapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) != 0;
    const auto* bytes = v6->sin6_addr.s6_addr;
    inet_ntop(isMapped ? AF_INET : AF_INET6, isMapped ? bytes + 12 : bytes, text.data(),
              text.size());
    std::memcpy(out.key.bytes.data() + (isMapped ? 4 : 0), isMapped ? bytes + 12 : bytes,
                isMapped ? 4 : 8);
  }
  out.address = text.data();
}

template <class T>
void setOption(int fd, int level, int name, T value) {
  setsockopt(fd, level, name, &value,
             sizeof value);  // none is needed to serve: failure is harmless
}

}  // namespace

Result<ListeningSocket> listenOn(const std::string& address, uint16_t port) {
  const std::string what = "listen on " + address + " port " + std::to_string(port);
  Address bound;
  if (!parse(address, port, bound)) {
    return Error::at(ErrorCode::InvalidArgument, "listen",
                     what + ": not a numeric IPv4 or IPv6 address");
  }
  ListeningSocket socket;
  socket.fd.reset(::socket(bound.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.fd) {
    return Error::fromErrno(errno, what);
  }
  setOption(socket.fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(socket.fd.get(), bound.get(), bound.size) != 0 ||
      ::listen(socket.fd.get(), kBacklog) != 0) {
    Error error = Error::fromErrno(errno, what);
    if (error.code != ErrorCode::PermissionDenied) {
      error.code = ErrorCode::FailedPrecondition;
    }
    return error;
  }
  bound.size = sizeof bound.storage;
  ::getsockname(socket.fd.get(), bound.get(), &bound.size);
  // sin_port and sin6_port lie at the same place.
  socket.port = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
  const bool isIpv6 = bound.storage.ss_family == AF_INET6;
  socket.url = (isIpv6 ? "[" + address + "]:" : address + ":") + std::to_string(socket.port);
  return socket;
}

Result<ListeningSocket> listenOnUnix(const std::string& path) {
  const std::string what = "listen on " + path;
  Address bound;
  auto* local = reinterpret_cast<sockaddr_un*>(&bound.storage);
  if (path.size() >= sizeof local->sun_path) {
    return Error::at(ErrorCode::InvalidArgument, "listen",
                     what + ": the path of a unix socket has at most 107 bytes");
  }
  local->sun_family = AF_UNIX;
  path.copy(local->sun_path, path.size());
  bound.size = sizeof *local;
  ListeningSocket socket;
  socket.isUnix = true;
  socket.url = "unix:" + path;
  socket.fd.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // bind(2) makes the file with the mode of the socket, so nobody else can get in before a chmod.
  if (!socket.fd || ::fchmod(socket.fd.get(), S_IRUSR | S_IWUSR) != 0) {
    return Error::fromErrno(errno, what);
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), bound.get(), bound.size) == 0 || errno == EAGAIN) {
    return Error::of(ErrorCode::FailedPrecondition, what + ": another process listens there");
  }
  if (errno == ECONNREFUSED) {
    ::unlink(path.c_str());  // left behind by a process that is gone
  }
  if (::bind(socket.fd.get(), bound.get(), bound.size) != 0 ||
      ::listen(socket.fd.get(), kBacklog) != 0) {
    Error error = Error::fromErrno(errno, what);
    if (error.code != ErrorCode::PermissionDenied) {
      error.code = ErrorCode::FailedPrecondition;
    }
    return error;
  }
  return socket;
}

size_t PeerKeyHash::operator()(const PeerKey& key) const {
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
}

AcceptedSocket acceptOn(const ListeningSocket& listener) {
  AcceptedSocket out;
  Address peer;
  peer.size = sizeof peer.storage;
  out.fd.reset(::accept4(listener.fd.get(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!out.fd) {
    out.errnum = errno;
    return out;
  }
  if (listener.isUnix) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(out.fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
      out.uid = credentials.uid;
    }
    out.address = "local";
    return out;
  }
  setOption(out.fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  setOption(out.fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUnackedLimitMs);
  setOption(out.fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  setOption(out.fd.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  describe(peer, out);
  return out;
}

}  // namespace busbar::http
