// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/ber.h"

#include <limits>

#include <gtest/gtest.h>

namespace busbar::snmp {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes integer(int64_t value) {
  BerWriter writer;
  writer.putInteger(value);
  return writer.finish();
}

Bytes oid(const char* text) {
  BerWriter writer;
  writer.putOid(*Oid::fromText(text));
  return writer.finish();
}

struct IntegerCase {
  int64_t value;
  Bytes bytes;
};
class BerInteger : public testing::TestWithParam<IntegerCase> {};
TEST_P(BerInteger, HasTheShortestForm) {
  EXPECT_EQ(integer(GetParam().value), GetParam().bytes);
  BerReader reader(GetParam().bytes);
  EXPECT_EQ(
      reader.takeInteger(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()),
      GetParam().value);
  EXPECT_TRUE(reader.isDone());
}
INSTANTIATE_TEST_SUITE_P(Table, BerInteger,
                         testing::Values(IntegerCase{0, {2, 1, 0}}, IntegerCase{127, {2, 1, 127}},
                                         IntegerCase{128, {2, 2, 0, 128}},
                                         IntegerCase{256, {2, 2, 1, 0}},
                                         IntegerCase{-1, {2, 1, 255}},
                                         IntegerCase{-128, {2, 1, 128}},
                                         IntegerCase{-129, {2, 2, 255, 127}},
                                         IntegerCase{2147483647, {2, 4, 127, 255, 255, 255}},
                                         IntegerCase{std::numeric_limits<int64_t>::min(),
                                                     {2, 8, 128, 0, 0, 0, 0, 0, 0, 0}}));

TEST(BerUnsigned, TakesNineOctetsAndTheFormWithoutTheLeadingZero) {
  EXPECT_EQ(berUnsigned(Bytes{0, 255, 255, 255, 255, 255, 255, 255, 255}), ~uint64_t{0});
  EXPECT_EQ(berUnsigned(Bytes{255, 255, 255, 255}), 0xFFFFFFFFU);
  EXPECT_EQ(berUnsigned(Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0}), std::nullopt);
  EXPECT_EQ(berUnsigned(Bytes{}), std::nullopt);
  BerWriter writer;
  writer.putUnsigned(0x80000000U, 0x41);
  EXPECT_EQ(writer.finish(), (Bytes{0x41, 5, 0, 0x80, 0, 0, 0}));
}

TEST(BerOid, EncodesLikeTheStandard) {
  EXPECT_EQ(oid("1.3.6.1.2.1"), (Bytes{6, 5, 0x2B, 6, 1, 2, 1}));
  EXPECT_EQ(oid("2.999.3"), (Bytes{6, 3, 0x88, 0x37, 3}));  // X.690 8.19.5
  EXPECT_EQ(oid("1.3.4294967295"), (Bytes{6, 6, 0x2B, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F}));
  EXPECT_EQ(oid("0.0"), (Bytes{6, 1, 0}));
  for (const char* text :
       {"1.3.6.1.2.1", "2.999.3", "1.3.4294967295", "0.0", "2.4294967295", "1.39.128"}) {
    const Bytes bytes = oid(text);
    const auto back = berOid(std::span(bytes).subspan(2));
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_EQ(back->toText(), text);
  }
}

TEST(BerOid, RefusesBrokenForms) {
  EXPECT_FALSE(berOid(Bytes{}).has_value());
  EXPECT_FALSE(berOid(Bytes{0x2B, 0x86}).has_value());
  EXPECT_FALSE(berOid(Bytes{0x2B, 0x80, 1}).has_value());
  EXPECT_FALSE(berOid(Bytes{0x2B, 0x90, 0x80, 0x80, 0x80, 0}).has_value());  // 2^32
  EXPECT_TRUE(berOid(Bytes(127, 1)).has_value());
  EXPECT_FALSE(berOid(Bytes(128, 1)).has_value());
}

TEST(OidText, IsChecked) {
  EXPECT_EQ(Oid::fromText(".1.3.6")->toText(), "1.3.6");
  for (const char* text :
       {"", ".", "1", "1.", "1..3", "1.40", "3.1", "1.3.a", "1.3.4294967296", "1.3 "}) {
    EXPECT_FALSE(Oid::fromText(text).has_value()) << text;
  }
  std::string longest = "1.3";
  for (int i = 2; i < 128; ++i) {
    longest += ".1";
  }
  EXPECT_TRUE(Oid::fromText(longest).has_value());
  EXPECT_FALSE(Oid::fromText(longest + ".1").has_value());
}

TEST(OidTree, KnowsItsBranches) {
  const Oid root = *Oid::fromText("1.3.6");
  EXPECT_TRUE(root.isWithin(root));
  EXPECT_TRUE(Oid::fromText("1.3.6.1.9")->isWithin(root));
  EXPECT_FALSE(Oid::fromText("1.3.7")->isWithin(root));
  EXPECT_FALSE(Oid::fromText("1.3")->isWithin(root));
  EXPECT_EQ(Oid::fromText("1.3.6.1.9")->indexBelow(root), "1.9");
  EXPECT_LT(root, *Oid::fromText("1.3.6.0"));
}

TEST(BerReader, ReadsLongLengths) {
  Bytes bytes = {4, 0x82, 0x01, 0x00};
  bytes.resize(4 + 256, 'x');
  BerReader reader(bytes);
  EXPECT_EQ(reader.take(tag::kOctetString).size(), 256U);
  EXPECT_TRUE(reader.isDone());
  const Bytes padded = {4, 0x83, 0, 0, 1, 'x'};
  BerReader other(padded);
  EXPECT_EQ(other.take(tag::kOctetString).size(), 1U);
}

class BerReaderRefuses : public testing::TestWithParam<Bytes> {};
TEST_P(BerReaderRefuses, Element) {
  BerReader reader(GetParam());
  uint8_t found = 0;
  EXPECT_TRUE(reader.takeAny(found).empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.isDone());
}
INSTANTIATE_TEST_SUITE_P(Inputs, BerReaderRefuses,
                         testing::Values(Bytes{}, Bytes{4}, Bytes{4, 1}, Bytes{4, 0x80, 'x', 0, 0},
                                         Bytes{4, 0x81}, Bytes{4, 0x82, 1},
                                         Bytes{4, 0x85, 0, 0, 0, 0, 1, 'x'}, Bytes{4, 0xFF},
                                         Bytes{4, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 'x'},
                                         Bytes{0x1F, 1, 1}, Bytes{4, 2, 'x'}));

TEST(BerReader, StaysFailed) {
  const Bytes bytes = {4, 1, 'x', 2, 1, 5};
  BerReader reader(bytes);
  EXPECT_EQ(reader.takeInteger(0, 10), 0);
  EXPECT_TRUE(reader.take(tag::kOctetString).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(BerReader, ChecksTheRangeOfIntegers) {
  const Bytes bytes = {2, 1, 11};
  BerReader reader(bytes);
  reader.takeInteger(0, 10);
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(berInteger(Bytes(9, 1)).has_value());
}

}  // namespace
}  // namespace busbar::snmp
