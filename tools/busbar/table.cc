// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/table.h"

#include <algorithm>
#include <numeric>

#include <wchar.h>

#include "sdk/base/json.h"

namespace busbar::cli {
namespace {

constexpr size_t kLeastColumns = 8;
constexpr size_t kGap = 2;

struct Character {
  size_t bytes = 1;
  size_t columns = 1;
  bool isPrintable = false;
};

Character characterAt(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + bytes > text.size() || !json::isUtf8(text.substr(at, bytes))) {
    return {};
  }
  static constexpr unsigned kMasks[] = {0x7f, 0x1f, 0x0f, 0x07};
  unsigned code = lead & kMasks[bytes - 1];
  for (size_t i = 1; i < bytes; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
  }
  const int columns = wcwidth(static_cast<wchar_t>(code));
  if (columns < 0) {
    return {bytes, 1, false};
  }
  return {bytes, static_cast<size_t>(columns), true};
}

std::vector<size_t> naturalWidths(const std::vector<std::vector<std::string>>& lines) {
  std::vector<size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], displayWidth(line[i]));
    }
  }
  return widths;
}

void shrink(std::vector<size_t>& widths, size_t limit) {
  const size_t gaps = widths.empty() ? 0 : (widths.size() - 1) * kGap;
  size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
  while (limit > 0 && total > limit) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kLeastColumns) {
      return;
    }
    --*widest;
    --total;
  }
}

}  // namespace

size_t displayWidth(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const Character character = characterAt(text, at);
    columns += character.columns;
    at += character.bytes;
  }
  return columns;
}

std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character character = characterAt(text, at);
    if (character.isPrintable) {
      out += text.substr(at, character.bytes);
    } else {
      out += text[at] == '\n' || text[at] == '\t' ? " " : "·";
    }
    at += character.bytes;
  }
  return out;
}

std::string fit(std::string_view text, size_t columns) {
  if (displayWidth(text) <= columns) {
    return std::string(text);
  }
  size_t used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const Character character = characterAt(text, at);
    if (used + character.columns + 1 > columns) {
      break;
    }
    used += character.columns;
    at += character.bytes;
  }
  return std::string(text.substr(0, at)) + (columns > 0 ? "…" : "");
}

std::string layoutTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows,
                        const TableStyle& style) {
  std::vector<std::vector<std::string>> lines;
  if (style.hasHeader) {
    lines.push_back(header);
  }
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const std::string& cell : row) {
      line.push_back(printable(cell));
    }
  }
  std::vector<size_t> widths = naturalWidths(lines);
  shrink(widths, style.widthColumns);
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string cell = fit(line[i], widths[i]);
      text += cell;
      text.append(widths[i] - displayWidth(cell) + kGap, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

}  // namespace busbar::cli
