// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace busbar {

// What somebody typed into a search box, as the words to look for: any one of them suffices, each
// as a whole word, the last one also as the beginning of one. An e-mail address, a host name or an
// id is one word, of which all parts must stand together. No words: everything is meant. Value
// type.
struct SearchQuery {
  static constexpr size_t kMaxCharacters = 512;
  static constexpr size_t kMaxWords = 16;

  std::vector<std::string> words;

  bool isAll() const { return words.empty(); }
  // The same as a MATCH expression of SQLite's FTS5 (sqlite.org/fts5.html s. 3). Never malformed.
  std::string toMatch() const;
  bool operator==(const SearchQuery&) const = default;
};

// Never fails: `field:` prefixes, AND, OR, NOT, signs, quotes, brackets and wildcards are dropped;
// what is too long is cut. Pure. Tests: search_query_test.cc, fuzz target search_query_fuzz.
SearchQuery toSearchQuery(std::string_view text);

}  // namespace busbar
