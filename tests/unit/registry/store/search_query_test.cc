// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/search_query.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

using Words = std::vector<std::string>;

TEST(SearchQuery, TakesTheWordsOutOfWhatSomebodyTyped) {
  struct Row {
    std::string text;
    Words words;
  };
  for (const Row& row : std::vector<Row>{
           {"", {}},
           {"*", {}},
           {"  \t ", {}},
           {"room", {"room"}},
           {"room 12", {"room", "12"}},
           {"bob.smith@example.com", {"bob.smith@example.com"}},
           {"bob+tag@example.com", {"bob+tag@example.com"}},
           {"tags:(+level AND +building)", {"level", "building"}},
           {"name:room", {"room"}},
           {"name: room", {"room"}},
           {"a OR b NOT c", {"a", "b", "c"}},
           {"or and not", {"or", "and", "not"}},
           {"\"meeting room\"", {"meeting", "room"}},
           {"meet*ing?", {"meet", "ing"}},
           {"-hidden", {"hidden"}},
           {"end. of-", {"end", "of"}},
           {"@.-_+", {}},
           {"(a{b}[c]^d~2)", {"a", "b", "c", "d", "2"}},
           {"Büro 日本", {"Büro", "日本"}},
           {std::string("a\0b", 3), {"a", "b"}},
           {"NEAR(a b)", {"NEAR", "a", "b"}},
       }) {
    EXPECT_EQ(toSearchQuery(row.text).words, row.words) << row.text;
    EXPECT_EQ(toSearchQuery(row.text).isAll(), row.words.empty());
  }
}

TEST(SearchQuery, CutsWhatIsTooLong) {
  std::string many;
  for (int n = 0; n < 100; ++n) {
    many += "w" + std::to_string(n) + " ";
  }
  EXPECT_EQ(toSearchQuery(many).words.size(), SearchQuery::kMaxWords);
  EXPECT_EQ(toSearchQuery(std::string(9000, 'x')).words.front().size(),
            SearchQuery::kMaxCharacters);
  std::string wide;
  for (int n = 0; n < 600; ++n) {
    wide += "ü";
  }
  EXPECT_EQ(toSearchQuery(wide).words.front().size(), 2 * SearchQuery::kMaxCharacters)
      << "characters, not bytes";
}

TEST(SearchQuery, BecomesAnExpressionInWhichNothingIsAnOperator) {
  EXPECT_EQ(toSearchQuery("").toMatch(), "");
  EXPECT_EQ(toSearchQuery("room").toMatch(), "\"room\"*");
  EXPECT_EQ(toSearchQuery("a NEAR b@c.d").toMatch(), "\"a\" OR \"NEAR\" OR \"b@c.d\"*");
}

}  // namespace
}  // namespace busbar
