// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/link.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace busbar::runner {
namespace {

constexpr int kDatagramsPerTurn = 32;
constexpr const char* kTooLong = "frame_too_long";
constexpr const char* kMalformed = "frame_malformed";

std::string_view explain(std::string_view code, bool byDriver) {
  if (code == kTooLong) {
    return "the device sent a frame longer than max_frame_bytes";
  }
  return byDriver ? "the driver's frame() answered more bytes than there were"
                  : "the device's bytes do not fit the framing";
}

}  // namespace

Link::Link(Process& process, LinkEvents& events, uint32_t slot, const wire::CreateLink& m,
           FramingRule rule)
    : process_(process),
      events_(events),
      slot_(slot),
      id_(m.linkId),
      kind_(m.kind),
      mayStartTls_(m.mayStartTls),
      role_(m.role),
      maxFrameBytes_(std::clamp<size_t>(m.maxFrameBytes, 1, 1U << 20U)),
      idleCloseNs_(int64_t{m.idleCloseMs} * 1'000'000),
      upKind_(m.kind),
      framer_(rule, maxFrameBytes_) {
  if (kind_ == BUSBAR_LINK_UDP_PEERS || kind_ == BUSBAR_LINK_TCP_PEERS) {
    peers_ =
        std::make_unique<PeerSet>(kind_ == BUSBAR_LINK_TCP_PEERS, std::move(rule), maxFrameBytes_);
  }
}

Status Link::open(UniqueFd fd, const wire::LinkUp& m) {
  auto watch = process_.loop.watch(fd.get(), EPOLLIN, [this](uint32_t e) { onEvents(e); });
  if (!watch.ok()) {
    return std::move(watch).error();
  }
  watch_ = std::move(*watch);
  framer_.clear();
  peer_ = m.peer;
  const ProcessLock lock(process_);
  fd_ = std::move(fd);
  generation_ = m.generation;
  upKind_ = m.kind;
  startsTls_ = false;
  startTlsTold_ = false;
  lastNs_ = process_.nowNs();
  wanted_ = false;
  asked_ = false;
  broken_ = false;
  health = 0;
  return {};
}

void Link::close() {
  watch_.end();
  framer_.clear();
  const ProcessLock lock(process_);
  fd_.reset();
  asked_ = false;
  if (peers_) {
    peers_->clear();
  }
  std::string().swap(out_);
}

bool Link::isPastDeadline(int64_t nowNs) const {
  return isUp() && process_.pages.deadlineNs(slot_) <= nowNs;
}

CommandQueue& Link::queue() {
  if (!queue_) {
    queue_ = std::make_unique<CommandQueue>(idleCloseNs_ != 0);
    if (isUp()) {
      queue_->linkUp();
    }
  }
  return *queue_;
}

void Link::queueUp() {
  if (queue_) {
    queue_->linkUp();
  }
}

void Link::queueDown(CommandQueue::EndedList& ended) {
  if (queue_) {
    queue_->linkDown(ended);
  }
}

busbar_status Link::write(std::string_view bytes, uint32_t generation, int64_t nowNs) {
  wanted_ = wanted_ || (!isUp() && idleCloseNs_ != 0);
  if (!isUp() || broken_ || startsTls_ || (generation != 0 && generation != generation_) ||
      isPastDeadline(nowNs)) {
    return BUSBAR_E_OFFLINE;
  }
  lastNs_ = nowNs;
  if (!out_.empty()) {
    if (out_.size() + bytes.size() > kMaxWaitingBytes) {
      return BUSBAR_E_AGAIN;
    }
    out_.append(bytes);
    return BUSBAR_OK;
  }
  const auto trySend = [&] {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  };
  ssize_t sent = trySend();
  if (sent < 0 && (errno == EINTR || (kind_ == BUSBAR_LINK_UDP && errno != EAGAIN))) {
    sent = trySend();  // a datagram's error is that of an earlier one ("connection refused")
  }
  if (sent < 0 && errno != EAGAIN) {
    broken_ = kind_ != BUSBAR_LINK_UDP;
    return BUSBAR_E_OFFLINE;
  }
  if (kind_ == BUSBAR_LINK_UDP) {
    return sent < 0 ? BUSBAR_E_AGAIN : BUSBAR_OK;
  }
  out_.assign(bytes.substr(sent < 0 ? 0 : static_cast<size_t>(sent)));
  return BUSBAR_OK;
}

bool Link::takeConnect() {
  if (isUp() || asked_ || idleCloseNs_ == 0 || !(wanted_ || (queue_ && queue_->wantsLink()))) {
    return false;
  }
  wanted_ = false;
  asked_ = true;
  return true;
}

bool Link::isIdle() const {
  return idleCloseNs_ != 0 && isUp() && out_.empty() && (!queue_ || queue_->size() == 0);
}

