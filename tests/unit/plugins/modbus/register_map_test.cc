// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/register_map.h"

#include <gtest/gtest.h>

#include "plugins/modbus/planner.h"

namespace busbar::modbus {
namespace {

PointSpec spec(std::string name, std::string table, int64_t address, std::string type = "") {
  PointSpec result;
  result.name = std::move(name);
  result.table = std::move(table);
  result.address = address;
  result.type = std::move(type);
  return result;
}

TEST(RegisterMap, OrdersPointsAndFindsThemByName) {
  RegisterMap map;
  ASSERT_EQ(map.build({spec("b", "holding", 10), spec("a", "holding", 2, "float32"),
                       spec("c", "coil", 5)}),
            "");
  ASSERT_EQ(map.points().size(), 3U);
  EXPECT_EQ(map.points()[0].name, "c");
  EXPECT_EQ(map.points()[0].type, Type::Bool);
  EXPECT_EQ(map.points()[1].name, "a");
  EXPECT_EQ(map.points()[1].width, 2);
  EXPECT_EQ(map.find("b"), &map.points()[2]);
  EXPECT_EQ(map.indexOf(*map.find("b")), 2U);
  EXPECT_EQ(map.find("d"), nullptr);
}

TEST(RegisterMap, CountMakesARowOfPoints) {
  RegisterMap map;
  PointSpec row = spec("zone", "input", 100, "int32");
  row.count = 3;
  ASSERT_EQ(map.build({row}), "");
  EXPECT_EQ(map.find("zone_1")->address, 100);
  EXPECT_EQ(map.find("zone_3")->address, 104);
  EXPECT_EQ(map.find("zone"), nullptr);
}

TEST(RegisterMap, KeepsTheOldMapWhenTheNewOneIsRefused) {
  RegisterMap map;
  ASSERT_EQ(map.build({spec("a", "holding", 0)}), "");
  EXPECT_NE(map.build({spec("b", "holding", 70000)}), "");
  EXPECT_NE(map.find("a"), nullptr);
}

struct BadSpec {
  const char* label;
  void (*spoil)(PointSpec&);
  const char* expected;
};
class RegisterMapRefuses : public testing::TestWithParam<BadSpec> {};
TEST_P(RegisterMapRefuses, WithASentence) {
  PointSpec point = spec("p", "holding", 0);
  GetParam().spoil(point);
  RegisterMap map;
  const std::string error = map.build({point});
  EXPECT_NE(error.find(GetParam().expected), std::string::npos)
      << GetParam().label << ": " << error;
}
INSTANTIATE_TEST_SUITE_P(
    Points, RegisterMapRefuses,
    testing::Values(BadSpec{"name", [](PointSpec& p) { p.name = "a b"; }, "name"},
                    BadSpec{"table", [](PointSpec& p) { p.table = "holdings"; }, "table"},
                    BadSpec{"type", [](PointSpec& p) { p.type = "int8"; }, "type"},
                    BadSpec{"address", [](PointSpec& p) { p.address = -1; }, "addresses"},
                    BadSpec{"end",
                            [](PointSpec& p) {
                              p.address = 65535;
                              p.type = "int32";
                            },
                            "addresses"},
                    BadSpec{"bool", [](PointSpec& p) { p.type = "bool"; }, "needs bit"},
                    BadSpec{"bit",
                            [](PointSpec& p) {
                              p.type = "bool";
                              p.bit = 16;
                            },
                            "0 to 15"},
                    BadSpec{"bit of int", [](PointSpec& p) { p.bit = 1; }, "bit is for"},
                    BadSpec{"coil type",
                            [](PointSpec& p) {
                              p.table = "coil";
                              p.type = "int16";
                            },
                            "only type bool"},
                    BadSpec{"order", [](PointSpec& p) { p.wordOrder = "middle"; }, "word_order"},
                    BadSpec{"write",
                            [](PointSpec& p) {
                              p.table = "input";
                              p.isWritable = true;
                            },
                            "written"},
                    BadSpec{"scale", [](PointSpec& p) { p.scale = 0; }, "scale"},
                    BadSpec{"scale of text",
                            [](PointSpec& p) {
                              p.type = "string";
                              p.scale = 2;
                            },
                            "numbers"},
                    BadSpec{"length", [](PointSpec& p) { p.length = 2; }, "type string"},
                    BadSpec{"long",
                            [](PointSpec& p) {
                              p.type = "string";
                              p.length = 126;
                            },
                            "length"},
                    BadSpec{"count", [](PointSpec& p) { p.count = 0; }, "count"}));

TEST(RegisterMap, RefusesANameThatIsUsedTwice) {
  RegisterMap map;
  EXPECT_EQ(map.build({spec("a", "holding", 0), spec("a", "coil", 0)}),
            "point \"a\": the name is used twice");
}

TEST(RegisterMap, BoundsTheNumberOfPoints) {
  RegisterMap map;
  PointSpec many = spec("p", "holding", 0);
  many.count = static_cast<int64_t>(kMaxPoints);
  EXPECT_EQ(map.build({many}), "");
  EXPECT_NE(map.build({many, spec("one", "coil", 0)}), "");
}

std::vector<PlannedRead> plan(const std::vector<PointSpec>& specs, const PlanLimits& limits = {}) {
  RegisterMap map;
  EXPECT_EQ(map.build(specs), "");
  return planReads(map.points(), limits);
}

TEST(Planner, MergesNeighboursAndSmallGaps) {
  const auto reads =
      plan({spec("a", "holding", 0), spec("b", "holding", 1, "float32"), spec("c", "holding", 11)});
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].address, 0);
  EXPECT_EQ(reads[0].count, 12);
  EXPECT_EQ(reads[0].points, (std::vector<uint32_t>{0, 1, 2}));
}

