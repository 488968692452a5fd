// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

// The calls that one instance has accepted and not completed. Decides exactly-once. What ended by
// the host's will is remembered for a while, because a completion that crosses it is no fault of
// the driver. Thread-compatible.
class OpenCalls {
 public:
  static constexpr int64_t kNoDeadline = INT64_MAX;

  struct Call {
    busbar_id id;
    int64_t deadlineNs;
  };
  enum class End {
    Done,       // was open: exactly this completion counts
    Crossed,    // the host gave up before; nobody's fault
    Duplicate,  // completed before, or never known: the driver is wrong
  };

  // False when the id is 0 or open already.
  bool open(busbar_id id, int64_t deadlineNs);
  // The driver's (or the runner's) completion.
  End complete(busbar_id id);
  // The host gave up. False when it is not open.
  bool cancel(busbar_id id);
  bool isOpen(busbar_id id) const { return find(id) != calls_.size(); }
  // The deadline that work on behalf of `id` inherits; kNoDeadline for 0 and for ended calls.
  int64_t deadlineNs(busbar_id id) const;
  // Any open call's id, or 0.
  busbar_id any() const { return calls_.empty() ? 0 : calls_.front().id; }
  size_t size() const { return calls_.size(); }

 private:
  size_t find(busbar_id id) const;
  void erase(size_t index);

  std::vector<Call> calls_;  // the newest last: most calls complete at once
  std::array<busbar_id, 16> cancelled_{};
  size_t nextCancelled_ = 0;
};

}  // namespace busbar::runner
