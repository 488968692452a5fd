// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include <busbar/driver.h>

#include "host/runner/framing.h"
#include "sdk/wire/peer_packet.h"

namespace busbar::runner {

// The runner's end of a link with many peers: who is connected, the frames of each, packets that
// wait for the host. Shape: WIRE.md "Peer packets". Members marked "guarded" as in Link.
class PeerSet {
 public:
  static constexpr size_t kMaxWaitingBytes = 256U << 10U;
  static constexpr size_t kMaxDatagramBytes = 65'507;

  PeerSet(bool hasConnections, FramingRule rule, size_t maxFrameBytes)
      : hasConnections_(hasConnections), rule_(std::move(rule)), maxFrameBytes_(maxFrameBytes) {}

  bool hasConnections() const { return hasConnections_; }
  // Guarded. Puts a message, or its parts, behind what waits. E_INVALID: no address, or more than a
  // datagram. E_OFFLINE: not connected, or closed. E_AGAIN: too much waits.
  busbar_status send(std::string_view peer, std::string_view bytes);
  // E_NOTFOUND: not connected, or closed before.
  busbar_status closePeer(std::string_view peer);
  // Sends what the pair takes; false: it is broken.
  bool flush(int fd);
  bool hasUnsent() const { return !packets_.empty(); }

  // Strand, guarded: of connections. nullptr: unknown.
  Framer& connected(const wire::PeerAddress& peer);
  Framer* find(const wire::PeerAddress& peer);
  void ended(const wire::PeerAddress& peer) { peers_.erase(peer); }
  void setRule(const FramingRule& rule);
  // When silence ends a frame of any of them; INT64_MAX: no frame.
  int64_t gapEndsNs() const;
  // Calls `visit(address, framer)` for each.
  template <class Visit>
  void forEach(Visit visit) {
    for (auto& [address, peer] : peers_) {
      visit(address, peer.framer);
    }
  }
  void clear();

 private:
  struct Peer {
    Framer framer;
    bool closed = false;  // by the driver; the host has not said yet that it ended
  };
  void push(const wire::PeerPacket& packet);

  const bool hasConnections_;
  FramingRule rule_;
  const size_t maxFrameBytes_;
  std::map<wire::PeerAddress, Peer> peers_;
  std::deque<std::string> packets_;
  size_t waitingBytes_ = 0;
};

}  // namespace busbar::runner
