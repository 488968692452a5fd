// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/answer_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/sdk/base/net/gzip_text.h"

namespace busbar {
namespace {

using test::gzipped;

class AnswerReaderTest : public testing::Test {
 protected:
  // The reason of the first error, or nothing.
  std::string head(std::initializer_list<const char*> lines) {
    for (const char* line : lines) {
      if (const Status status = reader_.line(std::string(line) + "\r\n"); !status.ok()) {
        return status.error().reason;
      }
    }
    return {};
  }
  std::string bytes(const std::string& text) {
    const Status status = reader_.bytes(text);
    return status.ok() ? std::string() : status.error().reason;
  }
  std::string finish() {
    const Status status = reader_.finish();
    return status.ok() ? std::string() : status.error().reason;
  }
  static AnswerReader::Options options(bool answersChallenges = false) {
    return {4U << 20, 100, true, true, answersChallenges};
  }

  AnswerReader reader_{options()};
};

TEST_F(AnswerReaderTest, ReadsHeadBodyAndIgnoresTrailers) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", "A:  b \t", "Empty:", ""}), "");
  EXPECT_TRUE(reader_.isHeadFinal());
  EXPECT_EQ(bytes("hello"), "");
  EXPECT_EQ(head({"Trailer: x"}), "");
  EXPECT_EQ(finish(), "");
  EXPECT_EQ(reader_.head().status, 200);
  EXPECT_EQ(reader_.head().headers, (HttpHeaders{{"A", "b"}, {"Empty", ""}}));
  EXPECT_EQ(reader_.body(), "hello");
}

TEST_F(AnswerReaderTest, AnInterimHeadIsNotTheAnswer) {
  EXPECT_EQ(head({"HTTP/1.1 103 Early Hints", "Link: x", ""}), "");
  EXPECT_FALSE(reader_.isHeadFinal());
  EXPECT_EQ(head({"HTTP/1.1 204 No Content", ""}), "");
  EXPECT_EQ(reader_.head().headers.size(), 0u);
  EXPECT_TRUE(reader_.isHeadFinal());
}

TEST_F(AnswerReaderTest, AChallengeIsFinalOnlyOnceItsBodyComes) {
  AnswerReader reader(options(true));
  ASSERT_TRUE(reader.line("HTTP/1.1 401 No\r\n").ok());
  ASSERT_TRUE(reader.line("\r\n").ok());
  EXPECT_FALSE(reader.isHeadFinal());
  ASSERT_TRUE(reader.finish().ok());
  EXPECT_TRUE(reader.isHeadFinal());
}

TEST_F(AnswerReaderTest, RefusesMalformedHeads) {
  EXPECT_EQ(head({"HTTP/1.1 2x0 OK"}), "http_bad_answer");
  for (const char* line : {"no colon", ": no name", " folded: x"}) {
    AnswerReader reader(options());
    ASSERT_TRUE(reader.line("HTTP/1.1 200 OK\r\n").ok());
    EXPECT_FALSE(reader.line(std::string(line) + "\r\n").ok()) << line;
  }
}

TEST_F(AnswerReaderTest, RefusesEncodingsThatWereNotAskedFor) {
  for (const char* line : {"Content-Encoding: br", "Content-Encoding: gzip, gzip",
                           "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: gzip"}) {
    AnswerReader reader(options());
    ASSERT_TRUE(reader.line("HTTP/1.1 200 OK\r\n").ok());
    ASSERT_TRUE(reader.line(std::string(line) + "\r\n").ok());
    EXPECT_EQ(reader.line("\r\n").error().reason, "http_bad_answer") << line;
  }
}

TEST_F(AnswerReaderTest, HeadsAreBoundedInBytesAndLines) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK"}), "");
  std::string reason;
  for (int i = 0; i < 300 && reason.empty(); ++i) {
    reason = head({"A: b"});
  }
  EXPECT_EQ(reason, "http_too_large");
  AnswerReader other(options());
  ASSERT_TRUE(other.line("HTTP/1.1 200 OK\r\n").ok());
  EXPECT_EQ(other.line("A: " + std::string(64 << 10, 'x')).error().reason, "http_too_large");
}

