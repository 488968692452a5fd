// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/net/ip_address.h"
#include "sdk/base/result.h"
#include "sdk/base/worker_pool.h"

namespace busbar {

// Host names to addresses. Loop-only.
class Resolver {
 public:
  // At least one address. Unavailable, reason `dns_failed`: no such name, or no answer.
  using Done = Callback<void(Result<std::vector<IpAddress>>)>;
  static constexpr size_t kMaxAddresses = 8;

  virtual ~Resolver() = default;
  // `done` comes exactly once, never before the call returns, or not at all once the resolver is
  // gone.
  virtual void resolve(const std::string& host, Done done) = 0;
};

// getaddrinfo(3) on the pool's threads. Equal names that are under way are asked once; answers are
// kept for 30 s, at most 512 of them.
class SystemResolver : public Resolver {
 public:
  static constexpr auto kKeepFor = std::chrono::seconds(30);
  static constexpr size_t kMaxKept = 512;

  SystemResolver(EventLoop& loop, WorkerPool& pool) : loop_(loop), pool_(pool) {}
  SystemResolver(const SystemResolver&) = delete;
  SystemResolver& operator=(const SystemResolver&) = delete;
  ~SystemResolver() override { *alive_ = false; }

  void resolve(const std::string& host, Done done) override;

 private:
  struct Kept {
    std::vector<IpAddress> addresses;
    Instant until{};
  };
  void ask(const std::string& host);
  void answered(const std::string& host, Result<std::vector<IpAddress>> addresses);
  void keep(const std::string& host, const std::vector<IpAddress>& addresses);

  EventLoop& loop_;
  WorkerPool& pool_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards results of the pool
  std::map<std::string, std::vector<Done>> waiting_;
  std::map<std::string, Kept> kept_;
};

}  // namespace busbar
