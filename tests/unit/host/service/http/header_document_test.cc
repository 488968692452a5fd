// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/header_document.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

TEST(HeaderDocument, ReadsStringsAndArrays) {
  const auto headers = readHeaders(R"({"X-One":"1","X-Two":["a","b"]})");
  ASSERT_TRUE(headers.ok());
  const HttpHeaders expected{{"X-One", "1"}, {"X-Two", "a"}, {"X-Two", "b"}};
  EXPECT_EQ(*headers, expected);
  EXPECT_TRUE(readHeaders("")->empty());
  EXPECT_TRUE(readHeaders("{}")->empty());
}

TEST(HeaderDocument, RefusesWhatIsNoObjectOfStrings) {
  for (const char* document : {"[]", "1", "null", R"("x")", "{", R"({"a":1})", R"({"a":null})",
                               R"({"a":["b",2]})", R"({"a":[["b"]]})", R"({"a":{"b":"c"}})"}) {
    const auto headers = readHeaders(document);
    ASSERT_FALSE(headers.ok()) << document;
    EXPECT_EQ(headers.error().field, "headers") << document;
  }
}

TEST(HeaderDocument, RefusesTooMany) {
  std::string document = R"({"a":["0")";
  for (int i = 1; i < 64; ++i) {
    document += R"(,"x")";
  }
  EXPECT_TRUE(readHeaders(document + "]}").ok());
  EXPECT_FALSE(readHeaders(document + R"(,"x"]})").ok());
  EXPECT_FALSE(readHeaders(R"({"a":")" + std::string(200'000, 'x') + "\"}").ok());
}

TEST(HeaderDocument, WritesLowerCaseNamesAndGathersRepeats) {
  EXPECT_EQ(writeHeaders({}), "{}");
  EXPECT_EQ(writeHeaders(
                {{"Server", "x"}, {"Set-Cookie", "a=1"}, {"ETag", "\"q\""}, {"set-cookie", "b=2"}}),
            R"({"server":"x","set-cookie":["a=1","b=2"],"etag":"\"q\""})");
}

TEST(HeaderDocument, WritesOnlyUtf8) {
  EXPECT_EQ(writeHeaders({{"Server", "caf\xe9"}}), "{\"server\":\"caf\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace busbar
