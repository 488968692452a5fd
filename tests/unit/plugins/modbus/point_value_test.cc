// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/point_value.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace busbar::modbus {
namespace {

using Bytes = std::vector<uint8_t>;
using Words = std::vector<uint16_t>;

Point point(Type type, uint16_t width) {
  Point result;
  result.type = type;
  result.width = width;
  result.isWritable = true;
  return result;
}

Bytes toBytes(const Words& words) {
  Bytes bytes;
  for (const uint16_t word : words) {
    bytes.push_back(static_cast<uint8_t>(word >> 8));
    bytes.push_back(static_cast<uint8_t>(word));
  }
  return bytes;
}

// Encodes, compares with `words`, decodes again and compares with `value`.
void expectBothWays(const Point& p, const Value& value, const Words& words) {
  Words out;
  ASSERT_EQ(encodePoint(p, value, out), "");
  EXPECT_EQ(out, words);
  EXPECT_EQ(decodePoint(p, toBytes(words), 0), value);
}

TEST(PointValue, KeepsEveryNumberType) {
  expectBothWays(point(Type::Int16, 1), int64_t{-2}, {0xFFFE});
  expectBothWays(point(Type::Uint16, 1), int64_t{65534}, {0xFFFE});
  expectBothWays(point(Type::Int32, 2), int64_t{-2}, {0xFFFF, 0xFFFE});
  expectBothWays(point(Type::Uint32, 2), int64_t{0x12345678}, {0x1234, 0x5678});
  expectBothWays(point(Type::Int64, 4), std::numeric_limits<int64_t>::min(), {0x8000, 0, 0, 0});
  expectBothWays(point(Type::Int64, 4), std::numeric_limits<int64_t>::max(),
                 {0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF});
  expectBothWays(point(Type::Uint64, 4), int64_t{(1LL << 53) + 1}, {0x0020, 0, 0, 1});
  expectBothWays(point(Type::Float32, 2), 1.5, {0x3FC0, 0});
  expectBothWays(point(Type::Float64, 4), -2.5, {0xC004, 0, 0, 0});
}

TEST(PointValue, HonoursWordAndByteOrder) {
  Point p = point(Type::Uint32, 2);
  p.isLowWordFirst = true;
  expectBothWays(p, int64_t{0x12345678}, {0x5678, 0x1234});
  p.isByteSwapped = true;
  expectBothWays(p, int64_t{0x12345678}, {0x7856, 0x3412});
  p.isLowWordFirst = false;
  expectBothWays(p, int64_t{0x12345678}, {0x3412, 0x7856});
}

TEST(PointValue, ScalesBothWaysAndRounds) {
  Point p = point(Type::Int16, 1);
  p.scale = 0.1;
  p.offset = -40;
  EXPECT_DOUBLE_EQ(std::get<double>(decodePoint(p, Bytes{0x02, 0x71}, 0)), 22.5);
  Words out;
  ASSERT_EQ(encodePoint(p, 22.5, out), "");
  EXPECT_EQ(out, Words{625});
  ASSERT_EQ(encodePoint(p, 22.54, out), "");
  EXPECT_EQ(out, Words{625});
}

TEST(PointValue, LargeUnsignedBecomesADouble) {
  EXPECT_EQ(decodePoint(point(Type::Uint64, 4), Bytes(8, 0xFF), 0), Value(0x1p64));
}

TEST(PointValue, AFloatThatIsNoNumberIsNoValue) {
  EXPECT_EQ(decodePoint(point(Type::Float32, 2), Bytes{0x7F, 0xC0, 0, 0}, 0), Value());
  EXPECT_EQ(decodePoint(point(Type::Float32, 2), Bytes{0x7F, 0x80, 0, 0}, 0), Value());
}

TEST(PointValue, TextIsTrimmedAndMadeUtf8) {
  expectBothWays(point(Type::String, 3), std::string("abc"), {0x6162, 0x6300, 0});
  const Point p = point(Type::String, 2);
  EXPECT_EQ(decodePoint(p, Bytes{'o', 'k', ' ', ' '}, 0), Value(std::string("ok")));
  EXPECT_EQ(decodePoint(p, Bytes{'a', 0xFF, 'b', 0xC3}, 0), Value(std::string("a?b?")));
  EXPECT_EQ(decodePoint(p, Bytes{0xC3, 0xA9, 0xED, 0xA0}, 0), Value(std::string("\xC3\xA9??")));
  Point swapped = p;
  swapped.isByteSwapped = true;
  expectBothWays(swapped, std::string("abcd"), {0x6261, 0x6463});
}

TEST(PointValue, ReadsBitsOfBothKinds) {
  Point coil = point(Type::Bool, 1);
  coil.table = Table::Coil;
  coil.address = 9;
  EXPECT_EQ(decodePoint(coil, Bytes{0, 0x02}, 0), Value(true));
  EXPECT_EQ(decodePoint(coil, Bytes{0, 0xFD}, 0), Value(false));
  EXPECT_EQ(decodePoint(coil, Bytes{0x40}, 3), Value(true));
  Point bit = point(Type::Bool, 1);
  bit.bit = 15;
  EXPECT_EQ(decodePoint(bit, Bytes{0x80, 0}, 0), Value(true));
  EXPECT_EQ(decodePoint(bit, Bytes{0x7F, 0xFF}, 0), Value(false));
}

TEST(PointValue, OutsideOfTheDataThereIsNothing) {
  Point p = point(Type::Uint32, 2);
  p.address = 5;
  EXPECT_EQ(decodePoint(p, Bytes(4, 1), 6), Value());
  EXPECT_EQ(decodePoint(p, Bytes(2, 1), 5), Value());
  EXPECT_EQ(decodePoint(p, Bytes{}, 5), Value());
  EXPECT_NE(decodePoint(p, Bytes(4, 1), 5), Value());
}

TEST(PointValue, ComparesOnlyItsOwnBits) {
  Point bit = point(Type::Bool, 1);
  bit.bit = 0;
  EXPECT_TRUE(isSameRaw(bit, Bytes{0, 0}, Bytes{0xFF, 0xFE}, 0));
  EXPECT_FALSE(isSameRaw(bit, Bytes{0, 0}, Bytes{0, 1}, 0));
  Point coil = point(Type::Bool, 1);
  coil.table = Table::Coil;
  EXPECT_TRUE(isSameRaw(coil, Bytes{0}, Bytes{0xFE}, 0));
  EXPECT_FALSE(isSameRaw(coil, Bytes{0}, Bytes{1}, 0));
  EXPECT_FALSE(isSameRaw(point(Type::Uint16, 1), Bytes{}, Bytes{0, 0}, 0));
}

TEST(PointValue, RefusesWhatDoesNotFit) {
  const auto error = [](const Point& p, const Value& value) {
    Words out;
    return encodePoint(p, value, out);
  };
  EXPECT_EQ(error(point(Type::Uint16, 1), int64_t{70000}), "value 70000 does not fit uint16");
  EXPECT_EQ(error(point(Type::Uint16, 1), int64_t{-1}), "value -1 does not fit uint16");
  EXPECT_EQ(error(point(Type::Int16, 1), 1.5), "value 1.5 is not a whole number");
  EXPECT_EQ(error(point(Type::Int16, 1), std::string("1")), "value must be a number");
  EXPECT_EQ(error(point(Type::Uint64, 4), int64_t{-1}), "value -1 does not fit uint64");
  EXPECT_NE(error(point(Type::Uint64, 4), 0x1p64), "");
  EXPECT_NE(error(point(Type::Int64, 4), 0x1p63), "");
  EXPECT_NE(error(point(Type::Float32, 2), 1e300), "");
  EXPECT_NE(error(point(Type::Float64, 4), std::nan("")), "");
  EXPECT_EQ(error(point(Type::String, 1), std::string("abc")),
            "text of 3 bytes does not fit 2 bytes");
  EXPECT_EQ(error(point(Type::Bool, 1), int64_t{2}), "value must be true or false");
  Point scaled = point(Type::Uint16, 1);
  scaled.scale = 0.01;
  EXPECT_EQ(error(scaled, int64_t{1000}), "value 1000 does not fit uint16 after scaling");
}

}  // namespace
}  // namespace busbar::modbus