TEST_F(AnswerReaderTest, InterimHeadsCountAsWell) {
  std::string reason;
  for (int i = 0; i < 200 && reason.empty(); ++i) {
    reason = head({"HTTP/1.1 100 Continue", ""});
  }
  EXPECT_EQ(reason, "http_too_large");
}

TEST_F(AnswerReaderTest, BodiesAreBoundedAsReceivedAndAsUnpacked) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", ""}), "");
  EXPECT_EQ(bytes(std::string(4U << 20, 'x')), "");
  EXPECT_EQ(bytes("x"), "http_too_large");
}

TEST_F(AnswerReaderTest, UnpacksGzipInPiecesOfAnySizeAndSeveralMembers) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", "Content-Encoding: GZIP", "Content-Length: 9", "X: y", ""}),
            "");
  EXPECT_EQ(reader_.head().headers, (HttpHeaders{{"X", "y"}}));
  for (const char c : gzipped("hello ") + gzipped("world")) {
    ASSERT_EQ(bytes(std::string(1, c)), "");
  }
  EXPECT_EQ(finish(), "");
  EXPECT_EQ(reader_.body(), "hello world");
}

TEST_F(AnswerReaderTest, StopsABombByItsRatioBeforeItUnpacks) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", "Content-Encoding: gzip", ""}), "");
  EXPECT_EQ(bytes(gzipped(std::string(64U << 20, 'x'))), "http_bomb");
  EXPECT_LT(reader_.body().size(), 2U << 20);
}

TEST_F(AnswerReaderTest, StopsWhatUnpacksToMoreThanIsAllowed) {
  AnswerReader reader({1000, 100, true, true, false});
  ASSERT_TRUE(reader.line("HTTP/1.1 200 OK\r\n").ok());
  ASSERT_TRUE(reader.line("Content-Encoding: gzip\r\n").ok());
  ASSERT_TRUE(reader.line("\r\n").ok());
  EXPECT_EQ(reader.bytes(gzipped(std::string(2000, 'x'))).error().reason, "http_too_large");
}

TEST_F(AnswerReaderTest, ASmallTextThatPacksWellIsNoBomb) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", "Content-Encoding: gzip", ""}), "");
  EXPECT_EQ(bytes(gzipped(std::string(1U << 20, 'x'))), "");
  EXPECT_EQ(finish(), "");
}

TEST_F(AnswerReaderTest, KnowsGzipThatIsCutOrIsNone) {
  EXPECT_EQ(head({"HTTP/1.1 200 OK", "Content-Encoding: gzip", ""}), "");
  EXPECT_EQ(bytes(gzipped("hello").substr(0, 15)), "");
  EXPECT_EQ(finish(), "http_truncated");
  AnswerReader other(options());
  ASSERT_TRUE(other.line("HTTP/1.1 200 OK\r\n").ok());
  ASSERT_TRUE(other.line("Content-Encoding: gzip\r\n").ok());
  ASSERT_TRUE(other.line("\r\n").ok());
  EXPECT_EQ(other.bytes("plain text").error().reason, "http_bad_answer");
}

TEST_F(AnswerReaderTest, SkipsTheBodyOfARedirectUpToALimit) {
  EXPECT_EQ(head({"HTTP/1.1 302 Found", "Location: /x", ""}), "");
  EXPECT_TRUE(reader_.isRedirect());
  EXPECT_FALSE(reader_.isHeadFinal());
  EXPECT_EQ(bytes(std::string(64U << 10, 'x')), "");
  EXPECT_FALSE(reader_.isRedirectLong());
  EXPECT_EQ(bytes("x"), "");
  EXPECT_TRUE(reader_.isRedirectLong());
  EXPECT_EQ(reader_.body(), "");
}

TEST_F(AnswerReaderTest, ARedirectThatNobodyFollowsIsTheAnswer) {
  AnswerReader reader({1000, 100, true, false, false});
  ASSERT_TRUE(reader.line("HTTP/1.1 302 Found\r\n").ok());
  ASSERT_TRUE(reader.line("Location: /x\r\n").ok());
  ASSERT_TRUE(reader.line("\r\n").ok());
  EXPECT_TRUE(reader.isHeadFinal());
}

}  // namespace
}  // namespace busbar
