// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/peer_set.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace busbar::runner {

busbar_status PeerSet::send(std::string_view peer, std::string_view bytes) {
  const auto address = wire::PeerAddress::parse(peer);
  if (!address || (!hasConnections_ && bytes.size() > kMaxDatagramBytes)) {
    return BUSBAR_E_INVALID;
  }
  if (hasConnections_) {
    const auto found = peers_.find(*address);
    if (found == peers_.end() || found->second.closed) {
      return BUSBAR_E_OFFLINE;
    }
  }
  if (waitingBytes_ != 0 && waitingBytes_ + bytes.size() > kMaxWaitingBytes) {
    return BUSBAR_E_AGAIN;
  }
  while (!bytes.empty()) {
    wire::PeerPacket packet;
    packet.peer = *address;
    packet.data = bytes.substr(0, wire::kMaxPeerData);
    bytes.remove_prefix(packet.data.size());
    packet.flags = bytes.empty() ? 0 : wire::kPeerMore;
    push(packet);
  }
  return BUSBAR_OK;
}

busbar_status PeerSet::closePeer(std::string_view peer) {
  const auto address = wire::PeerAddress::parse(peer);
  const auto found = address ? peers_.find(*address) : peers_.end();
  if (found == peers_.end() || std::exchange(found->second.closed, true)) {
    return BUSBAR_E_NOTFOUND;
  }
  wire::PeerPacket packet;
  packet.kind = wire::PeerPacketKind::Close;
  packet.peer = *address;
  push(packet);
  return BUSBAR_OK;
}

void PeerSet::push(const wire::PeerPacket& packet) {
  wire::encode(packets_.emplace_back(), packet);
  waitingBytes_ += packets_.back().size();
}

bool PeerSet::flush(int fd) {
  while (!packets_.empty()) {
    const std::string& next = packets_.front();
    if (::send(fd, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    waitingBytes_ -= next.size();
    packets_.pop_front();
  }
  return true;
}

Framer& PeerSet::connected(const wire::PeerAddress& peer) {
  return peers_.try_emplace(peer, Peer{Framer(rule_, maxFrameBytes_)}).first->second.framer;
}

Framer* PeerSet::find(const wire::PeerAddress& peer) {
  const auto it = peers_.find(peer);
  return it == peers_.end() ? nullptr : &it->second.framer;
}

void PeerSet::setRule(const FramingRule& rule) {
  rule_ = rule;
  for (auto& [address, peer] : peers_) {
    peer.framer.setRule(rule);
  }
}

int64_t PeerSet::gapEndsNs() const {
  int64_t first = INT64_MAX;
  for (const auto& [address, peer] : peers_) {
    first = std::min(first, peer.framer.gapEndsNs());
  }
  return first;
}

void PeerSet::clear() {
  peers_.clear();
  packets_.clear();
  waitingBytes_ = 0;
}

}  // namespace busbar::runner
