// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/ids.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace busbar::model {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(Ids, EncodesTimeAndRandomBitsAsTheUlidSpecificationSays) {
  FakeClock clock;
  clock.setUtc(1'469'918'176'385 * kMs);
  IdGenerator ids(clock,
                  [](std::span<uint8_t> out) { std::fill(out.begin(), out.end(), uint8_t{0}); });
  EXPECT_EQ(ids.next(Table::Module), "mod-01ARYZ6S410000000000000000");
}

TEST(Ids, FillsAllRandomCharacters) {
  FakeClock clock;
  IdGenerator ids(clock,
                  [](std::span<uint8_t> out) { std::fill(out.begin(), out.end(), uint8_t{0xFF}); });
  EXPECT_EQ(ids.nextUlid().substr(10), std::string(16, 'Z'));
  // The tail is full: the next one borrows a millisecond rather than going back.
  const std::string next = ids.nextUlid();
  EXPECT_EQ(next.substr(10), std::string(16, '0'));
}

TEST(Ids, RiseWithinAMillisecondAndWhenTheClockGoesBack) {
  FakeClock clock;
  IdGenerator ids(clock);
  std::string last = ids.nextUlid();
  for (int i = 0; i < 1000; ++i) {
    if (i == 500) {
      clock.setUtc(1'000 * kMs);
    }
    const std::string next = ids.nextUlid();
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(Ids, OfTwoGeneratorsDiffer) {
  FakeClock clock;
  IdGenerator a(clock);
  IdGenerator b(clock);
  EXPECT_NE(a.nextUlid(), b.nextUlid());
}

TEST(Ids, AreRecognisedByFormAndTable) {
  FakeClock clock;
  IdGenerator ids(clock);
  for (size_t i = 0; i < std::variant_size_v<Record>; ++i) {
    const auto table = static_cast<Table>(i);
    EXPECT_EQ(toTable(toString(table)), table);
    EXPECT_TRUE(isId(table, ids.next(table)));
  }
  EXPECT_FALSE(isId(Table::Module, ids.next(Table::System)));
  EXPECT_FALSE(isId(Table::Module, ""));
  EXPECT_FALSE(isId(Table::Module, "mod-"));
  EXPECT_FALSE(isId(Table::Module, "mod-01ARYZ6S41000000000000000"));
  EXPECT_FALSE(isId(Table::Module, "mod-01ARYZ6S4100000000000000000"));
  EXPECT_FALSE(isId(Table::Module, "mod-01ARYZ6S41000000000000000U"));
  EXPECT_FALSE(isId(Table::Module, "mod-01aryz6s410000000000000000"));
  EXPECT_FALSE(isId(Table::Module, "mod-81ARYZ6S410000000000000000"));
}

}  // namespace
}  // namespace busbar::model
