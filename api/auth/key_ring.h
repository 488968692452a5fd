// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/auth/auth_journal.h"
#include "api/auth/signing_key.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/json.h"
#include "sdk/base/worker_pool.h"

namespace busbar::auth {

// The keys that sign tokens: one that signs, and those before it until all that they signed has
// expired, so that a rotation signs nobody out. Keys are made here, at first start; none is ever
// shipped or configured. Loop-only.
class KeyRing {
 public:
  // Longer than any token lives (AccessTokens::kLifeSeconds) and the leeway.
  static constexpr int64_t kRetiredSeconds = int64_t{3} * 3600;
  static constexpr int64_t kActiveSeconds = 100LL * 365 * 24 * 3600;

  // Both must outlive this.
  KeyRing(EventLoop& loop, AuthJournal& journal) : loop_(loop), journal_(journal) {}
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;
  ~KeyRing() { *alive_ = false; }

  // DataLoss when a stored key is none.
  Status adopt(const SigningKeyRecord& record);  // at start
  // Makes the first key, if none signs. Answers when it is durable.
  void begin(Callback<void(Status)> done);

  // A new key signs from now on; answers with its id when it is durable. FailedPrecondition, reason
  // rotation_running, while another one is under way.
  void rotate(Callback<void(Result<std::string>)> done);

  bool isReady() const { return !keys_.empty(); }
  const SigningKey& active() const { return keys_.front(); }
  std::span<const SigningKey> all() const { return keys_; }
  json::Object jwks() const;  // RFC 7517 s. 5
  void sweep();               // forgets what has ended

 private:
  void install(Result<SigningKey> made, Callback<void(Result<std::string>)> done);

  EventLoop& loop_;
  AuthJournal& journal_;
  std::vector<SigningKey> keys_;           // the one that signs first
  std::vector<SigningKeyRecord> records_;  // in the same order
  // Told to completions, which may come after this is gone; touched on the loop only.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  // The thread that makes a key, while one is being made; last: it ends before the rest goes.
  std::unique_ptr<WorkerPool> maker_;
};

}  // namespace busbar::auth
