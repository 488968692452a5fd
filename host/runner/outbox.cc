// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/outbox.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "sdk/wire/frame.h"

namespace busbar::runner {
namespace {

// What a drained lane keeps for the next turn; more is given back.
constexpr size_t kKeepBytes = 256U << 10U;
// A lane drops its written head when that is worth a move.
constexpr size_t kCompactBytes = 64U << 10U;

size_t frameBytes(const std::string& bytes, size_t at) {
  uint32_t payload = 0;  // WIRE.md "Frame", offset 0, little-endian
  std::memcpy(&payload, bytes.data() + at, sizeof payload);
  return wire::kHeaderBytes + payload;
}

}  // namespace

size_t Outbox::Lane::unfinished() const {
  return frameStart < sent ? frameStart + frameBytes(bytes, frameStart) - sent : 0;
}

void Outbox::Lane::advance(size_t written) {
  sent += written;
  while (frameStart < sent) {
    const size_t end = frameStart + frameBytes(bytes, frameStart);
    if (end > sent) {
      break;
    }
    frameStart = end;
  }
  compact();
}

void Outbox::Lane::compact() {
  if (sent == bytes.size()) {
    bytes.clear();
    sent = frameStart = 0;
    if (bytes.capacity() > kKeepBytes) {
      std::string().swap(bytes);
    }
  } else if (frameStart >= kCompactBytes) {
    bytes.erase(0, frameStart);
    sent -= frameStart;
    frameStart = 0;
  }
}

Outbox::Flush Outbox::flush(int fd) {
  while (!empty()) {
    // In order: the unfinished bulk frame, all of priority, the rest of bulk.
    const size_t head = bulk_.unfinished();
    char* const bulkAt = bulk_.bytes.data() + bulk_.sent;
    std::array<iovec, 3> parts{{{bulkAt, head},
                                {priority_.bytes.data() + priority_.sent, priority_.waiting()},
                                {bulkAt + head, bulk_.waiting() - head}}};
    ssize_t written = 0;
    do {
      written = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
      return errno == EAGAIN ? Flush::Blocked : Flush::Closed;
    }
    auto left = static_cast<size_t>(written);
    const size_t fromHead = std::min(left, head);
    left -= fromHead;
    const size_t fromPriority = std::min(left, priority_.waiting());
    left -= fromPriority;
    bulk_.advance(fromHead + left);
    priority_.advance(fromPriority);
  }
  return Flush::Drained;
}

}  // namespace busbar::runner
