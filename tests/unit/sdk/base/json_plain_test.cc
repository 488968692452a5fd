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

}  // namespace
}  // namespace busbar::json
