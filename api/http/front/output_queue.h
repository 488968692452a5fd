// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sdk/base/clock.h"

namespace busbar::http {

// Output that waits for its reader, and how long the reader has taken nothing. A reader must take
// kMinProgressBytes within the stall time-out: a byte now and then is no progress. Loop-only.
class OutputQueue {
 public:
  static constexpr size_t kMinProgressBytes = 4096;

  explicit OutputQueue(Milliseconds stallTimeout) : stallTimeout_(stallTimeout) {}

  std::string& bytes() { return bytes_; }  // append to it
  size_t size() const { return bytes_.size() - sent_; }
  std::string_view front() const { return std::string_view(bytes_).substr(sent_); }

  // The socket took `count` bytes of front().
  void onTaken(size_t count, Instant now);
  // The socket takes no more for now.
  void onBlocked(Instant now);
  // Everything is gone: gives large buffers back.
  void onEmpty();
  // Gives even a small buffer back if nothing is in it: for connections that wait for long.
  void giveBack();
  void discard();

  bool isBlocked() const { return stallDeadline_ != Instant::max(); }
  Instant stallDeadline() const { return stallDeadline_; }

 private:
  const Milliseconds stallTimeout_;
  std::string bytes_;  // the first sent_ of them are gone
  size_t sent_ = 0;
  size_t takenSinceReset_ = 0;
  Instant stallDeadline_ = Instant::max();
};

}  // namespace busbar::http
