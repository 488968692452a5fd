// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/operators.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

constexpr size_t kValueCount = 11;
// What stands left, by row, and right, by column.
constexpr std::array<const char*, kValueCount> kValues{nullptr,  "null",      "false",    "true",
                                                       "1",      "1.0",       "2.5",      "\"a\"",
                                                       "\"ab\"", "[1,\"a\"]", "{\"a\":1}"};

struct Table {
  const char* op;
  // T true, . false, n false for want of a value, w false because of a wrong type.
  std::array<const char*, kValueCount> rows;
};

constexpr Table kTables[] = {
    {"equal",
     {"TT.........", "TT.........", "..T........", "...T.......", "....TT.....", "....TT.....",
      "......T....", ".......T...", "........T..", ".........T.", "..........T"}},
    {"not_equal",
     {"..TTTTTTTTT", "..TTTTTTTTT", "TT.TTTTTTTT", "TTT.TTTTTTT", "TTTT..TTTTT", "TTTT..TTTTT",
      "TTTTTT.TTTT", "TTTTTTT.TTT", "TTTTTTTT.TT", "TTTTTTTTT.T", "TTTTTTTTTT."}},
    {"greater_than",
     {"nwwwnnnwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "nwww...wwww", "nwww...wwww",
      "nwwwTT.wwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww"}},
    {"greater_than_or_equal",
     {"nwwwnnnwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "nwwwTT.wwww", "nwwwTT.wwww",
      "nwwwTTTwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww"}},
    {"less_than",
     {"nwwwnnnwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "nwww..Twwww", "nwww..Twwww",
      "nwww...wwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww"}},
    {"less_than_or_equal",
     {"nwwwnnnwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "nwwwTTTwwww", "nwwwTTTwwww",
      "nwww..Twwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww", "wwwwwwwwwww"}},
    {"and",
     {"...........", "...........", "...........", "...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT",
      "...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT"}},
    {"or",
     {"...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT", "TTTTTTTTTTT", "TTTTTTTTTTT", "TTTTTTTTTTT",
      "TTTTTTTTTTT", "TTTTTTTTTTT", "TTTTTTTTTTT", "TTTTTTTTTTT", "TTTTTTTTTTT"}},
    {"exclusive_or",
     {"...TTTTTTTT", "...TTTTTTTT", "...TTTTTTTT", "TTT........", "TTT........", "TTT........",
      "TTT........", "TTT........", "TTT........", "TTT........", "TTT........"}},
    {"contains",
     {"nnnnnnnnnnn", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww",
      "nwwwwwwwwww", "nwwwwwwT.ww", "nwwwwwwTTww", "n...TT.T...", "nwwwwwwT.ww"}},
    {"starts_with",
     {"nnnnnnnnnnn", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww",
      "nwwwwwwwwww", "nwwwwwwT.ww", "nwwwwwwTTww", "nwwwwwwwwww", "nwwwwwwwwww"}},
    {"ends_with",
     {"nnnnnnnnnnn", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww", "nwwwwwwwwww",
      "nwwwwwwwwww", "nwwwwwwT.ww", "nwwwwww.Tww", "nwwwwwwwwww", "nwwwwwwwwww"}},
};

char letterOf(Verdict verdict) {
  constexpr std::string_view kLetters = ".Tnw";
  return kLetters[static_cast<size_t>(verdict)];
}

TEST(Operators, EachDecidesForEachPairOfTypes) {
  std::array<json::Value, kValueCount> values;
  std::array<Term, kValueCount> terms;
  for (size_t i = 1; i < kValueCount; ++i) {
    values[i] = json::parse(kValues[i]).value();
    terms[i] = termOf(&values[i]);
  }
  ASSERT_EQ(std::size(kTables), 12U);
  for (const Table& table : kTables) {
    const auto op = toOperator(table.op);
    ASSERT_TRUE(op) << table.op;
    EXPECT_EQ(toString(*op), table.op);
    for (size_t left = 0; left < kValueCount; ++left) {
      std::string row;
      for (size_t right = 0; right < kValueCount; ++right) {
        row += letterOf(apply(*op, terms[left], terms[right]));
      }
      EXPECT_EQ(row, table.rows[left])
          << table.op << ", left " << (kValues[left] != nullptr ? kValues[left] : "missing");
    }
  }
  EXPECT_FALSE(toOperator("equals"));
}

Verdict look(Operator op, const char* left, const char* right, double slack = 0) {
  const json::Value a = json::parse(left).value();
  const json::Value b = json::parse(right).value();
  return apply(op, termOf(&a), termOf(&b), slack);
}

