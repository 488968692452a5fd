// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/pages.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "sdk/base/unique_fd.h"

namespace busbar::runner {
namespace {

Result<void*> mapFd(int fd, int protection, size_t& bytes) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) {
    return Error::fromErrno(errno, "look at a shared page");
  }
  bytes = static_cast<size_t>(st.st_size);
  void* at = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) {
    return Error::fromErrno(errno, "map a shared page");
  }
  return at;
}

}  // namespace

const char* toString(Entry entry) {
  static constexpr std::array<const char*, 17> kNames{
      "none",        "process_init", "create",       "start",        "stop",        "destroy",
      "on_settings", "connected",    "disconnected", "frame",        "received",    "execute",
      "cancelled",   "event",        "entry",        "process_exit", "constructors"};
  const auto index = static_cast<size_t>(entry);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Result<Pages> Pages::map(int deadlineFd, int livenessFd) {
  Pages pages;
  if (deadlineFd >= 0) {
    const UniqueFd fd(deadlineFd);
    size_t bytes = 0;
    auto at = mapFd(fd.get(), PROT_READ, bytes);
    BUSBAR_TRY(at);
    pages.deadlines_ = static_cast<const std::atomic<int64_t>*>(*at);
    pages.slots_ = bytes / sizeof(int64_t);
  }
  if (livenessFd >= 0) {
    const UniqueFd fd(livenessFd);
    size_t bytes = 0;
    auto at = mapFd(fd.get(), PROT_READ | PROT_WRITE, bytes);
    BUSBAR_TRY(at);
    if (bytes < sizeof(LivenessPage)) {
      return Error::of(ErrorCode::InvalidArgument, "the liveness page is too small");
    }
    pages.liveness_ = static_cast<LivenessPage*>(*at);
  } else {
    void* at = ::mmap(nullptr, sizeof(LivenessPage), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
      return Error::fromErrno(errno, "map a page");
    }
    pages.liveness_ = static_cast<LivenessPage*>(at);
  }
  return pages;
}

int64_t Pages::deadlineNs(uint32_t slot) const {
  return slot < slots_ ? deadlines_[slot].load(std::memory_order_relaxed) : INT64_MAX;
}

}  // namespace busbar::runner
