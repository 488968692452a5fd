// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace busbar::runner {

// The frames that wait for the channel, in two lanes: priority (outcomes and completions: never
// refused, their number is bounded by what the host has in flight) and bulk (state, progress, log:
// bounded). All that waits goes out in one write; priority first, but a frame that was written in
// part is finished before any other. Thread-compatible (the runner guards it with its mutex).
class Outbox {
 public:
  static constexpr size_t kBulkLimitBytes = 1U << 20U;

  enum class Flush { Drained, Blocked, Closed };

  // Where frames are encoded to: whole frames only, appended.
  std::string& priority() { return priority_.bytes; }
  std::string& bulk() { return bulk_.bytes; }
  // True if `bytes` more may be appended to bulk. An empty lane takes one frame of any legal size.
  bool hasRoom(size_t bytes) const {
    return bulk_.waiting() == 0 || bulk_.waiting() + bytes <= kBulkLimitBytes;
  }
  bool empty() const { return priority_.waiting() == 0 && bulk_.waiting() == 0; }
  size_t bulkBytes() const { return bulk_.waiting(); }

  // Writes until all is gone or `fd` (non-blocking) takes no more. Closed: the peer is away.
  Flush flush(int fd);

 private:
  struct Lane {
    std::string bytes;
    size_t sent = 0;        // bytes already written
    size_t frameStart = 0;  // start of the first frame that is not wholly written
    size_t waiting() const { return bytes.size() - sent; }
    // Bytes of the frame that was written in part and must be finished first; 0: none.
    size_t unfinished() const;
    void advance(size_t written);
    void compact();
  };
  Lane priority_;
  Lane bulk_;
};

}  // namespace busbar::runner
