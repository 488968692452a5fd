// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// The two pages that host and runner share. Shape: sdk/wire/WIRE.md "Pages". Loop-only.
class RunnerPages {
 public:
  static constexpr size_t kSlots = 4096;  // most modules in one runner

  // Values that the runner wrote: a hint, never trusted for anything but deciding to look.
  struct Liveness {
    uint64_t turns = 0;
    int64_t callStartNs = 0;  // 0: no driver code runs on the strand thread
    uint32_t instance = 0;
    uint32_t callback = 0;
    uint64_t callId = 0;
  };

  static Result<std::unique_ptr<RunnerPages>> create();
  RunnerPages(const RunnerPages&) = delete;
  RunnerPages& operator=(const RunnerPages&) = delete;
  ~RunnerPages();

  // For the runner; each once.
  UniqueFd takeDeadlineFd() { return std::move(deadlineFd_); }
  UniqueFd takeLivenessFd() { return std::move(livenessFd_); }

  void setDeadline(size_t slot, int64_t bootNs);
  int64_t deadline(size_t slot) const;
  Liveness readLiveness() const;

  // "execute" for 11; shape: sdk/wire/WIRE.md "Pages".
  static const char* callbackName(uint32_t callback);

 private:
  RunnerPages() = default;
  UniqueFd deadlineFd_;
  UniqueFd livenessFd_;
  int64_t* deadlines_ = nullptr;
  const uint64_t* liveness_ = nullptr;
};

}  // namespace busbar