busbar_status Link::startTls() {
  if (!mayStartTls_) {
    return BUSBAR_E_UNSUPPORTED;
  }
  if (!isUp() || startsTls_ || upKind_ != BUSBAR_LINK_TCP) {
    return BUSBAR_E_STATE;
  }
  startsTls_ = true;
  return BUSBAR_OK;
}

bool Link::takeStartTls() {
  if (!startsTls_ || startTlsTold_ || !isUp() || !out_.empty()) {
    return false;
  }
  startTlsTold_ = true;
  return true;
}

busbar_status Link::writeTo(std::string_view peer, std::string_view bytes, uint32_t generation,
                            int64_t nowNs) {
  if (!isUp() || broken_ || (generation != 0 && generation != generation_) ||
      isPastDeadline(nowNs)) {
    return BUSBAR_E_OFFLINE;
  }
  const busbar_status status = peers_->send(peer, bytes);
  broken_ = !peers_->flush(fd_.get());
  return status;
}

busbar_status Link::closePeer(std::string_view peer) {
  if (!isUp() || broken_) {
    return BUSBAR_E_OFFLINE;
  }
  const busbar_status status = peers_->closePeer(peer);
  broken_ = !peers_->flush(fd_.get());
  return status;
}

void Link::pumpQueue(int64_t nowNs, CommandQueue::EndedList& ended) {
  if (!queue_) {
    return;
  }
  // While bytes wait, the next command stays in the queue, where it can still be replaced.
  for (;;) {
    const auto payload = queue_->next(nowNs, ended);
    if (!payload || !out_.empty() || write(*payload, 0, nowNs) != BUSBAR_OK) {
      return;
    }
    queue_->sent(nowNs, ended);
  }
}

int64_t Link::nextNs() const {
  int64_t next = queue_ ? queue_->nextNs(out_.empty() && !startsTls_) : CommandQueue::kNever;
  if (isUp()) {
    next = std::min({next, process_.pages.deadlineNs(slot_), framer_.gapEndsNs(),
                     peers_ ? peers_->gapEndsNs() : INT64_MAX});
    if (isIdle()) {
      next = std::min(next, lastNs_ + idleCloseNs_);
    }
    if (broken_) {
      next = 0;
    }
  }
  return next;
}

bool Link::isDrained() const {
  if (!isUp() || broken_) {
    return true;
  }
  int waiting = 0;
  // Where the sandbox or the socket's kind does not answer, what the kernel took counts as sent.
  return !hasUnsent() && (::ioctl(fd_.get(), SIOCOUTQ, &waiting) != 0 || waiting == 0);
}

void Link::lose(std::string_view code, std::string_view message) {
  close();
  wire::WireError error;
  error.status = BUSBAR_E_OFFLINE;
  error.code = code;
  error.message = message;
  events_.linkLost(id_, error);
}

void Link::loseErrno(const char* attempted) {
  const Error error = Error::fromErrno(errno, std::string(attempted) + " " + peer_);
  lose("connection_lost", error.message);
}

void Link::wantWritable(uint32_t others) {
  bool waits = false;
  {
    const ProcessLock lock(process_);
    waits = hasUnsent();
  }
  watch_.setEvents(others | (waits ? static_cast<uint32_t>(EPOLLOUT) : 0U));
}

void Link::drain() {
  bool failed = false;
  {
    const ProcessLock lock(process_);
    if (process_.pages.deadlineNs(slot_) <= process_.nowNs()) {
      return;  // pump closes the link
    }
    if (peers_) {
      failed = !peers_->flush(fd_.get());
    } else {
      const ssize_t sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) {
        out_.erase(0, static_cast<size_t>(sent));
      }
      failed = sent < 0 && errno != EAGAIN && errno != EINTR;
    }
  }
  if (failed) {
    loseErrno("send to");
  } else {
    wantWritable();
    events_.linkWantsPump();
  }
}

void Link::onEvents(uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    drain();
  }
  if (isUp() && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
    if (!events_.linkMayDeliver()) {
      // Only draining: without a reader a level-triggered EPOLLIN would spin.
      wantWritable(0);
    } else if (peers_) {
      readPackets();
    } else if (kind_ == BUSBAR_LINK_UDP) {
      readDatagrams();
    } else {
      readStream();
    }
  }
}

void Link::applyRule() {
  const ProcessLock lock(process_);
  if (newRule_) {
    if (peers_) {
      peers_->setRule(*newRule_);
    }
    framer_.setRule(std::move(*newRule_));
    newRule_.reset();
  }
}

void Link::readDatagrams() {
  const auto buffer = process_.readBuffer();
  for (int i = 0; i < kDatagramsPerTurn && isUp(); ++i) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) {
      return;  // nothing more, or the echo of an earlier send that found nobody
    }
    lastNs_ = process_.nowNs();
    if (static_cast<size_t>(got) <= maxFrameBytes_) {
      events_.linkReceived(id_, {buffer.data(), static_cast<size_t>(got)}, {});
    }
  }
}

