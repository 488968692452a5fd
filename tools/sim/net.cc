// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace sim {
namespace {

constexpr int kBacklog = 4096;
constexpr int kExitUsage = 2;

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int Socket::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Socket::close() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

void Socket::reset() {
  const linger atOnce = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &atOnce, sizeof(atOnce));
  close();
}

Address addressOrExit(std::string_view text) {
  Address address;
  const size_t colon = text.rfind(':');
  std::string host(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  const auto port = colon == std::string_view::npos
                        ? int64_t{0}
                        : numberOrExit(text.substr(colon + 1), 0, 65535, "port");
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(v4);
    std::memcpy(&address.storage, &v4, sizeof(v4));
  } else if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(v6);
    std::memcpy(&address.storage, &v6, sizeof(v6));
  } else {
    std::fprintf(stderr, "address %.*s: want ADDR:PORT with a numeric address\n",
                 static_cast<int>(text.size()), text.data());
    std::exit(kExitUsage);
  }
  return address;
}

Socket bindTo(const Address& address, int type, bool isShared) {
  Socket socket(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (type == SOCK_STREAM || isShared) {
    setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
  if (!socket.isOpen() || bind(socket.fd(), raw, address.length) != 0 ||
      (type == SOCK_STREAM && listen(socket.fd(), kBacklog) != 0)) {
    return {};
  }
  return socket;
}

Socket connectTo(const Address& address, int type) {
  Socket socket(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
  if (!socket.isOpen() ||
      (connect(socket.fd(), raw, address.length) != 0 && errno != EINPROGRESS)) {
    return {};
  }
  return socket;
}

Address localAddress(int fd) {
  Address address;
  address.length = sizeof(address.storage);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address;
}

uint16_t portOf(const Address& address) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof(v6));
    return ntohs(v6.sin6_port);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &address.storage, sizeof(v4));
  return ntohs(v4.sin_port);
}

int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

int64_t numberOrExit(std::string_view text, int64_t low, int64_t high, const char* what) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    std::fprintf(stderr, "%s %.*s: want a number from %lld to %lld\n", what,
                 static_cast<int>(text.size()), text.data(), static_cast<long long>(low),
                 static_cast<long long>(high));
    std::exit(kExitUsage);
  }
  return value;
}

void raiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace sim
