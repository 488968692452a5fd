// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/link/address.h"
#include "host/link/link.h"
#include "host/link/peer_filter.h"
#include "host/link/peer_pair.h"
#include "sdk/base/backoff.h"

namespace busbar {

wire::PeerAddress toPeer(const SocketAddress& address);
SocketAddress toSocketAddress(const wire::PeerAddress& peer);
// Of a number, with port 0; nullopt for names and the empty text.
std::optional<wire::PeerAddress> toAddress(const std::string& text);
bool isMulticast(const wire::PeerAddress& peer);

// What links with many peers have in common: who is permitted, opening and trying again, the pair
// to the runner. Without peers in the settings the module's own address is the one; a name is
// resolved when the port is opened. What goes wrong with peers is counted and stands in the log
// once in ten seconds. Loop-only.
class PeersLink : public Link, protected PeerPair::Owner {
 public:
  PeersLink(const Context& context, LinkTarget target, PeerFilter filter);
  ~PeersLink() override;

  // The peers of a target, without its own address. InvalidArgument: a peer, group or interface is
  // no address; `field` names the member.
  static Result<PeerFilter> filterOf(const LinkTarget& target);

  void connect() override;
  void request() override { connect(); }
  void disconnect() override;
  void lost(uint32_t generation) override;
  void finish() override;

 protected:
  // Opens the socket.
  virtual Status open() = 0;
  virtual void close() = 0;

  const LinkTarget& target() const { return target_; }
  PeerPair* pair() { return pair_.get(); }
  const PeerPair* pair() const { return pair_.get(); }
  bool mayWrite() const { return context_.owner.linkMayWrite(); }
  // Ends what is up and tries again later.
  void fail(const Error& error);
  // What no runner of this release sends.
  void failByRunner(const std::string& bug);
  void noteRefused(const wire::PeerAddress& peer);  // a stranger who called
  void noteDriverBug(const std::string& message);
  void noteTrouble(const std::string& message);  // with a peer that is permitted

  const Context context_;
  PeerFilter filter_;

 private:
  struct Quiet {
    Instant until{};
    uint64_t count = 0;  // since the last line
  };
  void note(Quiet& quiet, int level, const std::string& message);
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
  Quiet refusals_;
  Quiet bugs_;
  Quiet troubles_;
};

}  // namespace busbar
