// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/timer_set.h"

#include <algorithm>

namespace busbar::runner {
namespace {

int64_t addClamped(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? TimerSet::kNever - 1 : sum;
}

}  // namespace

busbar_status TimerSet::set(busbar_id token, int64_t firstNs, int64_t periodNs,
                            busbar_id parentCall, int64_t nowNs) {
  if (token == 0 || firstNs < 0 || periodNs < 0 || (periodNs != 0 && periodNs < kMinPeriodNs)) {
    return BUSBAR_E_INVALID;
  }
  auto it = std::find_if(timers_.begin(), timers_.end(),
                         [token](const Timer& t) { return t.token == token; });
  if (it == timers_.end()) {
    if (timers_.size() == kMaxTimers) {
      return BUSBAR_E_AGAIN;
    }
    it = timers_.insert(timers_.end(), Timer{});
  }
  *it = Timer{addClamped(nowNs, firstNs), nextOrder_++, token, periodNs, parentCall};
  return BUSBAR_OK;
}

bool TimerSet::cancel(busbar_id token) {
  return std::erase_if(timers_, [token](const Timer& t) { return t.token == token; }) != 0;
}

void TimerSet::endCall(busbar_id call) {
  std::erase_if(timers_, [call](const Timer& t) { return t.parentCall == call; });
}

int64_t TimerSet::nextNs() const {
  int64_t next = kNever;
  for (const Timer& timer : timers_) {
    next = std::min(next, timer.dueNs);
  }
  return next;
}

std::optional<busbar_id> TimerSet::takeDue(int64_t nowNs) {
  const auto it =
      std::min_element(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
        return a.dueNs != b.dueNs ? a.dueNs < b.dueNs : a.order < b.order;
      });
  if (it == timers_.end() || it->dueNs > nowNs) {
    return std::nullopt;
  }
  const busbar_id token = it->token;
  if (it->periodNs == 0) {
    timers_.erase(it);
  } else {
    const int64_t missed = (nowNs - it->dueNs) / it->periodNs;
    it->dueNs = addClamped(it->dueNs, (missed + 1) * it->periodNs);
    it->order = nextOrder_++;
  }
  return token;
}

}  // namespace busbar::runner
