// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/suggest.h"

#include <algorithm>
#include <cstddef>

namespace busbar::cli {
namespace {

size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                             rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string suggest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 64) {
    return {};
  }
  const size_t limit = word.size() < 4 ? 1 : 2;
  std::string best;
  size_t bestDistance = limit + 1;
  std::vector<std::string> longer;
  for (const std::string& candidate : candidates) {
    if (const size_t edits = distance(word, candidate); edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
    if (candidate.starts_with(word)) {
      longer.push_back(candidate);
    }
  }
  return best.empty() && longer.size() == 1 ? longer.front() : best;
}

}  // namespace busbar::cli
