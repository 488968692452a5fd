// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/text.h"

#include <gtest/gtest.h>

#include "plugins/generic/message.h"

namespace busbar::generic {
namespace {

using std::string_literals::operator""s;

TEST(GenericText, EscapesStandForBytes) {
  EXPECT_EQ(fromText("PWR\\r\\n\\t\\0\\\\\\{\\}\\x7f\\xFF"), "PWR\r\n\t\0\\{}\x7f\xff"s);
  EXPECT_EQ(fromText(""), "");
  for (const char* text : {"\\", "\\q", "\\x1", "\\xg0", "{a}", "{", "}"}) {
    EXPECT_FALSE(fromText(text)) << text;
  }
}

TEST(GenericText, HexIsBytes) {
  EXPECT_EQ(fromHex("02 50 4fFF"), "\x02PO\xff");
  EXPECT_EQ(fromHex(""), "");
  for (const char* text : {"0", "0 2", "0x02", "zz"}) {
    EXPECT_FALSE(fromHex(text)) << text;
  }
  EXPECT_EQ(toHex("\x02PO\xff"), "02504fff");
}

TEST(GenericText, WhatIsShownCanBeSent) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  EXPECT_EQ(fromText(toText(all, all.size())), all);
  EXPECT_EQ(toText("abc", 2), "ab…");
}

TEST(GenericText, TooLongIsRefused) {
  EXPECT_TRUE(fromText(std::string(kMaxTextBytes, 'a')));
  EXPECT_FALSE(fromText(std::string(kMaxTextBytes + 1, 'a')));
}

std::string rendered(const std::string& text, const std::map<std::string, std::string>& values) {
  Message message;
  if (const std::string error = message.buildText(text); !error.empty()) {
    return error;
  }
  std::string bytes;
  const std::string error = message.render(values, bytes);
  return error.empty() ? bytes : error;
}

TEST(GenericMessage, ParametersFillFields) {
  EXPECT_EQ(rendered("VOL {level}\\r", {{"level", "12"}}), "VOL 12\r");
  EXPECT_EQ(rendered("{a}{b}{a}", {{"a", "1"}, {"b", "2"}}), "121");
  EXPECT_EQ(rendered("PWR", {}), "PWR");
}

TEST(GenericMessage, WrongParametersAreNamed) {
  EXPECT_EQ(rendered("VOL {level}", {}), "needs the parameter level");
  EXPECT_EQ(rendered("PWR", {{"level", "1"}}), "has no field for the parameter level");
  EXPECT_EQ(rendered("V {l}", {{"l", "1\rPWR 0"}}),
            "takes no control characters and at most 256 bytes as l");
  EXPECT_NE(rendered("V {l}", {{"l", std::string(kMaxParameterBytes + 1, 'x')}}).find("256"),
            std::string::npos);
  EXPECT_EQ(rendered("{l}", {{"l", ""}}), "came out empty");
}

TEST(GenericMessage, WrongTextIsRefused) {
  EXPECT_EQ(rendered("", {}), "is empty");
  EXPECT_NE(rendered("{a b}", {}).find("parameter"), std::string::npos);
  EXPECT_NE(rendered("{a", {}).find("without its }"), std::string::npos);
  EXPECT_NE(rendered("a}", {}).find("without its {"), std::string::npos);
  Message message;
  EXPECT_EQ(message.buildHex("0250"), "");
  EXPECT_NE(message.buildHex("025"), "");
  EXPECT_NE(message.buildHex(""), "");
}

}  // namespace
}  // namespace busbar::generic
