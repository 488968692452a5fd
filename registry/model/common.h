// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace busbar::model {

// What every row has.
struct Common {
  std::string id;
  int64_t createdAt = 0;
  int64_t updatedAt = 0;
  int64_t revision = 0;  // 0 = not stored yet
  bool operator==(const Common&) const = default;
};

}  // namespace busbar::model
