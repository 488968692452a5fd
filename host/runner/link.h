// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <busbar/driver.h>

#include "host/runner/command_queue.h"
#include "host/runner/framing.h"
#include "host/runner/peer_set.h"
#include "host/runner/process.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/messages.h"

namespace busbar::runner {

// What a link tells its instance, on the strand, mutex not held.
class LinkEvents {
 public:
  // `peer` is empty but for links with many.
  virtual void linkReceived(uint32_t linkId, std::string_view frame, std::string_view peer) = 0;
  // A connection of a link with many came, or went for the reason `code`.
  virtual void linkPeer(uint32_t linkId, std::string_view peer, bool connected,
                        std::string_view code) = 0;
  // driver.h frame().
  virtual int64_t linkFrame(uint32_t linkId, std::string_view buffered) = 0;
  // The link is of no use any more; it is closed already.
  virtual void linkLost(uint32_t linkId, const wire::WireError& error) = 0;
  // False while nothing may be delivered: bytes stay in the kernel.
  virtual bool linkMayDeliver() const = 0;
  // nextNs() changed, or the queue may go on.
  virtual void linkWantsPump() = 0;

 protected:
  virtual ~LinkEvents() = default;
};

// One link of an instance on the fd that the host passed: reads and frames, sends with a bounded
// buffer, keeps the command queue. It sends nothing once the deadline page says so.
//
// Does not cover: bytes that the kernel took before the deadline (the host's socket options bound
// them), and a send that is under way while the deadline passes.
class Link {
 public:
  static constexpr size_t kMaxWaitingBytes = 256U << 10U;

  Link(Process& process, LinkEvents& events, uint32_t slot, const wire::CreateLink& m,
       FramingRule rule);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Strand, mutex not held.
  Status open(UniqueFd fd, const wire::LinkUp& m);
  void close();
  bool isPastDeadline(int64_t nowNs) const;
  // Ends a frame by silence.
  void pumpGap(int64_t nowNs);

  // Any thread, mutex held.
  // Sends now. E_OFFLINE: down, another generation, or past the deadline. E_AGAIN: too much waits.
  busbar_status write(std::string_view bytes, uint32_t generation, int64_t nowNs)
      BUSBAR_REQUIRES(kProcess);
  bool hasPeers() const { return peers_ != nullptr; }
  // For links with many peers; as write(), and as PeerSet::send.
  busbar_status writeTo(std::string_view peer, std::string_view bytes, uint32_t generation,
                        int64_t nowNs) BUSBAR_REQUIRES(kProcess);
  busbar_status closePeer(std::string_view peer) BUSBAR_REQUIRES(kProcess);
  void setRule(FramingRule rule) BUSBAR_REQUIRES(kProcess) { newRule_ = std::move(rule); }
  CommandQueue& queue() BUSBAR_REQUIRES(kProcess);
  bool hasQueue() const BUSBAR_REQUIRES(kProcess) { return queue_ != nullptr; }
  // For links on demand. True once for each connection that is to be asked for.
  bool takeConnect() BUSBAR_REQUIRES(kProcess);
  void tryFailed() BUSBAR_REQUIRES(kProcess) { asked_ = false; }
  // E_STATE: the link is down, secure, or was asked before. E_UNSUPPORTED: not in the manifest.
  // Nothing is sent in clear after it.
  busbar_status startTls() BUSBAR_REQUIRES(kProcess);
  // True once, when all that was sent before has gone to the host.
  bool takeStartTls() BUSBAR_REQUIRES(kProcess);
  // Strand, mutex held: sends what the queue has to send.
  void pumpQueue(int64_t nowNs, CommandQueue::EndedList& ended) BUSBAR_REQUIRES(kProcess);
  void queueUp() BUSBAR_REQUIRES(kProcess);
  void queueDown(CommandQueue::EndedList& ended) BUSBAR_REQUIRES(kProcess);
  // When pumpGap, pumpQueue or the deadline want attention.
  int64_t nextNs() const BUSBAR_REQUIRES(kProcess);
  // True when the kernel took all that the driver wrote.
  bool isTaken() const BUSBAR_REQUIRES(kProcess) { return !hasUnsent(); }
  // True when the kernel has sent all that the driver wrote.
  bool isDrained() const BUSBAR_REQUIRES(kProcess);
  // The command that waits for an answer, or 0.
  busbar_id task() const BUSBAR_REQUIRES(kProcess) { return queue_ ? queue_->waiting() : 0; }

  bool isUp() const { return fd_.valid(); }
  uint32_t id() const { return id_; }
  uint32_t kind() const { return upKind_; }
  uint32_t generation() const { return generation_; }
  size_t maxFrameBytes() const { return maxFrameBytes_; }
  const std::string& role() const { return role_; }
  const std::string& peer() const { return peer_; }
  // The last of BUSBAR_LINK_HEALTHY, UNHEALTHY that was sent on.
  uint32_t health BUSBAR_GUARDED_BY(kProcess) = 0;

 private:
  void onEvents(uint32_t events);
  void readStream();
  void readDatagrams();
  void readPackets();
  void onPacket(const wire::PeerPacket& packet);
  void endPeer(const wire::PeerAddress& peer, std::string_view code);
  void pumpPeerGaps(int64_t nowNs);
  const char* deliver(Framer& framer, std::string_view peer);
  bool hasUnsent() const BUSBAR_REQUIRES(kProcess) {
    return !out_.empty() || (peers_ && peers_->hasUnsent());
  }
  void drain();
  void lose(std::string_view code, std::string_view message);
  void loseErrno(const char* attempted);
  void applyRule();
  bool isIdle() const BUSBAR_REQUIRES(kProcess);
  // Waits for `others`, and for room when something waits for that.
  void wantWritable(uint32_t others = EPOLLIN);

  Process& process_;
  LinkEvents& events_;
  const uint32_t slot_;  // in the deadline page
  const uint32_t id_;
  const uint32_t kind_;
  const bool mayStartTls_;
  const std::string role_;
  const size_t maxFrameBytes_;
  std::string peer_;                                       // strand
  const int64_t idleCloseNs_;                              // 0: the link is kept up
  std::atomic<int64_t> lastNs_{0};                         // when bytes went or came
  bool wanted_ BUSBAR_GUARDED_BY(kProcess) = false;        // sent to while down
  bool asked_ BUSBAR_GUARDED_BY(kProcess) = false;         // the host was asked to connect
  uint32_t upKind_;                                        // changed on the strand under the mutex
  bool startsTls_ BUSBAR_GUARDED_BY(kProcess) = false;     // START_TLS was asked for
  bool startTlsTold_ BUSBAR_GUARDED_BY(kProcess) = false;  // … and the host knows
  UniqueFd fd_;                                            // changed on the strand under the mutex
  uint32_t generation_ = 0;                                // changed on the strand under the mutex
  std::string out_ BUSBAR_GUARDED_BY(kProcess);            // not yet taken by the kernel
  std::unique_ptr<CommandQueue> queue_ BUSBAR_GUARDED_BY(kProcess);  // made at the first command
  std::optional<FramingRule> newRule_ BUSBAR_GUARDED_BY(kProcess);
  bool broken_ BUSBAR_GUARDED_BY(kProcess) = false;  // a send found the connection dead
  Framer framer_;                                    // strand
  std::unique_ptr<PeerSet> peers_;                   // kinds with many peers
  FdWatch watch_;                                    // strand
};

}  // namespace busbar::runner
