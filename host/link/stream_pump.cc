// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/stream_pump.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace busbar {
namespace {

constexpr int kRoundsPerTurn = 4;
// How long a device may take for what a runner wrote before it closed its end.
constexpr Milliseconds kLingerLimit{5'000};

TlsClientSession::Io toIo(ssize_t n, bool reading) {
  using State = TlsClientSession::State;
  if (n > 0) {
    return {State::Ok, static_cast<size_t>(n)};
  }
  if (n == 0) {
    return {State::Closed};
  }
  if (errno == EAGAIN || errno == EINTR) {
    return {reading ? State::WantRead : State::WantWrite};
  }
  return {State::Failed};
}

}  // namespace

StreamPump::StreamPump(EventLoop& loop, Owner& owner, UniqueFd device,
                       std::unique_ptr<TlsClientSession> tls, UniqueFd pair)
    : loop_(loop),
      owner_(owner),
      device_(std::move(device)),
      tls_(std::move(tls)),
      pair_(std::move(pair)) {}

StreamPump::~StreamPump() {
  *alive_ = false;
  loop_.cancel(lingerTimer_);
}

Status StreamPump::start() {
  auto device = loop_.watch(device_.get(), EPOLLIN, [this](uint32_t e) { onDevice(e); });
  BUSBAR_TRY(device);
  deviceWatch_ = std::move(*device);
  auto pair = loop_.watch(pair_.get(), EPOLLIN, [this](uint32_t e) { onPair(e); });
  BUSBAR_TRY(pair);
  pairWatch_ = std::move(*pair);
  // TLS may hold bytes already, for which no event comes.
  loop_.defer([this, alive = alive_] {
    if (*alive && end_ == End::None) {
      run();
    }
  });
  return {};
}

// A hang-up is reported whatever one asks for: without an end of the watch it would spin while the
// other side takes no bytes.
void StreamPump::onDevice(uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !toRunner_.empty()) {
    deviceWatch_.end();
  }
  deviceBlocks_ = false;
  readWantsWrite_ = false;
  writeWantsRead_ = false;
  run();
}

void StreamPump::onPair(uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !toDevice_.empty()) {
    pairWatch_.end();
  }
  run();
}

void StreamPump::run() {
  bool moved = true;
  for (int round = 0; moved && round < kRoundsPerTurn && end_ == End::None; ++round) {
    moved = pairToDevice();
    if (end_ == End::None) {
      moved = deviceToPair() || moved;
    }
  }
  if (end_ != End::None) {
    tellEnd();
    return;
  }
  watchAgain();
  if (moved) {
    loop_.post([this, alive = alive_] {
      if (*alive && end_ == End::None) {
        run();
      }
    });
  }
}

// Last in each function that calls it: the pump may be gone afterwards.
void StreamPump::tellEnd() {
  deviceWatch_.end();
  pairWatch_.end();
  switch (end_) {
    case End::None:
      break;
    case End::Orderly:
      owner_.pumpEnded(nullptr);
      break;
    case End::Failed: {
      const Error why = failure_;
      owner_.pumpEnded(&why);
      break;
    }
    case End::Drained:
      owner_.pumpDrained();
      break;
  }
}

StreamPump::Io StreamPump::readDevice() {
  char* buffer = toRunner_.bytes.get();
  return tls_ ? tls_->read(buffer, kBufferBytes)
              : toIo(::recv(device_.get(), buffer, kBufferBytes, MSG_DONTWAIT), true);
}

