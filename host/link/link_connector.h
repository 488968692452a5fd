// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/link/link.h"
#include "sdk/base/backoff.h"

namespace busbar {

// What the fence needs of each TCP socket: TCP_NODELAY, SO_LINGER {1,0}, small buffers,
// TCP_USER_TIMEOUT.
void setLinkOptions(int fd);

// Brings a connection of one link up and keeps trying: resolve, connect, set the options that the
// fence needs (TCP_NODELAY, SO_LINGER {1,0}, small buffers, TCP_USER_TIMEOUT), hand the fd over,
// and after lost() wait 500 ms doubling to 30 s +- 20 % and try again. The wait starts over after a
// link that lived 10 s. With LinkTarget::onDemand each try and each connection needs a request()
// of its own. Loop-only.
class LinkConnector {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void linkConnected(uint32_t linkId, uint32_t generation, UniqueFd fd,
                               std::string peer) = 0;
    // A try failed; the next comes by itself.
    virtual void linkFailed(uint32_t linkId, const Error& error) = 0;
  };

  LinkConnector(EventLoop& loop, WorkerPool& pool, Owner& owner, uint32_t linkId, LinkTarget target,
                uint32_t randomSeed);
  LinkConnector(const LinkConnector&) = delete;
  LinkConnector& operator=(const LinkConnector&) = delete;
  ~LinkConnector();

  void connect();     // now, unless a try is under way
  void request();     // now, or when the wait after a failure is over
  void disconnect();  // and stay down
  // The connection that was handed over is gone; tries again unless disconnect() was called.
  void lost();

  const LinkTarget& target() const { return target_; }
  uint32_t generation() const { return generation_; }
  // The connection goes on under another number.
  uint32_t raiseGeneration() { return ++generation_; }
  bool up() const { return up_; }

 private:
  struct Resolution;
  void resolve();
  void resolved(Result<std::unique_ptr<Resolution>> resolution);
  void tryNext();
  void onWritable();
  void succeed();
  void fail(Error error);
  void retryLater();
  int socketType() const;

  EventLoop& loop_;
  WorkerPool& pool_;
  Owner& owner_;
  const uint32_t linkId_;
  const LinkTarget target_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards results of the pool
  Backoff backoff_{Milliseconds(500), Milliseconds(30'000)};
  uint32_t random_;
  uint32_t generation_ = 0;
  bool wanted_ = false;
  bool trying_ = false;
  bool up_ = false;
  Instant upSince_{};
  TimerId retryTimer_ = 0;
  TimerId connectTimer_ = 0;
  std::unique_ptr<Resolution> addresses_;
  UniqueFd fd_;
  FdWatch watch_;
  std::string peer_;
};

}  // namespace busbar