TEST(Operators, IntegersAreComparedExactly) {
  struct Case {
    Operator op;
    const char* left;
    const char* right;
    Verdict expected;
  };
  const Case cases[] = {
      {Operator::Equal, "9007199254740993", "9007199254740992.0", Verdict::False},
      {Operator::Greater, "9007199254740993", "9007199254740992.0", Verdict::True},
      {Operator::Less, "9007199254740992.0", "9007199254740993", Verdict::True},
      {Operator::Less, "9223372036854775807", "1e19", Verdict::True},
      {Operator::Greater, "-9223372036854775808", "-1e19", Verdict::True},
      {Operator::Less, "-3", "-2.5", Verdict::True},
      {Operator::Greater, "-2", "-2.5", Verdict::True},
      {Operator::Less, "2", "2.5", Verdict::True},
      {Operator::Equal, "-0.0", "0", Verdict::True},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(look(c.op, c.left, c.right), c.expected)
        << c.left << ' ' << toString(c.op) << ' ' << c.right;
  }
}

TEST(Operators, ASlackLetsTheOtherSideBePassed) {
  EXPECT_EQ(look(Operator::Greater, "18", "20", 2), Verdict::True);
  EXPECT_EQ(look(Operator::Greater, "17.9", "20", 2), Verdict::False);
  EXPECT_EQ(look(Operator::GreaterOrEqual, "18", "20", 2), Verdict::True);
  EXPECT_EQ(look(Operator::Less, "22", "20", 2), Verdict::True);
  EXPECT_EQ(look(Operator::LessOrEqual, "22.1", "20", 2), Verdict::False);
  EXPECT_EQ(look(Operator::Greater, "\"18\"", "20", 2), Verdict::WrongType);
}

TEST(Operators, EqualityLooksInsideAndNotAtTheOrderOfMembers) {
  const char* same[][2] = {
      {"{\"a\":1,\"b\":[1,2.0]}", "{\"b\":[1.0,2],\"a\":1.0}"},
      {"[]", "[]"},
      {"{}", "{}"},
  };
  for (const auto& [left, right] : same) {
    EXPECT_EQ(look(Operator::Equal, left, right), Verdict::True) << left;
  }
  const char* different[][2] = {
      {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}"},
      {"{\"a\":1}", "{\"a\":1,\"b\":2}"},
      {"[1,2]", "[2,1]"},
      {"[1]", "[1,2]"},
      {"[]", "{}"},
      {"[null]", "[]"},
      {"{\"a\":null}", "{}"},
      {"\"1\"", "1"},
  };
  for (const auto& [left, right] : different) {
    EXPECT_EQ(look(Operator::Equal, left, right), Verdict::False) << left;
  }
}

TEST(Operators, KeysDigIntoObjectsAndArrays) {
  const json::Value value =
      json::parse(R"({"a":{"b":[10,{"c":null}]},"0":"zero","list":[[7]]})").value();
  const auto found = [&value](const std::vector<std::string>& keys) {
    const json::Value* part = dig(&value, keys);
    return part != nullptr ? json::write(*part) : "none";
  };
  EXPECT_EQ(found({"a", "b", "0"}), "10");
  EXPECT_EQ(found({"a", "b", "1", "c"}), "null");
  EXPECT_EQ(found({"list", "0", "0"}), "7");
  EXPECT_EQ(found({"0"}), "\"zero\"");
  for (const std::vector<std::string>& keys : {std::vector<std::string>{"a", "x"},
                                               {"a", "b", "2"},
                                               {"a", "b", "00"},
                                               {"a", "b", "-1"},
                                               {"a", "b", "1x"},
                                               {"0", "a"},
                                               {"a", "b", "99999999999999999999"}}) {
    EXPECT_EQ(found(keys), "none");
  }
  EXPECT_EQ(dig(nullptr, {"a"}), nullptr);
}

TEST(Operators, ConstantsOfTheWrongTypeAreKnownWhenSaved) {
  EXPECT_FALSE(constantProblem(Operator::Greater, true, "20").empty());
  EXPECT_FALSE(constantProblem(Operator::LessOrEqual, false, true).empty());
  EXPECT_FALSE(constantProblem(Operator::StartsWith, false, 1).empty());
  EXPECT_FALSE(constantProblem(Operator::EndsWith, true, nullptr).empty());
  EXPECT_FALSE(constantProblem(Operator::Contains, true, 5).empty());
  EXPECT_TRUE(constantProblem(Operator::Contains, false, 5).empty());
  EXPECT_TRUE(constantProblem(Operator::Greater, true, 20).empty());
  EXPECT_TRUE(constantProblem(Operator::Equal, true, nullptr).empty());
  EXPECT_TRUE(constantProblem(Operator::And, false, "x").empty());
}

}  // namespace
}  // namespace busbar::triggers
