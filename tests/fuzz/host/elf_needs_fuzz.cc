// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stddef.h>
#include <stdint.h>

#include "host/sandbox/elf_needs.h"
#include "sdk/base/unique_fd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const busbar::UniqueFd fd(::memfd_create("elf", MFD_CLOEXEC));
  if (::write(fd.get(), data, size) != static_cast<ssize_t>(size)) {
    return 0;
  }
  const auto needs = busbar::sandbox::readElfNeeds(fd.get());
  if (needs.ok()) {
    for (const std::string& name : needs->needed) {
      if (name.empty() || name.size() > 255 || name.find('/') != std::string::npos) {
        ::abort();
      }
    }
  }
  return 0;
}