StreamPump::Io StreamPump::writeDevice() {
  const std::string_view bytes = toDevice_.view();
  return tls_ ? tls_->write(bytes)
              : toIo(::send(device_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
                     false);
}

bool StreamPump::pairToDevice() {
  if (toDevice_.empty() && !pairDone_) {
    const Io got =
        toIo(::recv(pair_.get(), toDevice_.bytes.get(), kBufferBytes, MSG_DONTWAIT), true);
    if (got.state == State::Ok) {
      toDevice_.begin = 0;
      toDevice_.end = got.bytes;
    } else if (got.state != State::WantRead) {
      pairDone_ = true;
      pairWatch_.end();
    }
  }
  if (toDevice_.empty()) {
    if (pairDone_) {
      endOrderly();
    } else if (draining_) {
      end_ = End::Drained;
    }
    return false;
  }
  if (pairDone_ && lingerTimer_ == 0) {
    lingerTimer_ = loop_.runAfter(kLingerLimit, [this] {
      lingerTimer_ = 0;
      fail(Error::of(ErrorCode::DeadlineExceeded, "the device does not take what is sent"));
      tellEnd();
    });
  }
  if (deviceBlocks_ || writeWantsRead_) {
    return false;
  }
  if (!owner_.pumpMayWrite()) {
    fail(Error::because(ErrorCode::Unavailable, "lease_lost",
                        "this host may not speak for the module any more"));
    return false;
  }
  const Io put = writeDevice();
  switch (put.state) {
    case State::Ok:
      toDevice_.begin += put.bytes;
      return true;
    case State::WantWrite:
      deviceBlocks_ = true;
      return false;
    case State::WantRead:
      writeWantsRead_ = true;
      return false;
    default:
      fail(tls_ ? tls_->failure() : Error::fromErrno(errno, "send"));
      return false;
  }
}

bool StreamPump::deviceToPair() {
  if (toRunner_.empty() && !deviceDone_ && !draining_ && !readWantsWrite_ && !pairDone_) {
    const Io got = readDevice();
    switch (got.state) {
      case State::Ok:
        toRunner_.begin = 0;
        toRunner_.end = got.bytes;
        break;
      case State::Closed:
        deviceClosed();
        return false;
      case State::WantRead:
        return false;
      case State::WantWrite:
        readWantsWrite_ = true;
        return false;
      case State::Failed:
        fail(tls_ ? tls_->failure() : Error::fromErrno(errno, "receive"));
        return false;
    }
  }
  if (toRunner_.empty() || pairDone_) {
    return false;
  }
  const std::string_view bytes = toRunner_.view();
  const Io put =
      toIo(::send(pair_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL), false);
  if (put.state == State::Ok) {
    toRunner_.begin += put.bytes;
    return true;
  }
  if (put.state != State::WantWrite) {
    pairDone_ = true;  // the runner has closed it
    pairWatch_.end();
    return true;
  }
  return false;
}

// The runner reads what is left, then the end, and closes its own; until then it may send.
void StreamPump::deviceClosed() {
  deviceDone_ = true;
  deviceWatch_.end();
  ::shutdown(pair_.get(), SHUT_WR);
}

void StreamPump::endOrderly() {
  if (tls_) {
    tls_->sayGoodbye();
  }
  end_ = End::Orderly;
}

void StreamPump::fail(Error error) {
  end_ = End::Failed;
  failure_ = std::move(error);
}

UniqueFd StreamPump::takePair() {
  pairWatch_.end();
  return std::move(pair_);
}

void StreamPump::drain() {
  draining_ = true;
  run();
}

void StreamPump::finish() {
  while (end_ == End::None && pairToDevice()) {
  }
  if (end_ == End::None && toDevice_.empty() && tls_) {
    tls_->sayGoodbye();
  }
}

void StreamPump::watchAgain() {
  const bool reads = toRunner_.empty() && !draining_ && !pairDone_;
  const bool writes = !toDevice_.empty();
  uint32_t events = 0;
  if ((reads && !readWantsWrite_) || (writes && writeWantsRead_)) {
    events |= EPOLLIN;
  }
  if ((reads && readWantsWrite_) || (writes && deviceBlocks_)) {
    events |= EPOLLOUT;
  }
  if (deviceWatch_.active()) {
    deviceWatch_.setEvents(events);
  } else if (!deviceDone_ && events != 0) {
    auto again = loop_.watch(device_.get(), events, [this](uint32_t e) { onDevice(e); });
    if (again.ok()) {
      deviceWatch_ = std::move(*again);
    }
  }
  if (pairWatch_.active()) {
    pairWatch_.setEvents((toDevice_.empty() ? EPOLLIN : 0U) |
                         (toRunner_.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT)));
  } else if (!pairDone_ && toDevice_.empty()) {
    auto again = loop_.watch(pair_.get(), EPOLLIN, [this](uint32_t e) { onPair(e); });
    if (again.ok()) {
      pairWatch_ = std::move(*again);
    }
  }
}

}  // namespace busbar
