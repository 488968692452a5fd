// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::sandbox {

// What an ELF file wants from the dynamic linker. A plain value.
struct ElfNeeds {
  bool isSharedObject = false;       // ET_DYN; an executable that is not PIE is false
  std::string interpreter;           // PT_INTERP, empty for libraries
  std::vector<std::string> needed;   // DT_NEEDED, file names without '/', in order
  std::vector<std::string> runPath;  // DT_RUNPATH or DT_RPATH, split at ':', unexpanded
};

// Reads the headers of the ELF file at `fd` with bounded pread calls; runs nothing of it and trusts
// no offset, count or length in it. InvalidArgument says what is wrong: not ELF, other machine,
// more than 64 program headers, a dynamic section over 64 KiB, a name over 255 bytes, more than 64
// needs. Does NOT check that the file is harmless or complete: the sandbox is for that.
Result<ElfNeeds> readElfNeeds(int fd);

}  // namespace busbar::sandbox
