// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/chunked_decoder.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

using State = ChunkedDecoder::State;

State decode(std::string_view input, std::string& out, size_t limit = 1000) {
  ChunkedDecoder decoder;
  return decoder.feed(input, out, limit);
}

class ChunkedRefuses : public testing::TestWithParam<std::string> {};

TEST_P(ChunkedRefuses, Body) {
  std::string out;
  EXPECT_EQ(decode(GetParam(), out), State::Refused) << GetParam();
}

using namespace std::string_literals;  // NOLINT: NUL bytes in literals

INSTANTIATE_TEST_SUITE_P(Inputs, ChunkedRefuses,
                         testing::Values("\r\n", "x\r\n", "+5\r\n", "-1\r\n", "0x5\r\n", " 5\r\n",
                                         "5 \r\n", "5\n", "5\rx", "5\r\nabcde\n", "5\r\nabcdef\r\n",
                                         "5\r\nabcde\rx", "000000005\r\n", "ffffffffff\r\n",
                                         ";a\r\n", "5,\r\n", "5;\x01\r\n", "5;\0\r\n"s,
                                         "5;a\nb\r\n", "5;" + std::string(300, 'a') + "\r\n",
                                         "0\r\nbad\r\n", "0\r\n a: b\r\n", "0\r\na : b\r\n",
                                         "0\r\na: b\n\r\n", "0\r\n\n", "3e9\r\nx",
                                         "0\r\na: " + std::string(5000, 'x') + "\r\n\r\n"));

TEST(ChunkedDecoder, JoinsChunksAndLeavesTheRest) {
  ChunkedDecoder decoder;
  std::string out;
  std::string_view input = "5;a=\"b\"\r\nhello\r\nA\r\n, world 10\r\n0\r\nTrailer: x\r\n\r\nGET /";
  EXPECT_EQ(decoder.feed(input, out, 100), State::Done);
  EXPECT_EQ(out, "hello, world 10");
  EXPECT_EQ(input, "GET /");
}

TEST(ChunkedDecoder, TakesOneByteAtATime) {
  ChunkedDecoder decoder;
  std::string out;
  const std::string bytes = "3\r\nabc\r\n2;x\r\nde\r\n0\r\nA: b\r\n\r\n";
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string_view one(bytes.data() + i, 1);
    EXPECT_EQ(decoder.feed(one, out, 5), i + 1 == bytes.size() ? State::Done : State::NeedMore)
        << i;
  }
  EXPECT_EQ(out, "abcde");
}

TEST(ChunkedDecoder, RefusesTheChunkThatPassesTheLimit) {
  std::string out;
  EXPECT_EQ(decode("5\r\nabcde\r\n0\r\n\r\n", out, 5), State::Done);
  ChunkedDecoder decoder;
  std::string_view input = "3\r\nabc\r\n3\r\nd";
  out.clear();
  EXPECT_EQ(decoder.feed(input, out, 5), State::Refused);
  EXPECT_EQ(decoder.refusal().status, 413);
}

TEST(ChunkedDecoder, BoundsTheExtensionsOfAWholeBody) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    bytes += "1;" + std::string(250, 'a') + "\r\nx\r\n";
  }
  std::string out;
  EXPECT_EQ(decode(bytes, out), State::Refused);
}

TEST(ChunkedDecoder, BoundsTheTrailers) {
  std::string bytes = "0\r\n";
  for (int i = 0; i < 17; ++i) {
    bytes += "a: b\r\n";
  }
  std::string out;
  EXPECT_EQ(decode(bytes + "\r\n", out), State::Refused);
}

}  // namespace
}  // namespace busbar::http
