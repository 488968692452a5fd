// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sdk/base/clock.h"

namespace busbar::triggers {

// Tells when triggers set each other off in a circle. A firing carries the chain of instances that
// led to it: of the trigger that called it, or whose call to a module was under way, or over for
// less than kAfterCall, when that module's status set it off. The same instance too many times in
// one chain is a loop.
//
// It is a guess where a module changes by itself just after a trigger called it; that is what
// `loop_limit` is for. Slower circles, through devices that answer later, are not found. Loop-only.
class LoopGuard {
 public:
  static constexpr Milliseconds kAfterCall{1000};
  static constexpr Milliseconds kLongestCall{600'000};
  static constexpr size_t kMaxChain = 256;

  using Chain = std::vector<std::string>;  // instance ids, oldest first

  // A firing with this chain begins to call a module; over: the call ended.
  void begin(const std::string& moduleId, const std::string& firingId, const Chain& chain);
  void end(const std::string& moduleId, const std::string& firingId, Instant now);
  // What led to a change of a module's status now; empty: nothing of ours.
  Chain chainOf(std::string_view moduleId, Instant now);

  // How many times `instanceId` stands in `chain`.
  static size_t countIn(const Chain& chain, std::string_view instanceId);

 private:
  struct Touch {
    std::string firingId;
    Chain chain;
    Instant until = Instant::max();  // the call is under way
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, Touch, Hash, std::equal_to<>> touches_;
};

}  // namespace busbar::triggers
