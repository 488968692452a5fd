// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace busbar::cli {

// The candidate that `word` most likely meant: within two edits (one for short words; swapping
// neighbours is one edit, Damerau 1964), or the only one that begins with it. "" when none is near.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace busbar::cli
