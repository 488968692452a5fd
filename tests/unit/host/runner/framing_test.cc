// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/framing.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

using Next = Framer::Next;

// All frames of `stream`, fed in pieces of `step` bytes; "!" when the stream is lost.
std::vector<std::string> cut(const FramingRule& rule, const std::string& stream, size_t step,
                             size_t maxFrame = 64) {
  std::vector<std::string> frames;
  Framer framer(rule, maxFrame);
  for (size_t at = 0; at < stream.size(); at += step) {
    const std::string piece = stream.substr(at, step);
    framer.push(piece, 0);
    std::string_view frame;
    Next next = framer.next(frame);
    for (; next == Next::Frame; next = framer.next(frame)) {
      frames.emplace_back(frame);
    }
    if (next != Next::NeedMore) {
      frames.emplace_back("!");
      return frames;
    }
    framer.keep();
  }
  return frames;
}

struct Row {
  const char* name;
  const char* rule;
  std::string stream;
  std::vector<std::string> frames;
};

class FramingTable : public testing::TestWithParam<Row> {};

// However the stream is cut, the frames are the same.
TEST_P(FramingTable, GivesTheSameFramesInAnyPieces) {
  const auto rule = FramingRule::parse(GetParam().rule);
  ASSERT_TRUE(rule.ok()) << rule.error().message;
  for (size_t step = 1; step <= GetParam().stream.size(); ++step) {
    EXPECT_EQ(cut(*rule, GetParam().stream, step), GetParam().frames) << "in pieces of " << step;
  }
}

const std::string kNul(1, '\0');
INSTANTIATE_TEST_SUITE_P(
    Rules, FramingTable,
    testing::Values(
        Row{"Delimiter",
            R"({"type":"delimiter","delimiter_hex":"0d0a"})",
            "a\r\nbc\r\n\r\nd",
            {"a", "bc", ""}},
        Row{"DelimiterKept",
            R"({"type":"delimiter","delimiter_hex":"0A","keep":true})",
            "a\nbc\n",
            {"a\n", "bc\n"}},
        Row{"DelimiterThatOverlaps",
            R"({"type":"delimiter","delimiter_hex":"616162"})",
            "aaabxaab",
            {"a", "x"}},
        Row{"DelimiterTooLong",
            R"({"type":"delimiter","delimiter_hex":"0a"})",
            std::string(70, 'x'),
            {"!"}},
        Row{"LengthOneByte",
            R"({"type":"length","offset":0,"size":1,"add":1})",
            std::string("\x02") + "ab" + "\x01" + "c",
            {std::string("\x02") + "ab",
             "\x01"
             "c"}},
        Row{"LengthBigEndianAfterHeader",
            R"({"type":"length","offset":1,"size":2,"add":3})",
            "H" + kNul + "\x02xyH" + kNul + kNul,
            {"H" + kNul + "\x02xy", "H" + kNul + kNul}},
        Row{"LengthLittleEndian",
            R"({"type":"length","offset":0,"size":4,"order":"little"})",
            "\x05" + kNul + kNul + kNul + "z",
            {"\x05" + kNul + kNul + kNul + "z"}},
        Row{"LengthShorterThanItsField",
            R"({"type":"length","offset":0,"size":2})",
            kNul + "\x01",
            {"!"}},
        Row{"LengthOverTheLimit", R"({"type":"length","offset":0,"size":2})", "\x7f\x7f", {"!"}},
        Row{"LengthNegative", R"({"type":"length","offset":0,"size":1,"add":-100})", "\x05", {"!"}},
        Row{"Fixed", R"({"type":"fixed","bytes":3})", "abcdefgh", {"abc", "def"}}),
    [](const auto& test) { return test.param.name; });

TEST(Framing, NoneGivesWhatComesUpToTheLimit) {
  const FramingRule rule;
  EXPECT_EQ(cut(rule, "abcdef", 4), (std::vector<std::string>{"abcd", "ef"}));
  EXPECT_EQ(cut(rule, "abcdef", 6, 4), (std::vector<std::string>{"abcd", "ef"}));
}

