// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "registry/store/auth_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"

namespace busbar::auth {

// What the tables of this folder (sessions, token families, …) share: the store that they write to,
// the time, and the count of revocations, which caches of credentials compare. Loop-only.
class AuthJournal {
 public:
  // Both must outlive this.
  AuthJournal(AuthStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Epoch seconds.
  int64_t now() const { return clock_.utcNs() / 1'000'000'000; }
  const Clock& clock() const { return clock_; }

  void write(std::vector<AuthWrite> writes, Callback<void(Status)> done) {
    store_.applyAuth(std::move(writes), clock_.now() + kLimit, std::move(done));
  }
  // For what nobody waits for.
  void note(AuthRecord record) {
    std::vector<AuthWrite> writes;
    writes.push_back({AuthWrite::Kind::Put, std::move(record)});
    write(std::move(writes), [](const Status&) {});
  }

  // Rises whenever a credential that held does not hold any more.
  uint64_t revocations() const { return revocations_; }
  void countRevocation() {
    ++revocations_;
    if (onRevocation_) {
      onRevocation_();
    }
  }
  // Told of each, before or after the tables have changed: what it starts belongs on a later turn
  // of the loop. At most one at a time.
  void onRevocation(Callback<void()> told) { onRevocation_ = std::move(told); }

 private:
  static constexpr Milliseconds kLimit{10'000};

  AuthStore& store_;
  const Clock& clock_;
  uint64_t revocations_ = 0;
  Callback<void()> onRevocation_;
};

}  // namespace busbar::auth
