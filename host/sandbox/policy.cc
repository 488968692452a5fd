// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/policy.h"

namespace busbar::sandbox {
namespace {

Status checkRange(const char* field, uint64_t value, uint64_t low, uint64_t high) {
  if (value < low || value > high) {
    return Error::at(ErrorCode::InvalidArgument, field,
                     std::string("runner policy: ") + field + " is " + std::to_string(value) +
                         ", allowed are " + std::to_string(low) + " to " + std::to_string(high));
  }
  return {};
}

}  // namespace

Status checkPolicy(const RunnerPolicy& policy) {
  BUSBAR_TRY(checkRange("memoryBytes", policy.memoryBytes, 16ULL << 20, 64ULL << 30));
  BUSBAR_TRY(checkRange("cpuPercent", policy.cpuPercent, 0, 6400));
  BUSBAR_TRY(checkRange("tasks", policy.tasks, 2, 4096));
  BUSBAR_TRY(checkRange("openFiles", policy.openFiles, 16, 65536));
  BUSBAR_TRY(checkRange("tmpBytes", policy.tmpBytes, 0, 1ULL << 30));
  BUSBAR_TRY(checkRange("extraLibraries", policy.extraLibraries.size(), 0, 32));
  for (const std::string& name : policy.extraLibraries) {
    if (name.empty() || name.size() > 255 || name.find('/') != std::string::npos) {
      return Error::at(ErrorCode::InvalidArgument, "extraLibraries",
                       "runner policy: '" + name + "' is not a plain library file name");
    }
  }
  return {};
}

}  // namespace busbar::sandbox
