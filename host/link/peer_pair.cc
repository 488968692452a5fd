// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/peer_pair.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace busbar {
namespace {

constexpr int kPacketsPerTurn = 32;
constexpr int kMaxDrained = 10'000;
// One byte more than a packet can have tells one that is too long.
constexpr size_t kBufferBytes = wire::kPeerHeaderBytes + wire::kMaxPeerData + 1;
constexpr int kSocketBytes = 256 * 1024;

}  // namespace

Result<std::unique_ptr<PeerPair>> PeerPair::create(EventLoop& loop, Owner& owner,
                                                   UniqueFd& theirs) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
    return Error::fromErrno(errno, "make a socketpair");
  }
  UniqueFd ours(pair[0]);
  theirs.reset(pair[1]);
  for (const int end : pair) {
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  }
  std::unique_ptr<PeerPair> made(new PeerPair(owner, std::move(ours)));
  auto watch = loop.watch(made->fd_.get(), EPOLLIN,
                          [self = made.get()](uint32_t events) { self->onEvents(events); });
  BUSBAR_TRY(watch);
  made->watch_ = std::move(*watch);
  return made;
}

PeerPair::PeerPair(Owner& owner, UniqueFd fd)
    : owner_(owner),
      fd_(std::move(fd)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

void PeerPair::send(const wire::PeerPacket& packet) {
  wire::encode(scratch_, packet);
  if (waiting_.empty() &&
      ::send(fd_.get(), scratch_.data(), scratch_.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
    return;
  }
  waiting_.push_back(scratch_);
  watch_.setEvents(EPOLLIN | EPOLLOUT);
}

void PeerPair::flush() {
  while (!waiting_.empty()) {
    const std::string& next = waiting_.front();
    if (::send(fd_.get(), next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      return;  // full, or closed: then reading tells
    }
    waiting_.pop_front();
  }
  watch_.setEvents(EPOLLIN);
  owner_.pairWritable();
}

void PeerPair::onEvents(uint32_t events) {
  const auto alive = alive_;
  if ((events & EPOLLOUT) != 0) {
    flush();
  }
  for (int i = 0; *alive && i < kPacketsPerTurn && readSome(); ++i) {
  }
}

// What the runner may leave in the socket is little; a bound holds one that goes on sending.
void PeerPair::drain() {
  const auto alive = alive_;
  for (int i = 0; *alive && i < kMaxDrained && readSome(); ++i) {
  }
}

// False: nothing more now, or the pair has ended and may be gone.
bool PeerPair::readSome() {
  const auto alive = alive_;
  const ssize_t got = ::recv(fd_.get(), buffer_.get(), kBufferBytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return false;
  }
  if (got <= 0) {
    watch_.end();
    owner_.pairClosed({});
    return false;
  }
  wire::PeerPacket packet;
  if (!wire::decode({buffer_.get(), static_cast<size_t>(got)}, packet)) {
    watch_.end();
    owner_.pairClosed("a malformed peer packet");
    return false;
  }
  owner_.pairPacket(packet);
  return *alive;
}

}  // namespace busbar