TEST(Framing, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"[]", "{}", "{\"type\":5}", "{\"type\":\"xml\"}", "{\"type\":\"delimiter\"}",
        "{\"type\":\"delimiter\",\"delimiter_hex\":\"\"}",
        "{\"type\":\"delimiter\",\"delimiter_hex\":\"0\"}",
        "{\"type\":\"delimiter\",\"delimiter_hex\":\"zz\"}",
        "{\"type\":\"delimiter\",\"delimiter_hex\":\"0a\",\"keep\":1}",
        "{\"type\":\"length\",\"offset\":0,\"size\":3}",
        "{\"type\":\"length\",\"offset\":-1,\"size\":2}",
        "{\"type\":\"length\",\"offset\":0,\"size\":2,\"order\":\"middle\"}",
        "{\"type\":\"fixed\",\"bytes\":0}", "{\"type\":\"idle_gap\"}", "{"}) {
    EXPECT_FALSE(FramingRule::parse(text).ok()) << text;
  }
  EXPECT_TRUE(FramingRule::parse("").ok());
}

TEST(Framing, SilenceEndsAFrame) {
  Framer framer(*FramingRule::parse(R"({"type":"idle_gap","gap_ms":10})"), 64);
  std::string_view frame;
  EXPECT_EQ(framer.gapEndsNs(), INT64_MAX);
  framer.push("ab", 1'000'000);
  EXPECT_EQ(framer.next(frame), Next::NeedMore);
  framer.keep();
  framer.push("cd", 2'000'000);
  EXPECT_EQ(framer.next(frame), Next::NeedMore);
  framer.keep();
  EXPECT_EQ(framer.gapEndsNs(), 12'000'000);
  ASSERT_TRUE(framer.takeRest(frame));
  EXPECT_EQ(frame, "abcd");
  framer.keep();
  EXPECT_FALSE(framer.takeRest(frame));
  EXPECT_EQ(framer.gapEndsNs(), INT64_MAX);
}

TEST(Framing, TheDriverDecides) {
  Framer framer(*FramingRule::parse(R"({"type":"driver"})"), 8);
  std::string_view frame;
  framer.push("xabcde", 0);
  ASSERT_EQ(framer.next(frame), Next::AskDriver);
  EXPECT_EQ(frame, "xabcde");
  ASSERT_EQ(framer.answer(-1, frame), Next::AskDriver);
  EXPECT_EQ(frame, "abcde");
  ASSERT_EQ(framer.answer(3, frame), Next::Frame);
  EXPECT_EQ(frame, "abc");
  ASSERT_EQ(framer.next(frame), Next::AskDriver);
  EXPECT_EQ(framer.answer(0, frame), Next::NeedMore);
  framer.keep();
  framer.push("f", 0);
  ASSERT_EQ(framer.next(frame), Next::AskDriver);
  EXPECT_EQ(frame, "def");
  EXPECT_EQ(framer.answer(4, frame), Next::Malformed);
  EXPECT_EQ(framer.answer(INT64_MIN, frame), Next::Malformed);
  EXPECT_EQ(framer.answer(INT64_MAX, frame), Next::Malformed);
  EXPECT_EQ(framer.answer(-3, frame), Next::NeedMore);
}

TEST(Framing, ADriverThatWaitsForeverMeetsTheLimit) {
  Framer framer(*FramingRule::parse(R"({"type":"driver"})"), 4);
  std::string_view frame;
  framer.push("abcd", 0);
  ASSERT_EQ(framer.next(frame), Next::AskDriver);
  EXPECT_EQ(framer.answer(0, frame), Next::TooLong);
}

TEST(Framing, ANewRuleAppliesToWhatIsBuffered) {
  Framer framer(*FramingRule::parse(R"({"type":"fixed","bytes":10})"), 64);
  std::string_view frame;
  framer.push("ab\ncd", 0);
  EXPECT_EQ(framer.next(frame), Next::NeedMore);
  framer.setRule(*FramingRule::parse(R"({"type":"delimiter","delimiter_hex":"0a"})"));
  ASSERT_EQ(framer.next(frame), Next::Frame);
  EXPECT_EQ(frame, "ab");
}

}  // namespace
}  // namespace busbar::runner
