// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <busbar/driver.h>

#include "sdk/base/pattern.h"
#include "sdk/base/result.h"
#include "sdk/wire/messages.h"

namespace busbar::runner {

// The status keys that a manifest declares. Immutable; instances of one driver share it.
class StatusNames {
 public:
  // InvalidArgument when a pattern is not understood.
  static Result<std::shared_ptr<const StatusNames>> create(
      const std::vector<wire::CreateStatus>& declared);
  // True when made from the same list.
  bool equals(const std::vector<wire::CreateStatus>& declared) const;

  bool hasName(std::string_view key) const { return names_.find(key) != names_.end(); }
  bool matchesPattern(std::string_view key) const;

 private:
  friend class StatusGate;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;
  StatusNames() = default;
  Set names_;
  std::vector<std::string> patternTexts_;
  std::vector<Pattern> patterns_;
};

// Decides which points of one instance may pass: declared key, well-formed value, at most
// kMaxKeys keys at a time. Numbers what passes. Thread-compatible.
class StatusGate {
 public:
  static constexpr size_t kMaxKeys = 4096;
  static constexpr size_t kMaxKeyBytes = 128;
  static constexpr size_t kMaxTextBytes = 1U << 20U;

  explicit StatusGate(std::shared_ptr<const StatusNames> names) : names_(std::move(names)) {}

  // Before the points of one status_set.
  void beginBatch() { newKeys_ = 0; }
  // Checks one point of the driver (a whole, zero-extended block) and fills `out` but for its
  // sequence and time; views point into the driver's memory. Nothing: it may pass. Else why not.
  const char* check(const busbar_point& in, wire::StatePoint& out);
  // Takes note of a point that was accepted and gives it its sequence.
  uint64_t accept(const wire::StatePoint& point);

 private:
  const char* checkKey(std::string_view key, bool removes);

  std::shared_ptr<const StatusNames> names_;  // shared with other instances of the driver
  StatusNames::Set dynamic_;                  // live keys that only a pattern declares
  size_t newKeys_ = 0;                        // of this batch
  uint64_t sequence_ = 0;
};

}  // namespace busbar::runner
