// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::cli {

// Columns that `text` takes on a terminal (wcwidth(3) of each character; the program must have
// called setlocale). Control characters and broken UTF-8 count as one, as printable() shows them.
size_t displayWidth(std::string_view text);

// `text` with control characters, also escape sequences, and broken UTF-8 replaced by "·": names
// come from outside and must not steer the terminal. Newlines and tabs become spaces.
std::string printable(std::string_view text);

// The longest beginning of `text` that fits into `columns`, with "…" when something was cut.
std::string fit(std::string_view text, size_t columns);

struct TableStyle {
  size_t widthColumns = 0;  // of the terminal; 0: no limit
  bool hasHeader = true;
};

// Left-aligned columns, two blanks apart, no trailing blanks, one line per row. When the whole is
// wider than the terminal, the widest columns are cut until it fits, none below 8 columns.
std::string layoutTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows, const TableStyle& style);

}  // namespace busbar::cli
