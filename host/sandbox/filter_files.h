// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <cstdint>

namespace busbar::sandbox {

// The layout of the two memory files that carry filters from busbard to a runner of the same
// release.
constexpr uint64_t kFilterFileMagic = 0x31'72'65'74'6c'69'66'62;  // "bfilter1"
constexpr uint32_t kMaxInstructions = 4096;                       // BPF_MAXINSNS

// Where the runner maps the page with the tight program. Far from where programs, libraries, heap
// and stacks are placed; the upper 32 bits and those one below are the pinned range.
#if defined(__x86_64__)
constexpr uint64_t kTightPageAddress = 0x200080000000;
#else
constexpr uint64_t kTightPageAddress = 0x2080000000;  // below 2^39, the smallest AArch64 space
#endif

struct FilterFileHead {
  uint64_t magic = kFilterFileMagic;
  uint64_t tightPageAddress = 0;
  uint32_t tightPageBytes = 0;
  uint32_t wideCount = 0;
  uint32_t pinCount = 0;
  uint32_t reserved = 0;
};

// At tightPageAddress. `program.filter` points behind this struct, so the page is valid only there.
struct TightPage {
  sock_fprog program{};
  uint64_t magic = kFilterFileMagic;
  uint64_t reserved = 0;
};

}  // namespace busbar::sandbox
