// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/target.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

// Each must be refused, or stay within one segment without a separator. None may name another path.
class TargetTraversal : public testing::TestWithParam<std::string> {};

TEST_P(TargetTraversal, NeverLeavesItsPlace) {
  Target target;
  if (!target.parse("/files/" + GetParam() + "etc/passwd").ok()) {
    return;
  }
  ASSERT_GE(target.segmentCount(), 2U);
  EXPECT_EQ(target.segment(0), "files");
  for (size_t i = 0; i < target.segmentCount(); ++i) {
    const std::string_view segment = target.segment(i);
    EXPECT_NE(segment, ".");
    EXPECT_NE(segment, "..");
    EXPECT_NE(segment, "");
    EXPECT_EQ(segment.find_first_of("/\\"), std::string_view::npos) << segment;
    EXPECT_EQ(segment.find('\0'), std::string_view::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    SixtyEncodings, TargetTraversal,
    testing::Values("../", "..\\", "..%2f", "..%2F", "..%5c", "..%5C", "%2e%2e/", "%2E%2E/",
                    "%2e./", ".%2e/", "%2e%2e%2f", "%2e%2e%5c", "%2e%2e\\", "%252e%252e/",
                    "%252e%252e%252f", "..%252f", "..%255c", "%25252e%25252e%25252f", "..%c0%af",
                    "..%c1%9c", "%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "%e0%80%ae%e0%80%ae/",
                    "%e0%80%af", "%f0%80%80%ae/", "%uff0e%uff0e/", "%u002e%u002e%u2215", "..%u2215",
                    "..%u2216", "%c0%2f", "%c0%5c", "..%00/", "..%00%2f", "%00../", "..;/",
                    "..;a=b/", "..%3b/", "....//", "...//", "..././", "..../", "./../", ".//..//",
                    "//../", "/../", "/..//", "\\..\\", "..//", "..\\/", "..%0d/", "..%0a/",
                    "..%09/", "..%20/", "%20../", "..?/", "%3f../", "..#/", "%23../", "~/../",
                    "%ef%bc%8e%ef%bc%8e/", "..%ef%bc%8f", "%e2%88%95..%e2%88%95", ".%00./",
                    "%2e%00%2e/", "%%32%65%%32%65/", "%%32%66", "%2", "%", "%2g", ".", ".."));

struct PathCase {
  std::string text;
  bool ok;
};
class TargetPath : public testing::TestWithParam<PathCase> {};

TEST_P(TargetPath, IsAcceptedOrRefused) {
  Target target;
  EXPECT_EQ(target.parse(GetParam().text).ok(), GetParam().ok) << GetParam().text;
}

std::string deep(int segments) {
  std::string out;
  for (int i = 0; i < segments; ++i) {
    out += "/a";
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TargetPath,
    testing::Values(PathCase{"/", true}, PathCase{"", false}, PathCase{"a", false},
                    PathCase{"//", false}, PathCase{"//a", false}, PathCase{"/a//b", false},
                    PathCase{"/a/", true}, PathCase{"/a//", false}, PathCase{"/.", false},
                    PathCase{"/..", false}, PathCase{"/a/../b", false}, PathCase{"/a/./b", false},
                    PathCase{"/...", true}, PathCase{"/.a", true}, PathCase{"/a%2fb", false},
                    PathCase{"/a%5cb", false}, PathCase{"/a\\b", false}, PathCase{"/a%00", false},
                    PathCase{"/a%7f", false}, PathCase{"/a%1f", false}, PathCase{"/%ff", false},
                    PathCase{"/%c3%a9", true}, PathCase{"/%ed%a0%80", false}, PathCase{"/%", false},
                    PathCase{"/%4", false}, PathCase{"/%zz", false}, PathCase{"/a#b", false},
                    PathCase{"/a<b", false}, PathCase{"/a\"b", false}, PathCase{"/:id", true},
                    PathCase{"/a;b=c", true}, PathCase{"/a@b.c", true}, PathCase{deep(32), true},
                    PathCase{deep(33), false}, PathCase{"/?a=%", false}, PathCase{"/?a=%00", false},
                    PathCase{"/?a=%ff", false}, PathCase{"/?a=#", false}, PathCase{"/?../..", true},
                    PathCase{"/?a=%2f%5c..", true}));

TEST(Target, DecodesEachSegmentOnce) {
  Target target;
  ASSERT_TRUE(target.parse("/a%20b/%252e/x%3Fy?q=1").ok());
  ASSERT_EQ(target.segmentCount(), 3U);
  EXPECT_EQ(target.segment(0), "a b");
  EXPECT_EQ(target.segment(1), "%2e");
  EXPECT_EQ(target.segment(2), "x?y");
  EXPECT_EQ(target.rawPath(), "/a%20b/%252e/x%3Fy");
  EXPECT_EQ(target.rawQuery(), "q=1");
  EXPECT_FALSE(target.hasTrailingSlash());
}

TEST(Target, ForgetsTheLastOneWhenUsedAgain) {
  Target target;
  ASSERT_TRUE(target.parse("/a/b/c/?x=1&y=2").ok());
  EXPECT_TRUE(target.hasTrailingSlash());
  ASSERT_TRUE(target.parse("/d").ok());
  EXPECT_EQ(target.segmentCount(), 1U);
  EXPECT_EQ(target.segment(0), "d");
  EXPECT_EQ(target.queryCount(), 0U);
  EXPECT_FALSE(target.hasTrailingSlash());
}

TEST(Target, ReadsTheQuery) {
  Target target;
  ASSERT_TRUE(target.parse("/?a=1&b=x+y%2B&a=2&&c&d==&%65=f").ok());
  EXPECT_EQ(target.query("a"), "1");
  EXPECT_EQ(target.query("b"), "x y+");
  EXPECT_EQ(target.query("c"), "");
  EXPECT_EQ(target.query("d"), "=");
  EXPECT_EQ(target.query("e"), "f");
  EXPECT_EQ(target.query("z"), std::nullopt);
  EXPECT_EQ(target.queryCount(), 6U);
}

TEST(Target, LimitsTheQuery) {
  std::string text = "/?";
  for (int i = 0; i < 100; ++i) {
    text += "a=b&";
  }
  Target target;
  EXPECT_TRUE(target.parse(text).ok());
  EXPECT_FALSE(target.parse(text + "a=b").ok());
  EXPECT_FALSE(target.parse("/" + std::string(8192, 'a')).ok());
}

TEST(Target, EncodesComponents) {
  EXPECT_EQ(encodeComponent("a b/c?d=e&f+g%\"<>"), "a%20b%2Fc%3Fd%3De%26f%2Bg%25%22%3C%3E");
}

}  // namespace
}  // namespace busbar::http
