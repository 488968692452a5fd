// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/output_queue.h"

#include <utility>

namespace busbar::http {
namespace {

constexpr size_t kCompactBytes = 256 * 1024;
constexpr size_t kKeptBytes = 16 * 1024;

}  // namespace

void OutputQueue::onTaken(size_t count, Instant now) {
  sent_ += count;
  takenSinceReset_ += count;
  if (isBlocked() && takenSinceReset_ >= kMinProgressBytes) {
    stallDeadline_ = now + stallTimeout_;
    takenSinceReset_ = 0;
  }
  if (sent_ >= kCompactBytes && size() > 0) {
    bytes_.erase(0, std::exchange(sent_, 0));
  }
}

void OutputQueue::onBlocked(Instant now) {
  if (!isBlocked()) {
    stallDeadline_ = now + stallTimeout_;
    takenSinceReset_ = 0;
  }
}

void OutputQueue::onEmpty() {
  sent_ = 0;
  stallDeadline_ = Instant::max();
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytes) {
    bytes_ = std::string();
  }
}

void OutputQueue::giveBack() {
  if (size() == 0) {
    bytes_ = std::string();
    sent_ = 0;
  }
}

void OutputQueue::discard() {
  bytes_ = std::string();
  onEmpty();
}

}  // namespace busbar::http
