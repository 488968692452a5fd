// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/json_plain.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::json {
namespace {

constexpr std::string_view kSample =
    R"( {"value" : "abcdefgh ijklmnop/qrst", "n":[0,-1.25,12345678901234567,true,false,null,[],{}],)"
    R"("o":{"value":1,"p":{"value":[[["deep"]]]}}} )";

TEST(JsonPlain, KnowsThePlainOnes) {
  for (const std::string_view text :
       {kSample, std::string_view("\"\""), std::string_view("0"), std::string_view("[ ]"),
        std::string_view("{ }"), std::string_view(" true "), std::string_view("[{},{}]")}) {
    EXPECT_TRUE(isPlain(text, {})) << text;
    EXPECT_TRUE(parse(text).ok()) << text;
  }
}

TEST(JsonPlain, LeavesTheRestToTheParser) {
  for (const char* text : {"\"\\n\"", "\"\xc3\xa4\"", "1e3", "123456789012345678",
                           "{\"a\":1,\"a\":2}", "\"a\x01 bcdefgh\"", "01", "-", "1.", "[1,]", "[",
                           "]", "", "nul", "{\"a\"}", "{,}", "1 2", "{\"a\":1]", "[1}"}) {
    EXPECT_FALSE(isPlain(text, {})) << text;
  }
}

TEST(JsonPlain, KeepsTheLimits) {
  EXPECT_TRUE(isPlain("[[1]]", {100, 2}));
  EXPECT_FALSE(isPlain("[[1]]", {100, 1}));
  EXPECT_FALSE(isPlain("[[1]]", {4, 2}));
  EXPECT_FALSE(isPlain(std::string(40, '[') + std::string(40, ']'), {100, 64}));
  std::string members = "{";
  for (int i = 0; i < 25; ++i) {
    members += "\"k" + std::to_string(i) + "\":1,";
  }
  members.back() = '}';
  EXPECT_FALSE(isPlain(members, {}));
  EXPECT_TRUE(check(members).ok());
}

// Every byte of the sample changed to every other: never plain where the parser refuses.
TEST(JsonPlain, NeverAcceptsWhatTheParserRefuses) {
  std::string text(kSample);
  for (size_t i = 0; i < text.size(); ++i) {
    const char kept = text[i];
    for (int c = 0; c < 256; ++c) {
      text[i] = static_cast<char>(c);
      if (isPlain(text, {})) {
        ASSERT_TRUE(parse(text).ok()) << text;
      }
    }
    text[i] = kept;
    if (isPlain(text.substr(0, i), {})) {
      ASSERT_TRUE(parse(text.substr(0, i)).ok());
    }
  }
}

// Strings are passed over in blocks of several sizes: one byte that ends the plain run is found at
// each place of strings of each length, whatever stands behind the text.
TEST(JsonPlain, FindsWhatEndsAPlainRunAtEachPlace) {
  for (size_t length = 0; length <= 200; ++length) {
    const std::string plain = '"' + std::string(length, 'x') + '"';
    ASSERT_TRUE(isPlain(std::string_view(plain + "\x01\\").substr(0, plain.size()), {})) << length;
    for (size_t at = 1; at <= length; ++at) {
      for (const char stop : {'\x1f', '"', '\\', '\x80', '\xff'}) {
        std::string text = plain;
        text[at] = stop;
        ASSERT_FALSE(isPlain(text, {})) << length << ", " << at << ", " << int{stop};
      }
    }
  }
}

}  // namespace
}  // namespace busbar::json
