// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// What busbar_manifest.hpp, made from a driver's manifest.json, is written in.
namespace busbar::glue {

enum JsonType : unsigned {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,  // with kInteger: any number
  kString = 16,
  kArray = 32,
  kObject = 64,
  kAny = 127,
};

struct ParamSpec {
  const char* name;
  unsigned types;
  bool given;  // required, or filled in by its default
};

struct FunctionSpec {
  const char* name;
  const ParamSpec* params;  // in positional order
  size_t paramCount;
  unsigned resultTypes;
};

struct StatusSpec {
  const char* key;
  unsigned types;
};

struct ManifestSpec {
  const FunctionSpec* functions;
  size_t functionCount;

  // Place in `functions`; functionCount when there is none. No pointer, because GCC with
  // -fsanitize=null does not take a comparison with nullptr as a constant.
  constexpr size_t find(std::string_view name) const {
    size_t i = 0;
    while (i < functionCount && name != functions[i].name) {
      ++i;
    }
    return i;
  }
};

}  // namespace busbar::glue
