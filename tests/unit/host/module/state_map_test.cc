// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/state_map.h"

#include <cmath>

#include <gtest/gtest.h>

#include <busbar/driver.h>

namespace busbar {
namespace {

class StateMapTest : public testing::Test {
 protected:
  wire::StatePoint point(std::string_view key, uint8_t type) {
    wire::StatePoint p;
    p.key = key;
    p.type = type;
    p.sequence = ++sequence_;
    return p;
  }
  Result<const StateMap::Entry*> text(std::string_view key, std::string_view value) {
    wire::StatePoint p = point(key, BUSBAR_V_STR);
    p.text = value;
    return map_.take(p, 5);
  }
  uint64_t sequence_ = 0;
  StatusRule any_{true, kStatusAny};
  StatusRule number_{false, kStatusInt | kStatusNumber};
  StateMap map_{[this](std::string_view key) -> const StatusRule* {
    return key == "number" ? &number_ : key.starts_with("k") ? &any_ : nullptr;
  }};
};

TEST_F(StateMapTest, WritesEachTypeAsJson) {
  wire::StatePoint p = point("k", BUSBAR_V_INT);
  p.i = INT64_MIN;
  EXPECT_EQ((*map_.take(p, 1))->value.json, "-9223372036854775808");
  p = point("k", BUSBAR_V_DOUBLE);
  p.d = 0.1;
  EXPECT_EQ((*map_.take(p, 1))->value.json, "0.1");
  p = point("k", BUSBAR_V_BOOL);
  p.i = 1;
  EXPECT_EQ((*map_.take(p, 1))->value.json, "true");
  EXPECT_EQ((*text("k", "a\"b"))->value.json, R"("a\"b")");
  p = point("k", BUSBAR_V_DOC);
  p.text = R"({"x":[1]})";
  EXPECT_EQ((*map_.take(p, 1))->value.json, R"({"x":[1]})");
  EXPECT_TRUE(map_.find("k") != nullptr);
  EXPECT_EQ((*map_.take(point("k", BUSBAR_V_NULL), 1))->value.json, "");
  EXPECT_EQ(map_.find("k"), nullptr);
}

TEST_F(StateMapTest, RefusesWhatTheManifestDoesNotAllowAndKeepsTheOldValue) {
  wire::StatePoint p = point("number", BUSBAR_V_INT);
  p.i = 3;
  const auto taken = map_.take(p, 1);
  ASSERT_TRUE(taken.ok());
  EXPECT_FALSE((*taken)->rule.conflates);
  EXPECT_FALSE(text("number", "three").ok());
  EXPECT_EQ(map_.find("number")->value.json, "3");
  EXPECT_EQ(text("undeclared", "x").error().field, "undeclared");
  EXPECT_FALSE(text("k", "\xff").ok());
  EXPECT_FALSE(text("", "x").ok());
  EXPECT_FALSE(text(std::string(129, 'k'), "x").ok());
  p = point("k", BUSBAR_V_DOC);
  p.text = R"({"a":1,"a":2})";
  EXPECT_FALSE(map_.take(p, 1).ok());
  p = point("k", BUSBAR_V_DOUBLE);
  p.d = NAN;
  EXPECT_FALSE(map_.take(p, 1).ok());
}

TEST_F(StateMapTest, ReplayedSequencesAreRefusedAndANewInstanceGoesOn) {
  ASSERT_TRUE(text("k1", "a").ok());
  --sequence_;
  EXPECT_FALSE(text("k1", "again").ok());
  sequence_ = 9;
  ASSERT_TRUE(text("k1", "b").ok());
  EXPECT_EQ(map_.lastSequence(), 10U);
  map_.clear();
  sequence_ = 0;
  EXPECT_EQ((*text("k1", "c"))->value.sequence, 11U);
}

TEST_F(StateMapTest, KeysAreLimited) {
  for (size_t i = 0; i < StateMap::kMaxKeys; ++i) {
    ASSERT_TRUE(text("k" + std::to_string(i), "x").ok());
  }
  EXPECT_FALSE(text("kone-more", "x").ok());
  EXPECT_TRUE(text("k7", "still").ok());
}

TEST_F(StateMapTest, DirtyEntriesAreHandedOutOnceWithTheirLastValue) {
  ASSERT_TRUE(text("k1", "a").ok());
  ASSERT_TRUE(text("k1", "b").ok());
  std::vector<std::string> saved;
  const auto save = [&](const StateEntry& e) { saved.push_back(e.key + e.json); };
  map_.drainDirty(save);
  map_.drainDirty(save);
  EXPECT_EQ(saved, std::vector<std::string>{"k1\"b\""});
}

}  // namespace
}  // namespace busbar