void Link::readStream() {
  const auto buffer = process_.readBuffer();
  const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      loseErrno("read from");
    }
    return;
  }
  if (got == 0) {
    std::string_view rest;
    if (framer_.takeRest(rest)) {
      events_.linkReceived(id_, rest, {});
    }
    lose("connection_closed", "the device closed the connection");
    return;
  }
  lastNs_ = process_.nowNs();
  framer_.push({buffer.data(), static_cast<size_t>(got)}, process_.nowNs());
  if (const char* code = deliver(framer_, {})) {
    lose(code, explain(code, framer_.asksDriver()));
  }
}

// The code of why the stream is lost; nullptr while it is not.
const char* Link::deliver(Framer& framer, std::string_view peer) {
  std::string_view frame;
  for (;;) {
    applyRule();
    Framer::Next next = framer.next(frame);
    while (next == Framer::Next::AskDriver) {
      next = framer.answer(events_.linkFrame(id_, frame), frame);
    }
    switch (next) {
      case Framer::Next::Frame:
        events_.linkReceived(id_, frame, peer);
        break;
      case Framer::Next::TooLong:
        return kTooLong;
      case Framer::Next::Malformed:
        return kMalformed;
      case Framer::Next::NeedMore:
      case Framer::Next::AskDriver:
        framer.keep();
        if (framer.gapEndsNs() != INT64_MAX) {
          events_.linkWantsPump();
        }
        return nullptr;
    }
  }
}

// ---- many peers

void Link::readPackets() {
  const auto buffer = process_.readBuffer();
  for (int i = 0; i < kDatagramsPerTurn && isUp(); ++i) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    wire::PeerPacket packet;
    if (got <= 0 || !wire::decode({buffer.data(), static_cast<size_t>(got)}, packet)) {
      lose("connection_closed", "the host closed the link");
      return;
    }
    onPacket(packet);
  }
}

void Link::onPacket(const wire::PeerPacket& packet) {
  if (packet.kind == wire::PeerPacketKind::Disconnected) {
    endPeer(packet.peer, packet.data);
    return;
  }
  const std::string peer = packet.peer.text();
  if (packet.kind == wire::PeerPacketKind::Connected) {
    {
      const ProcessLock lock(process_);
      peers_->connected(packet.peer);
    }
    events_.linkPeer(id_, peer, true, {});
    return;
  }
  if (!peers_->hasConnections()) {
    if (packet.data.size() <= maxFrameBytes_) {
      events_.linkReceived(id_, packet.data, peer);
    }
    return;
  }
  Framer* framer = peers_->find(packet.peer);
  if (framer == nullptr) {
    return;  // it crossed the end of the connection
  }
  framer->push(packet.data, process_.nowNs());
  if (const char* code = deliver(*framer, peer)) {
    {
      const ProcessLock lock(process_);
      static_cast<void>(closePeer(peer));  // the driver may have done so itself
    }
    events_.linkWantsPump();
    endPeer(packet.peer, code);
  }
}

void Link::endPeer(const wire::PeerAddress& address, std::string_view code) {
  Framer* framer = peers_->find(address);
  if (framer == nullptr) {
    return;  // ended by the runner before
  }
  const std::string peer = address.text();
  std::string_view rest;
  if (code != kTooLong && code != kMalformed && framer->takeRest(rest)) {
    events_.linkReceived(id_, rest, peer);
  }
  {
    const ProcessLock lock(process_);
    peers_->ended(address);
  }
  events_.linkPeer(id_, peer, false, code);
}

void Link::pumpPeerGaps(int64_t nowNs) {
  peers_->forEach([&](const wire::PeerAddress& address, Framer& framer) {
    std::string_view rest;
    if (framer.gapEndsNs() <= nowNs && framer.takeRest(rest)) {
      events_.linkReceived(id_, rest, address.text());
      framer.keep();
    }
  });
}

void Link::pumpGap(int64_t nowNs) {
  std::string_view rest;
  if (isUp() && framer_.gapEndsNs() <= nowNs && framer_.takeRest(rest)) {
    events_.linkReceived(id_, rest, {});
    framer_.keep();
  }
  if (isUp() && peers_) {
    pumpPeerGaps(nowNs);
  }
  if (!isUp()) {
    return;
  }
  bool broken = false;
  bool idle = false;
  {
    const ProcessLock lock(process_);
    broken = broken_;
    idle = isIdle() && lastNs_ + idleCloseNs_ <= nowNs;
  }
  if (isPastDeadline(nowNs)) {
    lose("lease_lost", "this host may not speak for the module any more");
  } else if (broken) {
    lose("connection_lost", "the connection broke while sending to " + peer_);
  } else if (idle) {
    close();
    wire::WireError none;
    none.code = wire::kIdleCode;
    events_.linkLost(id_, none);
  } else {
    wantWritable();
    applyRule();
  }
}

}  // namespace busbar::runner
