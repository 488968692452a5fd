// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_calls.h"

#include <algorithm>

namespace busbar::runner {

size_t OpenCalls::find(busbar_id id) const {
  for (size_t i = calls_.size(); i-- > 0;) {
    if (calls_[i].id == id) {
      return i;
    }
  }
  return calls_.size();
}

void OpenCalls::erase(size_t index) {
  calls_[index] = calls_.back();
  calls_.pop_back();
}

bool OpenCalls::open(busbar_id id, int64_t deadlineNs) {
  if (id == 0 || isOpen(id)) {
    return false;
  }
  calls_.push_back({id, deadlineNs});
  return true;
}

OpenCalls::End OpenCalls::complete(busbar_id id) {
  if (const size_t at = find(id); at != calls_.size()) {
    erase(at);
    return End::Done;
  }
  const bool crossed =
      id != 0 && std::find(cancelled_.begin(), cancelled_.end(), id) != cancelled_.end();
  return crossed ? End::Crossed : End::Duplicate;
}

bool OpenCalls::cancel(busbar_id id) {
  const size_t at = find(id);
  if (at == calls_.size()) {
    return false;
  }
  erase(at);
  cancelled_[nextCancelled_] = id;
  nextCancelled_ = (nextCancelled_ + 1) % cancelled_.size();
  return true;
}

int64_t OpenCalls::deadlineNs(busbar_id id) const {
  const size_t at = id == 0 ? calls_.size() : find(id);
  return at == calls_.size() ? kNoDeadline : calls_[at].deadlineNs;
}

}  // namespace busbar::runner
