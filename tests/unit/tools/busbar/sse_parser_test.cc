// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/sse_parser.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

std::vector<std::string> eventsOf(const std::string& stream, size_t piece) {
  std::vector<std::string> seen;
  SseParser parser([&](const ServerEvent& event) {
    seen.push_back(event.id + "|" + event.name + "|" + event.data);
  });
  for (size_t at = 0; at < stream.size(); at += piece) {
    EXPECT_TRUE(parser.feed(stream.substr(at, piece)).ok());
  }
  return seen;
}

TEST(SseParser, ReadsEventsInAnyPieces) {
  const std::string stream =
      ": hello\n\nid: 7\nevent: state\ndata: {\"a\":1}\n\ndata:one\r\ndata: two\r\n\r\n"
      "event: lost\n\ndata\n\ndata: unfinished";
  for (const size_t piece : {1U, 2U, 3U, 1000U}) {
    EXPECT_EQ(eventsOf(stream, piece),
              (std::vector<std::string>{"7|state|{\"a\":1}", "7|message|one\ntwo", "7|message|"}))
        << piece;
  }
}

TEST(SseParser, RefusesAnEndlessLine) {
  SseParser parser([](const ServerEvent&) {});
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = parser.feed(std::string(100'000, 'x'));
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::ResourceExhausted);
}

}  // namespace
}  // namespace busbar::cli
