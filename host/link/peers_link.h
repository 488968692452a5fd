// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/link/address.h"
#include "host/link/link.h"
#include "host/link/peer_filter.h"
#include "host/link/peer_pair.h"
#include "sdk/base/backoff.h"

namespace busbar {

wire::PeerAddress toPeer(const SocketAddress& address);
SocketAddress toSocketAddress(const wire::PeerAddress& peer);

// What links with many peers have in common: who is permitted, opening and trying again, the pair to
// the runner. A peer that is not permitted is counted and named in the log, once in ten seconds.
// Loop-only.
class PeersLink : public Link, protected PeerPair::Owner {
 public:
  PeersLink(const Context& context, LinkTarget target, PeerFilter filter);
  ~PeersLink() override;

  // The peers of a target, without its own address. InvalidArgument; `field` names the member.
  static Result<PeerFilter> filterOf(const LinkTarget& target);

  void connect() override;
  void request() override { connect(); }
  void disconnect() override;
  void lost(uint32_t generation) override;

 protected:
  // Opens the socket.
  virtual Status open() = 0;
  virtual void close() = 0;

  const LinkTarget& target() const { return target_; }
  PeerPair* pair() { return pair_.get(); }
  bool mayWrite() const { return context_.owner.linkMayWrite(); }
  // Ends what is up and tries again later.
  void fail(const Error& error);
  void noteRefused(const wire::PeerAddress& peer, bool byDriver);

  const Context context_;
  PeerFilter filter_;

 private:
  void begin();
  void resolved(const Result<std::vector<SocketAddress>>& addresses);
  void up();
  void retryLater();
  void pairClosed(const std::string& bug) override;

  const LinkTarget target_;
  std::unique_ptr<PeerPair> pair_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards results of the pool
  Backoff backoff_{Milliseconds(500), Milliseconds(30'000)};
  uint32_t random_;
  uint32_t generation_ = 0;
  bool wanted_ = false;
  bool trying_ = false;
  TimerId retryTimer_ = 0;
  Instant quietUntil_{};
  uint64_t refused_ = 0;  // since the last line
};

}  // namespace busbar
