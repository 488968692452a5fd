// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/link_connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "host/link/address.h"

namespace busbar {
namespace {

constexpr Milliseconds kConnectLimit{10'000};
constexpr auto kHealthyAfter = std::chrono::seconds(10);

}  // namespace

struct LinkConnector::Resolution {
  std::vector<SocketAddress> addresses;
  size_t next = 0;
};

// architecture section 7 and 8: what a killed owner leaves in kernel buffers must be little and
// must not be sent on (SO_LINGER {1,0} resets at close).
void setLinkOptions(int fd) {
  const auto set = [fd](int level, int name, const auto& value) {
    setsockopt(fd, level, name, &value, sizeof value);
  };
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

void LinkConnector::request() {
  wanted_ = true;
  if (!trying_ && !up_ && retryTimer_ == 0) {
    resolve();
  }
}

int LinkConnector::socketType() const {
  return target_.kind == LinkKind::Udp ? SOCK_DGRAM : SOCK_STREAM;
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
  if (target_.onDemand) {
    wanted_ = false;
    return;
  }
  if (wanted_) {
    retryLater();
  }
}

void LinkConnector::resolve() {
  trying_ = true;
  ++generation_;
  const int type = socketType();
  if (auto literal = resolveAddress(target_.host, target_.port, type, true); literal.ok()) {
    resolved(std::make_unique<Resolution>(Resolution{std::move(*literal), 0}));
    return;
  }
  const Status queued = pool_.run([this, alive = alive_, host = target_.host, port = target_.port,
                                   type, generation = generation_, &loop = loop_]() mutable {
    auto addresses = resolveAddress(host, port, type, false);
    loop.post(
        [this, alive = std::move(alive), generation, addresses = std::move(addresses)]() mutable {
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
  const SocketAddress& address = addresses_->addresses[addresses_->next++];
  peer_ = address.text();
  fd_.reset(::socket(address.storage.ss_family, socketType() | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) {
    fail(Error::fromErrno(errno, "open a socket for " + peer_));
    return;
  }
  if (target_.kind != LinkKind::Udp) {
    setLinkOptions(fd_.get());
  }
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
  wanted_ = wanted_ && !target_.onDemand;
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

}  // namespace busbar
