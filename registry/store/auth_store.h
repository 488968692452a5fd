// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "registry/store/auth_records.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

struct AuthWrite {
  enum class Kind {
    Put,
    Erase
  };  // Put: insert or replace. Erase: kind and id count; may be absent
  Kind kind = Kind::Put;
  AuthRecord record;
};

// Keeps what signing in leaves behind: neither configuration nor state, in no change log and no
// watch. Readers load everything once and keep it in memory (api/auth), so that no request reads a
// disk.
//
// Asynchronous and in order, as ConfigStore: each call returns at once; its completion is posted to
// the loop and always called, with DeadlineExceeded at `deadline` at the latest (a write may still
// happen then). Every call: ResourceExhausted with reason queue_full, DataLoss. Loop-only. Contract
// tests: tests/contract/auth_store_contract.h.
class AuthStore {
 public:
  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~AuthStore() = default;

  // What has not expired at `now` (epoch seconds).
  virtual void loadAuth(int64_t now, Instant deadline, Done<std::vector<AuthRecord>> done) = 0;

  // All or nothing, acknowledged after it is durable. ResourceExhausted: reason disk_full.
  // Unavailable: the store stopped writing after an I/O error.
  virtual void applyAuth(std::vector<AuthWrite> writes, Instant deadline, Done<void> done) = 0;

  // Removes what has expired at `now`; how many.
  virtual void purgeAuth(int64_t now, Instant deadline, Done<int64_t> done) = 0;
};

}  // namespace busbar
