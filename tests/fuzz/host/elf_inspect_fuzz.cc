// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a library: the report is JSON and nothing reads outside of the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "host/inspect/elf.h"
#include "host/inspect/report.h"
#include "sdk/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = busbar::elf::Image::parse({reinterpret_cast<const char*>(data), size});
  const std::string report = busbar::elf::writeReport(image);
  if (!busbar::json::check(report, {8U << 20U, 40}).ok()) {
    std::abort();
  }
  return 0;
}
