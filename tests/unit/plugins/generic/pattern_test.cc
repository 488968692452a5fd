// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/pattern.h"

#include <chrono>

#include <gtest/gtest.h>

namespace busbar::generic {
namespace {

// The captures as "key=value;…", "no match", or why the pattern is wrong.
std::string matched(const std::string& text, const std::string& message) {
  Pattern pattern;
  if (const std::string error = pattern.build(text); !error.empty()) {
    return error;
  }
  Captures captures;
  if (!pattern.match(message, captures)) {
    EXPECT_TRUE(captures.empty());
    return "no match";
  }
  std::string out;
  for (const auto& [key, value] : captures) {
    out += key + "=";
    if (const auto* flag = std::get_if<bool>(&value)) {
      out += *flag ? "true" : "false";
    } else if (const auto* integer = std::get_if<int64_t>(&value)) {
      out += std::to_string(*integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      out += std::to_string(*number);
    } else {
      out += std::get<std::string>(value);
    }
    out += ";";
  }
  return out;
}

TEST(GenericPattern, TextMustBeTheWholeMessage) {
  EXPECT_EQ(matched("OK", "OK"), "");
  EXPECT_EQ(matched("OK", "OK "), "no match");
  EXPECT_EQ(matched("OK", " OK"), "no match");
  EXPECT_EQ(matched("OK", "O"), "no match");
  EXPECT_EQ(matched("OK\\r", "OK\r"), "");
}

TEST(GenericPattern, FieldsBecomeTypedValues) {
  EXPECT_EQ(matched("VOL={volume:int}", "VOL=-12"), "volume=-12;");
  EXPECT_EQ(matched("VOL={volume:int}", "VOL= +7 "), "volume=7;");
  EXPECT_EQ(matched("T={t:number}C", "T=21.5C"), "t=21.500000;");
  EXPECT_EQ(matched("PWR {power:bool}", "PWR ON"), "power=true;");
  EXPECT_EQ(matched("PWR {power:bool}", "PWR 0"), "power=false;");
  EXPECT_EQ(matched("S={s:hex}", "S=fF"), "s=255;");
  EXPECT_EQ(matched("N={name}", "N=Room 1"), "name=Room 1;");
  EXPECT_EQ(matched("N={name:text}", "N=a\xff\n"), "name=a??;");
  EXPECT_EQ(matched("\\x02{b:bytes}\\x03", "\x02\x01\xff\x03"), "b=01ff;");
}

TEST(GenericPattern, WhatDoesNotFitATypeDoesNotMatch) {
  for (const char* value : {"", "x", "1.5", "12x", "9223372036854775808", "+-1", "--1"}) {
    EXPECT_EQ(matched("V={v:int}", "V=" + std::string(value)), "no match") << value;
  }
  for (const char* value : {"", "nan", "inf", "1e999", "1,5"}) {
    EXPECT_EQ(matched("V={v:number}", "V=" + std::string(value)), "no match") << value;
  }
  EXPECT_EQ(matched("V={v:bool}", "V=maybe"), "no match");
  EXPECT_EQ(matched("V={v:hex}", "V=0x1"), "no match");
}

TEST(GenericPattern, AFieldEndsAtTheFirstPlaceOfWhatFollows) {
  EXPECT_EQ(matched("{a},{b}", "1,2,3"), "a=1;b=2,3;");
  EXPECT_EQ(matched("{a}END", "xENDyEND"), "a=xENDy;");
  EXPECT_EQ(matched("{*}V={v:int};{*}", "junk V=5; more"), "v=5;");
  EXPECT_EQ(matched("{a}aab{b}", "aaaaab!"), "a=aaa;b=!;");
  EXPECT_EQ(matched("{a}abab{b}", "ababab"), "a=;b=ab;");
  EXPECT_EQ(matched("{a}x{b}x", "1x"), "no match");
  EXPECT_EQ(matched("A{a}A", "A"), "no match");
  EXPECT_EQ(matched("A{a}A", "AA"), "a=;");
}

TEST(GenericPattern, WrongPatternsSayWhy) {
  EXPECT_EQ(matched("", ""), "is empty");
  EXPECT_EQ(matched("{a}{b}", ""), "has two fields with nothing between them");
  EXPECT_EQ(matched("{a}-{a}", ""), "has two fields of the name a");
  EXPECT_EQ(matched("{a:float}", ""), "has an unknown type: float");
  EXPECT_NE(matched("{1a}", "").find("cannot be a status key"), std::string::npos);
  EXPECT_NE(matched("{}", "").find("cannot be a status key"), std::string::npos);
  std::string many;
  for (int i = 0; i < 33; ++i) {
    many += "{*}-";
  }
  EXPECT_EQ(matched(many, ""), "has more than 32 fields");
}

TEST(GenericPattern, ValuesAreBounded) {
  EXPECT_EQ(matched("{v}", std::string(5000, 'x')), "v=" + std::string(kMaxValueBytes, 'x') + ";");
  EXPECT_EQ(matched("{v:bytes}", std::string(5000, '\x01')).size(), 3 + kMaxValueBytes);
}

// A search that tried every place anew would make 10^9 steps of this.
TEST(GenericPattern, HostileMessagesTakeLinearTime) {
  Pattern pattern;
  ASSERT_EQ(pattern.build("{*}" + std::string(1000, 'a') + "b{*}"), "");
  const std::string message(size_t{1} << 20, 'a');
  Captures captures;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(pattern.match(message, captures));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
}

}  // namespace
}  // namespace busbar::generic
