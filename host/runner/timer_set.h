// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

// The timers that one instance has set, by the driver's tokens. Time is handed in. A periodic timer
// that is late fires once and keeps its phase: missed ticks are skipped. Thread-compatible.
class TimerSet {
 public:
  static constexpr size_t kMaxTimers = 1024;
  static constexpr int64_t kMinPeriodNs = 1'000'000;
  static constexpr int64_t kNever = INT64_MAX;

  // Sets or replaces the timer `token`. E_INVALID: token 0, negative first, period below 1 ms.
  // E_AGAIN: kMaxTimers are set.
  busbar_status set(busbar_id token, int64_t firstNs, int64_t periodNs, busbar_id parentCall,
                    int64_t nowNs);
  bool cancel(busbar_id token);
  // Ends the timers of a call that ended.
  void endCall(busbar_id call);
  void clear() { timers_.clear(); }

  // When the earliest is due; kNever without timers.
  int64_t nextNs() const;
  // Takes the earliest timer that is due at `nowNs`.
  std::optional<busbar_id> takeDue(int64_t nowNs);
  size_t size() const { return timers_.size(); }

 private:
  struct Timer {
    int64_t dueNs;
    uint64_t order;  // of setting; breaks ties
    busbar_id token;
    int64_t periodNs;
    busbar_id parentCall;
  };
  // A module has a handful of timers: a flat vector is smaller and faster than a tree.
  std::vector<Timer> timers_;
  uint64_t nextOrder_ = 0;
};

}  // namespace busbar::runner
