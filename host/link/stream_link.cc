// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/stream_link.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace busbar {
namespace {

constexpr Milliseconds kHandshakeLimit{10'000};
constexpr int kPairBufferBytes = 128 * 1024;

}  // namespace

StreamLink::StreamLink(const Context& context, LinkTarget target,
                       std::shared_ptr<const TlsClient> tls)
    : loop_(context.loop),
      owner_(context.owner),
      linkId_(context.linkId),
      tls_(std::move(tls)),
      connector_(context.loop, context.pool, *this, context.linkId, std::move(target),
                 context.randomSeed) {}

StreamLink::~StreamLink() {
  loop_.cancel(handshakeTimer_);
}

// Without a word to the device: what is on its way is reset with the socket.
void StreamLink::drop() {
  loop_.cancel(std::exchange(handshakeTimer_, 0));
  watch_.end();
  session_.reset();
  fd_.reset();
  if (pump_ != nullptr) {
    oldPair_ = pump_->takePair();
    pump_.reset();
  }
  isLost_ = false;
  state_ = State::Down;
}

void StreamLink::disconnect() {
  drop();
  connector_.disconnect();
}

// The pump sees the end of the pair by itself, after what was written before it.
void StreamLink::lost(uint32_t generation) {
  if (generation != connector_.generation()) {
    return;
  }
  if (pump_ != nullptr) {
    isLost_ = true;
    return;
  }
  drop();
  connector_.lost();
}

void StreamLink::request() {
  if (isLost_) {
    again_ = true;
  } else {
    connector_.request();
  }
}

void StreamLink::finish() {
  if (pump_ != nullptr) {
    pump_->finish();
  }
}

void StreamLink::linkConnected(uint32_t, uint32_t, UniqueFd fd, std::string peer) {
  drop();
  peer_ = std::move(peer);
  if (connector_.target().kind == LinkKind::Tls) {
    beginHandshake(std::move(fd));
  } else {
    handOver(std::move(fd), nullptr);
  }
}

void StreamLink::linkFailed(uint32_t linkId, const Error& error) {
  owner_.linkFailed(linkId, error);
}

void StreamLink::fail(const Error& error) {
  drop();
  connector_.lost();
  owner_.linkFailed(linkId_, error);
}

// ---- TLS

void StreamLink::beginHandshake(UniqueFd fd) {
  state_ = State::Handshake;
  fd_ = std::move(fd);
  session_ = tls_->connect(fd_.get(), connector_.target().host);
  auto watch = loop_.watch(fd_.get(), EPOLLIN, [this](uint32_t) { shakeHands(); });
  if (!watch) {
    fail(watch.error());
    return;
  }
  watch_ = std::move(*watch);
  handshakeTimer_ = loop_.runAfter(kHandshakeLimit, [this] {
    handshakeTimer_ = 0;
    fail(Error::because(ErrorCode::DeadlineExceeded, "tls_failed",
                        "TLS with " + peer_ +
                            ": no answer in 10 s; check that the device speaks TLS at this port"));
  });
  shakeHands();
}

void StreamLink::shakeHands() {
  if (!owner_.linkMayWrite()) {
    fail(Error::because(ErrorCode::Unavailable, "lease_lost",
                        "this host may not speak for the module any more"));
    return;
  }
  switch (session_->handshake().state) {
    case TlsClientSession::State::Ok: {
      watch_.end();
      loop_.cancel(std::exchange(handshakeTimer_, 0));
      handOver(std::move(fd_), std::move(session_));
      return;
    }
    case TlsClientSession::State::WantRead:
      watch_.setEvents(EPOLLIN);
      return;
    case TlsClientSession::State::WantWrite:
      watch_.setEvents(EPOLLOUT);
      return;
    default: {
      const Error error = session_->failure().message.empty()
                              ? Error::because(ErrorCode::Unavailable, "tls_failed",
                                               "TLS with " + peer_ + ": the device ended it")
                              : session_->failure();
      fail(error);
    }
  }
}

void StreamLink::handOver(UniqueFd fd, std::unique_ptr<TlsClientSession> session) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
    fail(Error::fromErrno(errno, "make a socketpair"));
    return;
  }
  UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  for (const int end : pair) {
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kPairBufferBytes, sizeof kPairBufferBytes);
  }
  state_ = session != nullptr ? State::Secure : State::Clear;
  const LinkKind kind = session != nullptr ? LinkKind::Tls : LinkKind::Tcp;
  StreamPump::Owner& self = *this;
  pump_ =
      std::make_unique<StreamPump>(loop_, self, std::move(fd), std::move(session), std::move(ours));
  if (const Status started = pump_->start(); !started.ok()) {
    fail(started.error());
    return;
  }
  owner_.linkUp(linkId_, connector_.generation(), kind, std::move(theirs), peer_);
}

void StreamLink::startTls(uint32_t generation) {
  if (state_ == State::Clear && generation == connector_.generation()) {
    state_ = State::Draining;
    pump_->drain();
  }
}

// Bytes of the device that are still here came before TLS and are dropped with the pump: they
// must not pass for protected ones.
void StreamLink::pumpDrained() {
  UniqueFd fd = pump_->takeDevice();
  drop();
  owner_.linkDown(linkId_, connector_.generation(), nullptr);
  connector_.raiseGeneration();
  beginHandshake(std::move(fd));
}

void StreamLink::pumpEnded(const Error* why) {
  const uint32_t generation = connector_.generation();
  drop();
  connector_.lost();
  if (why != nullptr) {
    owner_.linkDown(linkId_, generation, why);
  }
  if (std::exchange(again_, false)) {
    connector_.request();
  }
}

}  // namespace busbar
