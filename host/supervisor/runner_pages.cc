// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/runner_pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <string>

namespace busbar {
namespace {

constexpr size_t kDeadlineBytes = RunnerPages::kSlots * sizeof(int64_t);
constexpr size_t kLivenessBytes = 4096;

// A memfd whose size can never change, so that neither side can make the other fault
// (memfd_create(2)).
Result<UniqueFd> sealedMemfd(const char* name, size_t bytes) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    return Error::fromErrno(errno, std::string("create the ") + name + " page");
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return Error::fromErrno(errno, std::string("seal the ") + name + " page");
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<RunnerPages>> RunnerPages::create() {
  std::unique_ptr<RunnerPages> pages(new RunnerPages);
  auto deadline = sealedMemfd("busbar-deadline", kDeadlineBytes);
  BUSBAR_TRY(deadline);
  auto liveness = sealedMemfd("busbar-liveness", kLivenessBytes);
  BUSBAR_TRY(liveness);
  void* writable =
      mmap(nullptr, kDeadlineBytes, PROT_READ | PROT_WRITE, MAP_SHARED, deadline->get(), 0);
  if (writable == MAP_FAILED) {
    return Error::fromErrno(errno, "map the deadline page");
  }
  pages->deadlines_ = static_cast<int64_t*>(writable);
  // From here on nobody gets a further writable mapping: the runner's is read-only.
  if (fcntl(deadline->get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0 ||
      fcntl(liveness->get(), F_ADD_SEALS, F_SEAL_SEAL) != 0) {
    return Error::fromErrno(errno, "seal the shared pages");
  }
  void* readable = mmap(nullptr, kLivenessBytes, PROT_READ, MAP_SHARED, liveness->get(), 0);
  if (readable == MAP_FAILED) {
    return Error::fromErrno(errno, "map the liveness page");
  }
  pages->liveness_ = static_cast<const uint64_t*>(readable);
  pages->deadlineFd_ = std::move(*deadline);
  pages->livenessFd_ = std::move(*liveness);
  return pages;
}

RunnerPages::~RunnerPages() {
  if (deadlines_ != nullptr) {
    munmap(deadlines_, kDeadlineBytes);
  }
  if (liveness_ != nullptr) {
    munmap(const_cast<uint64_t*>(liveness_), kLivenessBytes);  // NOLINT: munmap takes void*
  }
}

void RunnerPages::setDeadline(size_t slot, int64_t bootNs) {
  BUSBAR_CHECK(slot < kSlots);
  std::atomic_ref<int64_t>(deadlines_[slot]).store(bootNs, std::memory_order_release);
}

int64_t RunnerPages::deadline(size_t slot) const {
  BUSBAR_CHECK(slot < kSlots);
  return std::atomic_ref<int64_t>(deadlines_[slot]).load(std::memory_order_acquire);
}

RunnerPages::Liveness RunnerPages::readLiveness() const {
  const auto word = [&](size_t i) { return __atomic_load_n(&liveness_[i], __ATOMIC_ACQUIRE); };
  Liveness l;
  l.turns = word(0);
  l.callStartNs = static_cast<int64_t>(word(1));
  const uint64_t where = word(2);
  l.instance = static_cast<uint32_t>(where);
  l.callback = static_cast<uint32_t>(where >> 32U);
  l.callId = word(3);
  return l;
}

const char* RunnerPages::callbackName(uint32_t callback) {
  constexpr std::array<const char*, 17> kNames{"no callback",
                                               "process_init",
                                               "create",
                                               "start",
                                               "stop",
                                               "destroy",
                                               "on_settings",
                                               "connected",
                                               "disconnected",
                                               "frame",
                                               "received",
                                               "execute",
                                               "cancelled",
                                               "event",
                                               "busbar_entry_1",
                                               "process_exit",
                                               "library constructors"};
  return callback < kNames.size() ? kNames[callback] : "an unknown callback";
}

}  // namespace busbar
