// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// Fixed-width hex of (generation, revision of the claim): compares as text in every store.
using Epoch = std::string;

// One status key of one module. `json` is checked JSON text; empty means the key is removed.
struct StateEntry {
  std::string key;
  std::string json;
  uint64_t sequence = 0;  // rises per module and epoch
  int64_t timeNs = 0;     // UTC, from the driver or the host
};

// The mirror of module state that outlives a restart. The owner's memory is the truth; this is
// write-behind, bounded, and refuses an epoch lower than the last one seen for a module.
// Asynchronous like ConfigStore; loop-only. Contract tests: tests/contract/state_store_contract.h.
class StateStore {
 public:
  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~StateStore() = default;

  // Never blocks. A later value of the same key may replace an earlier one that is not yet saved.
  // False when the entry is dropped: its epoch is below the stored one, or the key is new and the
  // store holds its maximum of keys.
  virtual bool put(std::string_view moduleId, const Epoch& epoch, StateEntry entry) = 0;
  // Forgets all keys of a module. Same epoch rule.
  virtual bool clear(std::string_view moduleId, const Epoch& epoch) = 0;
  virtual void read(std::string moduleId, Instant deadline, Done<std::vector<StateEntry>> done) = 0;
  // Completes when everything put before is saved.
  virtual void flush(Instant deadline, Done<void> done) = 0;
};

}  // namespace busbar
