// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/state/state_store.h"
#include "sdk/base/result.h"
#include "sdk/wire/messages.h"

namespace busbar {

// Which JSON types a status key may take; bits.
enum StatusType : uint8_t {
  kStatusNull = 1,
  kStatusBool = 2,
  kStatusInt = 4,
  kStatusNumber = 8,
  kStatusString = 16,
  kStatusArray = 32,
  kStatusObject = 64,
  kStatusAny = 127,
};

// How the manifest declares a key.
struct StatusRule {
  bool conflates = true;  // kind "state"; false: kind "event"
  uint8_t types = kStatusAny;
};

// The present value of each status key of one module: the truth while this host owns it. Loop-only.
class StateMap {
 public:
  static constexpr size_t kMaxKeys = 4096;
  struct Entry {
    StateEntry value;
    StatusRule rule;
    bool dirty = false;  // not yet in the store
  };
  // Finds the manifest's rule for a key; nullptr when it declares none. Asked once per key.
  using FindRule = Callback<const StatusRule*(std::string_view key)>;

  explicit StateMap(FindRule findRule) : findRule_(std::move(findRule)) {}

  // Checks and takes one point from a runner. The entry as it stands now (empty json: removed), or
  // InvalidArgument saying which key and why. `sequence` must rise.
  Result<const Entry*> take(const wire::StatePoint& point, int64_t nowUtcNs);
  // Sets a key of the host's own, as "connected". Never refused.
  const Entry& set(std::string_view key, std::string json, int64_t nowUtcNs);
  // Starts over with a new instance: forgets every value.
  void clear();
  // Takes what the store kept, without marking it dirty.
  void restore(std::vector<StateEntry> entries);

  const Entry* find(std::string_view key) const;
  std::vector<StateEntry> all() const;  // by key
  // Hands each dirty entry to `take` and marks it clean.
  void drainDirty(const std::function<void(const StateEntry&)>& take);
  bool dirty() const { return !dirtyKeys_.empty(); }
  // Of the last point taken; keeps rising over new instances.
  uint64_t lastSequence() const { return sequenceBase_ + lastRunnerSequence_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Map = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  void markDirty(Map::iterator it);

  FindRule findRule_;
  Map entries_;
  std::vector<std::string> dirtyKeys_;
  std::string scratch_;  // the last value taken away; its memory is used again
  uint64_t sequenceBase_ = 0;
  uint64_t lastRunnerSequence_ = 0;
};

}  // namespace busbar
