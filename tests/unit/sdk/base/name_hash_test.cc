// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/name_hash.h"

#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

namespace busbar {
namespace {

TEST(NameHashTest, ReadsNamesOfEachLengthAndNothingBeyond) {
  std::unordered_set<size_t> hashes;
  for (size_t length = 0; length <= 64; ++length) {
    const std::string name(length, 'n');
    const std::string inside = "<" + name + ">";
    EXPECT_EQ(NameHash()(std::string_view(inside).substr(1, length)), NameHash()(name)) << length;
    hashes.insert(NameHash()(name));
  }
  EXPECT_EQ(hashes.size(), 65U);
}

TEST(NameHashTest, TellsNamesApartByTheirEnds) {
  std::unordered_set<size_t> hashes;
  size_t names = 0;
  for (const char* head : {"", "a", "set_", "get_", "mod-", "power_of_"}) {
    for (int i = 0; i < 2000; ++i) {
      hashes.insert(NameHash()(head + std::to_string(i)));
      ++names;
    }
  }
  EXPECT_GE(hashes.size(), names * 99 / 100);
}

}  // namespace
}  // namespace busbar