TEST(Planner, SplitsAtGapTableAndSize) {
  EXPECT_EQ(plan({spec("a", "holding", 0), spec("b", "holding", 10)}).size(), 2U);
  EXPECT_EQ(plan({spec("a", "holding", 0), spec("b", "input", 1)}).size(), 2U);
  PointSpec many = spec("p", "holding", 0);
  many.count = 126;
  const auto reads = plan({many});
  ASSERT_EQ(reads.size(), 2U);
  EXPECT_EQ(reads[0].count, 125);
  EXPECT_EQ(reads[1].count, 1);
  PointSpec bits = spec("p", "coil", 0);
  bits.count = 2001;
  EXPECT_EQ(plan({bits}).size(), 2U);
}

TEST(Planner, NeverCutsAPoint) {
  PointSpec many = spec("p", "holding", 0, "float64");
  many.count = 32;  // 128 registers
  const auto reads = plan({many});
  ASSERT_EQ(reads.size(), 2U);
  EXPECT_EQ(reads[0].count, 124);
  EXPECT_EQ(reads[1].address, 124);
}

TEST(Planner, HonoursTheDevicesLimitAndWidePoints) {
  PointSpec text = spec("text", "holding", 0, "string");
  text.length = 20;
  const auto reads = plan({text, spec("n", "holding", 20)}, {.maxRegisters = 10});
  ASSERT_EQ(reads.size(), 2U);
  EXPECT_EQ(reads[0].count, 20);
  EXPECT_EQ(plan({spec("a", "holding", 0), spec("b", "holding", 2)}, {.maxGap = 0}).size(), 2U);
}

TEST(Planner, OverlappingPointsShareARead) {
  const auto reads = plan({spec("all", "holding", 0, "float64"), spec("low", "holding", 1)});
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].count, 4);
}

TEST(Planner, LeavesOutWhatIsNotPolled) {
  PointSpec quiet = spec("q", "holding", 0);
  quiet.isPolled = false;
  EXPECT_TRUE(plan({quiet}).empty());
}

}  // namespace
}  // namespace busbar::modbus
