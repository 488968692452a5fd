// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/module_log.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

TEST(SecretMask, ReplacesEveryOccurrenceAlsoEscaped) {
  const SecretMask mask({"hunter2!", "pa\"ss\\word", "short"});
  std::string text = R"(user hunter2! hunter2! "pa\"ss\\word" pa"ss\word short)";
  EXPECT_TRUE(mask.apply(text));
  EXPECT_EQ(text, R"(user [secret] [secret] "[secret]" [secret] short)");
  EXPECT_FALSE(mask.hits(text));
}

TEST(SecretMask, PrefersTheLongerSecret) {
  const SecretMask mask({"abcdef", "abcdefgh"});
  std::string text = "abcdefgh";
  mask.apply(text);
  EXPECT_EQ(text, "[secret]");
}

TEST(LogRing, KeepsTheLast500LinesAndCutsLongOnesBetweenCharacters) {
  LogRing ring;
  for (int i = 0; i < 600; ++i) {
    LogLine line;
    line.message = std::to_string(i);
    ring.add(line);
  }
  EXPECT_EQ(ring.all().size(), 500U);
  EXPECT_EQ(ring.all().front().message, "100");
  LogLine longLine;
  longLine.message = std::string(8191, 'x') + "é";
  ring.add(longLine);
  EXPECT_EQ(ring.all().back().message.size(), 8191U);
}

}  // namespace
}  // namespace busbar
