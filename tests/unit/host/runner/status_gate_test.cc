// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/status_gate.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

busbar_point point(std::string_view key, uint32_t type = BUSBAR_V_INT) {
  busbar_point p{};
  p.struct_size = sizeof p;
  p.key = {key.data(), key.size()};
  p.value.type = type;
  return p;
}

busbar_point textPoint(uint32_t type, std::string_view text) {
  busbar_point p = point("power", type);
  if (type == BUSBAR_V_STR) {
    p.value.u.s = {text.data(), text.size()};
  } else {
    p.value.u.b = {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
  return p;
}

class StatusGateTest : public testing::Test {
 protected:
  StatusGateTest() : gate_(*StatusNames::create({{false, "power"}, {true, "^input_[0-9]+$"}})) {}
  // Empty: it may pass, and was accepted.
  std::string offer(const busbar_point& p) {
    wire::StatePoint out;
    gate_.beginBatch();
    const char* why = gate_.check(p, out);
    if (why != nullptr) {
      return why;
    }
    sequence_ = gate_.accept(out);
    return {};
  }
  StatusGate gate_;
  uint64_t sequence_ = 0;
};

TEST_F(StatusGateTest, DeclaredNamesAndPatternsPass) {
  EXPECT_EQ(offer(point("power")), "");
  EXPECT_EQ(offer(point("input_12")), "");
  EXPECT_EQ(sequence_, 2u);
  EXPECT_NE(offer(point("input_")), "");
  EXPECT_NE(offer(point("other")), "");
  EXPECT_EQ(offer(point("power")), "");
  EXPECT_EQ(sequence_, 3u);
}

TEST_F(StatusGateTest, KeysMustHaveBytes) {
  EXPECT_NE(offer(point("")), "");
  EXPECT_NE(offer(point(std::string(129, '1'))), "");
  busbar_point p = point("power");
  p.key.ptr = nullptr;
  EXPECT_NE(offer(p), "");
}

TEST_F(StatusGateTest, ValuesMustBeWellFormed) {
  busbar_point p = point("power", BUSBAR_V_BOOL);
  p.value.u.i = 2;
  EXPECT_NE(offer(p), "");
  p = point("power", BUSBAR_V_DOUBLE);
  for (const double bad : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    p.value.u.d = bad;
    EXPECT_NE(offer(p), "");
  }
  EXPECT_NE(offer(textPoint(BUSBAR_V_STR, "\xc3\x28")), "");
  EXPECT_NE(offer(textPoint(BUSBAR_V_DOC, "{\"a\":1,\"a\":2}")), "");
  EXPECT_NE(offer(textPoint(BUSBAR_V_DOC, "")), "");
  EXPECT_EQ(offer(textPoint(BUSBAR_V_DOC, "[1,{}]")), "");
  EXPECT_EQ(offer(textPoint(BUSBAR_V_STR, "")), "");
  EXPECT_NE(offer(point("power", 99)), "");
  p = point("power");
  p.quality = 7;
  EXPECT_NE(offer(p), "");
  p = point("power");
  p.value.flags = 1;
  EXPECT_NE(offer(p), "");
}

TEST_F(StatusGateTest, ALengthWithoutBytesIsRefused) {
  busbar_point p = point("power", BUSBAR_V_STR);
  p.value.u.s = {nullptr, 5};
  EXPECT_NE(offer(p), "");
}

TEST_F(StatusGateTest, PatternKeysAreCountedAndRemoved) {
  for (size_t i = 1; i < StatusGate::kMaxKeys; ++i) {  // "power" is one of them
    const std::string key = "input_" + std::to_string(i);
    ASSERT_EQ(offer(point(key)), "");
  }
  EXPECT_NE(offer(point("input_99999")), "");
  EXPECT_EQ(offer(point("input_5")), "");  // known ones still pass
  EXPECT_EQ(offer(point("input_7", BUSBAR_V_NULL)), "");
  EXPECT_EQ(offer(point("input_99999")), "");
}

TEST_F(StatusGateTest, OneBatchCannotPassTheLimitEither) {
  wire::StatePoint out;
  gate_.beginBatch();
  size_t passed = 0;
  for (size_t i = 0; i < StatusGate::kMaxKeys + 10; ++i) {
    const std::string key = "input_" + std::to_string(i);
    passed += gate_.check(point(key), out) == nullptr ? 1U : 0U;
  }
  EXPECT_EQ(passed, StatusGate::kMaxKeys - 1);
}

TEST(StatusNames, KnowsItsOwnListAgain) {
  const std::vector<wire::CreateStatus> list{{false, "a"}, {true, "^b$"}};
  const auto names = *StatusNames::create(list);
  EXPECT_TRUE(names->equals(list));
  EXPECT_FALSE(names->equals({{false, "a"}}));
  EXPECT_FALSE(names->equals({{false, "a"}, {true, "^c$"}}));
  EXPECT_FALSE(names->equals({{false, "x"}, {true, "^b$"}}));
  EXPECT_FALSE(StatusNames::create({{true, "(?=x)"}}).ok());
}

}  // namespace
}  // namespace busbar::runner
