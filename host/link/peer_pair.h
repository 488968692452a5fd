// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/peer_packet.h"

namespace busbar {

// The host's end of the SOCK_SEQPACKET pair of a link with many peers. Loop-only.
class PeerPair {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // A packet of the runner: well formed, nothing more. The pair may be deleted in it.
    virtual void pairPacket(const wire::PeerPacket& packet) = 0;
    virtual void pairWritable() = 0;
    // The runner closed its end, or broke the format (then `bug` says how). The pair may be deleted
    // in it.
    virtual void pairClosed(const std::string& bug) = 0;
  };

  // Makes the pair; `theirs` is for the runner.
  static Result<std::unique_ptr<PeerPair>> create(EventLoop& loop, Owner& owner, UniqueFd& theirs);
  PeerPair(const PeerPair&) = delete;
  PeerPair& operator=(const PeerPair&) = delete;
  ~PeerPair() { *alive_ = false; }

  // Sends it, or keeps it until the runner reads: then isFull() until pairWritable().
  void send(const wire::PeerPacket& packet);
  // While it is, nothing more should be read from peers.
  bool isFull() const { return !waiting_.empty(); }
  size_t waiting() const { return waiting_.size(); }
  // Reads what the runner has sent so far.
  void drain();

 private:
  PeerPair(Owner& owner, UniqueFd fd);
  void onEvents(uint32_t events);
  bool readSome();
  void flush();

  Owner& owner_;
  UniqueFd fd_;
  FdWatch watch_;
  std::string scratch_;
  std::unique_ptr<char[]> buffer_;
  std::deque<std::string> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // ends loops over callbacks
};

}  // namespace busbar
