// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar::sandbox {

// Files of /proc and cgroupfs: read whole, at most 64 KiB; nothing when that fails.
std::optional<std::string> readSmallFile(const std::string& path);
// Writes `text` in one call into an existing file; never makes one.
Status writeSmallFile(const std::string& path, std::string_view text);

}  // namespace busbar::sandbox
