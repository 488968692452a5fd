// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "sdk/base/result.h"

namespace busbar::test {

// The value that a test takes for granted; without it the program ends here and says where.
template <class T>
T present(std::optional<T> value) {
  BUSBAR_CHECK(value.has_value());
  return *std::move(value);
}

}  // namespace busbar::test
