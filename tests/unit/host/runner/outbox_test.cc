// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/outbox.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/base/unique_fd.h"
#include "sdk/wire/bytes.h"
#include "sdk/wire/frame.h"

namespace busbar::runner {
namespace {

class OutboxTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> pair{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    ours_.reset(pair[0]);
    theirs_.reset(pair[1]);
  }
  static void add(std::string& lane, wire::Type type, uint64_t id, size_t bytes) {
    const wire::FrameBuilder frame(lane, type, id);
    lane.append(bytes, 'x');
  }
  // What has arrived, as "type:id" in order.
  std::vector<std::string> arrived() {
    std::vector<std::string> frames;
    for (;;) {
      char* at = reader_.prepare(1);
      const ssize_t n = recv(theirs_.get(), at, reader_.room(), MSG_DONTWAIT);
      if (n <= 0) {
        break;
      }
      reader_.commit(static_cast<size_t>(n));
    }
    wire::Frame frame;
    while (reader_.next(frame) == wire::FrameReader::Next::Frame) {
      frames.push_back((frame.type == wire::Type::State ? "s" : "c") + std::to_string(frame.id));
    }
    EXPECT_EQ(reader_.error(), "");
    return frames;
  }
  Outbox box_;
  UniqueFd ours_;
  UniqueFd theirs_;
  wire::FrameReader reader_{wire::kMaxToHostBytes, false};
};

TEST_F(OutboxTest, PriorityGoesFirst) {
  add(box_.bulk(), wire::Type::State, 1, 10);
  add(box_.priority(), wire::Type::Complete, 2, 10);
  EXPECT_EQ(box_.flush(ours_.get()), Outbox::Flush::Drained);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"c2", "s1"}));
  EXPECT_TRUE(box_.empty());
}

TEST_F(OutboxTest, AFrameThatWasWrittenInPartIsFinishedFirst) {
  // More bulk than the socket takes, then an urgent frame.
  for (uint64_t i = 1; i <= 9; ++i) {
    add(box_.bulk(), wire::Type::State, i, 100'000);
  }
  ASSERT_EQ(box_.flush(ours_.get()), Outbox::Flush::Blocked);
  add(box_.priority(), wire::Type::Complete, 100, 10);
  std::vector<std::string> all = arrived();
  while (box_.flush(ours_.get()) != Outbox::Flush::Drained) {
    for (const std::string& f : arrived()) {
      all.push_back(f);
    }
  }
  for (const std::string& f : arrived()) {
    all.push_back(f);
  }
  ASSERT_EQ(all.size(), 10u);
  EXPECT_NE(all.back(), "c100");  // it overtook what was not begun
  std::vector<std::string> states;
  for (const std::string& f : all) {
    if (f.front() == 's') {
      states.push_back(f);
    }
  }
  EXPECT_EQ(states,
            (std::vector<std::string>{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"}));
}

TEST_F(OutboxTest, BulkIsBoundedPriorityIsNot) {
  add(box_.bulk(), wire::Type::State, 1, Outbox::kBulkLimitBytes - 200);
  EXPECT_TRUE(box_.hasRoom(100));
  EXPECT_FALSE(box_.hasRoom(300));
  add(box_.priority(), wire::Type::Complete, 2, 2 * Outbox::kBulkLimitBytes);
  EXPECT_TRUE(box_.hasRoom(100));
}

TEST_F(OutboxTest, AnEmptyLaneTakesOneFrameOfAnySize) {
  EXPECT_TRUE(box_.hasRoom(Outbox::kBulkLimitBytes + 1000));
}

TEST_F(OutboxTest, TellsThatThePeerIsAway) {
  theirs_.reset();
  signal(SIGPIPE, SIG_IGN);
  add(box_.priority(), wire::Type::Complete, 1, 10);
  EXPECT_EQ(box_.flush(ours_.get()), Outbox::Flush::Closed);
}

}  // namespace
}  // namespace busbar::runner
