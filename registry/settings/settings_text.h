// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar {

constexpr size_t kMaxSettingsBytes = size_t{64} * 1024;
constexpr unsigned kMaxSettingsDepth = 32;

// The object that a settings document means. The text is JSON or one YAML document, written by a
// user; blank text is the empty object. YAML is read by the core schema of YAML 1.2, so `no`, `on`
// and `12:30` are text; so is a number that starts with a needless zero, as PINs and telephone
// numbers do. Aliases, tags other than the core ones, .inf and .nan, keys that are not scalars,
// repeated keys, more than one document and control characters are refused, as is what exceeds the
// limits above. InvalidArgument, field "settings_string", with line and column for YAML. Never
// throws.
Result<json::Object> parseSettings(std::string_view text);

}  // namespace busbar
