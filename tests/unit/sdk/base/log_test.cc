// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "sdk/base/json.h"
#include "sdk/base/unique_fd.h"

namespace busbar {
namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }
  std::string readAll() {
    writer.reset();
    std::string out;
    char block[4096];
    ssize_t n = 0;
    while ((n = read(reader.get(), block, sizeof(block))) > 0) {
      out.append(block, static_cast<size_t>(n));
    }
    return out;
  }
  UniqueFd reader;
  UniqueFd writer;
};

Logger::Options toFd(int fd) {
  Logger::Options options;
  options.fd = fd;
  return options;
}

TEST(LogFormat, JsonLineHoldsEveryMember) {
  const std::string line =
      formatJsonLine({LogLevel::Warn,
                      "front",
                      "slow \"peer\"\n",
                      {{"peer", "::1"}, {"bytes", 17}, {"tls", true}, {"ratio", 0.5}},
                      "0af7651916cd43dd8448eb211c80319c",
                      1'700'000'000'123'456'789});
  ASSERT_EQ(line.back(), '\n');
  EXPECT_EQ(
      line,
      "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"warn\",\"component\":\"front\","
      "\"message\":\"slow \\\"peer\\\"\\u000a\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
      "\"peer\":\"::1\",\"bytes\":17,\"tls\":true,\"ratio\":0.5}\n");
}

TEST(LogFormat, JsonLineSurvivesBadUtf8AndLongMessages) {
  const std::string line =
      formatJsonLine({LogLevel::Info, "x", std::string(100'000, '\xff'), {}, {}, 1});
  EXPECT_TRUE(json::check(line.substr(0, line.size() - 1)).ok());
  EXPECT_LT(line.size(), 60'000U);
}

TEST(LogFormat, JournalEntryEncodesNewlinesByLength) {
  const std::string entry =
      formatJournalEntry({LogLevel::Error, "store", "a\nb", {{"module-id", "mod-1"}}, {}, 1});
  using namespace std::string_literals;
  EXPECT_EQ(entry,
            "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=3\nSYSLOG_IDENTIFIER=busbard\n"
            "BUSBAR_COMPONENT=store\nBUSBAR_MODULE_ID=mod-1\n"s);
}

TEST(Logger, WritesQueuedLinesBeforeItEnds) {
  Pipe pipe;
  {
    Logger logger(toFd(pipe.writer.get()));
    for (int i = 0; i < 100; ++i) {
      logger.info("test", "line", {{"n", i}});
    }
  }
  const std::string text = pipe.readAll();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_NE(text.find("\"n\":99"), std::string::npos);
}

TEST(Logger, LevelChangesLive) {
  Pipe pipe;
  {
    Logger logger(toFd(pipe.writer.get()));
    logger.debug("test", "hidden");
    logger.setLevel(LogLevel::Debug);
    logger.debug("test", "shown");
  }
  const std::string text = pipe.readAll();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("shown"), std::string::npos);
}

TEST(Logger, DropsAndCountsInsteadOfBlockingWhenNobodyReads) {
  Pipe pipe;
  std::string text;
  std::thread reader;
  {
    Logger::Options options = toFd(pipe.writer.get());
    options.maxQueuedBytes = 8 << 10;
    Logger logger(options);
    const std::string big(1000, 'x');
    for (int i = 0; i < 500; ++i) {
      logger.info("test", big);
    }
    EXPECT_GT(logger.dropped(), 0U);
    reader = std::thread([&] {
      char block[4096];
      ssize_t n = 0;
      while ((n = read(pipe.reader.get(), block, sizeof(block))) > 0) {
        text.append(block, static_cast<size_t>(n));
      }
    });
    // One more line gets through once there is room, and the loss is told.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    uint64_t before = 0;
    do {
      before = logger.dropped();
      logger.info("test", "last");
    } while (logger.dropped() != before && std::chrono::steady_clock::now() < deadline);
  }
  pipe.writer.reset();
  reader.join();
  EXPECT_NE(text.find("\"dropped\":"), std::string::npos);
  EXPECT_NE(text.find("\"last\""), std::string::npos);
}

TEST(Logger, EndsWithinItsLimitWhenTheReaderIsStuck) {
  Pipe pipe;
  const auto begin = std::chrono::steady_clock::now();
  {
    Logger logger(toFd(pipe.writer.get()));
    for (int i = 0; i < 200; ++i) {
      logger.info("test", std::string(1000, 'x'));
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Logger, ParsesLevelNames) {
  EXPECT_EQ(logLevelFrom("warn"), LogLevel::Warn);
  EXPECT_EQ(logLevelFrom("WARN"), std::nullopt);
}

}  // namespace
}  // namespace busbar
