// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"

namespace busbar {

// Renames a damaged database to "<path>.damaged", over an earlier one, and removes its log: an
// empty one can be begun in its place.
Status putAside(const std::string& path);

}  // namespace busbar
