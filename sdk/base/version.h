// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace busbar {

// Of this tree, "0.1.0", from the top CMakeLists.txt. Thread-safe.
std::string_view versionText();

}  // namespace busbar
