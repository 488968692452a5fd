// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include "plugins/echo/args.h"

// Whatever the text is, what args_find returns lies within it and strings fit their buffer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const busbar_doc text{data, size, BUSBAR_ENC_JSON, 0};
  for (const char* name : {"value", "key", ""}) {
    const busbar_doc part = args_find(text, name);
    if (part.ptr != nullptr && (part.ptr < data || part.ptr + part.len > data + size)) {
      std::abort();
    }
    char out[64];
    if (args_string(part, out, sizeof(out)) > 64 || args_count(part) > (int64_t{1} << 53)) {
      std::abort();
    }
  }
  char out[16];
  return args_string(text, out, sizeof(out)) > 16 ? (std::abort(), 1) : 0;
}
