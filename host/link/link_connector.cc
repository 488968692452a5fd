// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/link_connector.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace busbar {
namespace {

constexpr Milliseconds kConnectLimit{10'000};
constexpr auto kHealthyAfter = std::chrono::seconds(10);

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string text() const {
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
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: bind(2) family
  }
};

}  // namespace

struct LinkConnector::Resolution {
  std::vector<Address> addresses;
  size_t next = 0;
};

namespace {

// Blocks when `flags` allow a name: then only on a pool thread.
Result<std::vector<Address>> look(const LinkTarget& target, int flags) {
  addrinfo hints{};
  hints.ai_socktype = target.kind == LinkKind::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code =
      getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (code != 0) {
    return Error::because(ErrorCode::Unavailable, "name_not_resolved",
                          "resolve " + target.host + ": " + gai_strerror(code));
  }
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr && addresses.size() < 8; at = at->ai_next) {
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace

LinkConnector::LinkConnector(EventLoop& loop, WorkerPool& pool, Owner& owner, uint32_t linkId,
                             LinkTarget target, uint32_t randomSeed)
    : loop_(loop),
      pool_(pool),
      owner_(owner),
      linkId_(linkId),
      target_(std::move(target)),
      random_(randomSeed | 1U) {}

LinkConnector::~LinkConnector() {
  *alive_ = false;
  loop_.cancel(retryTimer_);
  loop_.cancel(connectTimer_);
}

void LinkConnector::connect() {
  wanted_ = true;
  if (!trying_ && !up_) {
    loop_.cancel(std::exchange(retryTimer_, 0));
    resolve();
  }
}

void LinkConnector::disconnect() {
  wanted_ = false;
  up_ = false;
  trying_ = false;
  loop_.cancel(std::exchange(retryTimer_, 0));
  loop_.cancel(std::exchange(connectTimer_, 0));
  watch_.end();
  fd_.reset();
  ++generation_;  // a resolution under way belongs to the past
}

void LinkConnector::lost() {
  if (!up_) {
    return;
  }
  up_ = false;
  if (loop_.now() - upSince_ >= kHealthyAfter) {
    backoff_.reset();
  }
  if (wanted_) {
    retryLater();
  }
}

void LinkConnector::resolve() {
  trying_ = true;
  ++generation_;
  if (auto literal = look(target_, AI_NUMERICHOST); literal.ok()) {
    resolved(std::make_unique<Resolution>(Resolution{std::move(*literal), 0}));
    return;
  }
  const Status queued = pool_.run(
      [this, alive = alive_, target = target_, generation = generation_, &loop = loop_]() mutable {
        auto addresses = look(target, 0);
        loop.post([this, alive = std::move(alive), generation,
                   addresses = std::move(addresses)]() mutable {
          if (!*alive || generation != generation_) {
            return;
          }
          if (!addresses) {
            resolved(std::move(addresses).error());
          } else {
            resolved(std::make_unique<Resolution>(Resolution{std::move(*addresses), 0}));
          }
        });
      });
  if (!queued.ok()) {
    fail(queued.error());
  }
}

void LinkConnector::resolved(Result<std::unique_ptr<Resolution>> resolution) {
  if (!resolution) {
    fail(std::move(resolution).error());
    return;
  }
  addresses_ = std::move(*resolution);
  tryNext();
}

void LinkConnector::tryNext() {
  const Address& address = addresses_->addresses[addresses_->next++];
  peer_ = address.text();
  const int type = target_.kind == LinkKind::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  fd_.reset(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) {
    fail(Error::fromErrno(errno, "open a socket for " + peer_));
    return;
  }
  setOptions(fd_.get());
  if (::connect(fd_.get(), address.get(), address.size) == 0) {
    succeed();
    return;
  }
  if (errno != EINPROGRESS) {
    fail(Error::fromErrno(errno, "connect to " + peer_));
    return;
  }
  auto watch = loop_.watch(fd_.get(), EPOLLOUT, [this](uint32_t) { onWritable(); });
  if (!watch) {
    fail(std::move(watch).error());
    return;
  }
  watch_ = std::move(*watch);
  connectTimer_ = loop_.runAfter(kConnectLimit, [this] {
    connectTimer_ = 0;
    fail(Error::of(ErrorCode::DeadlineExceeded, "connect to " + peer_ + ": no answer in 10 s"));
  });
}

void LinkConnector::onWritable() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    fail(Error::fromErrno(error, "connect to " + peer_));
  } else {
    succeed();
  }
}

void LinkConnector::succeed() {
  watch_.end();
  loop_.cancel(std::exchange(connectTimer_, 0));
  trying_ = false;
  up_ = true;
  upSince_ = loop_.now();
  addresses_.reset();
  owner_.linkConnected(linkId_, generation_, std::move(fd_), peer_);
}

void LinkConnector::fail(Error error) {
  watch_.end();
  loop_.cancel(std::exchange(connectTimer_, 0));
  fd_.reset();
  if (addresses_ && addresses_->next < addresses_->addresses.size()) {
    tryNext();
    return;
  }
  addresses_.reset();
  trying_ = false;
  retryLater();
  owner_.linkFailed(linkId_, error);
}

void LinkConnector::retryLater() {
  random_ = random_ * 1664525U + 1013904223U;  // Numerical Recipes LCG: jitter needs no more
  loop_.cancel(retryTimer_);
  retryTimer_ = loop_.runAfter(backoff_.next(random_ >> 8U), [this] {
    retryTimer_ = 0;
    if (wanted_ && !up_ && !trying_) {
      resolve();
    }
  });
}

// architecture section 7 and 8: what a killed owner leaves in kernel buffers must be little and
// must not be sent on (SO_LINGER {1,0} resets at close).
void LinkConnector::setOptions(int fd) const {
  const auto set = [fd](int level, int name, const auto& value) {
    setsockopt(fd, level, name, &value, sizeof value);
  };
  if (target_.kind == LinkKind::Udp) {
    return;
  }
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_LINGER, linger{1, 0});
  set(SOL_SOCKET, SO_SNDBUF, 32 * 1024);
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 8 * 1024);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000U);  // ms
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 30);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace busbar
