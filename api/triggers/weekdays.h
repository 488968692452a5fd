// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace busbar::triggers {

// By std::chrono::weekday::c_encoding().
inline constexpr std::array<std::string_view, 7> kWeekdayNames{"sun", "mon", "tue", "wed",
                                                               "thu", "fri", "sat"};

}  // namespace busbar::triggers
