// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/argon2_hasher.h"

#include <time.h>

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/await.h"

namespace busbar::auth {
namespace {

constexpr Argon2Hasher::Cost kCheap{64, 1, 1};

class Argon2HasherTest : public testing::Test {
 protected:
  Result<Argon2Hasher::Verdict> verify(Argon2Hasher& hasher, const std::string& password,
                                       const std::string& stored) {
    return await<Argon2Hasher::Verdict>(
        *loop_, [&](auto done) { hasher.check(password, stored, std::move(done)); });
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  Argon2Hasher hasher_{*loop_, kCheap};
};

TEST_F(Argon2HasherTest, KnowsItsPasswordsAgain) {
  const auto stored = await<std::string>(
      *loop_, [&](auto done) { hasher_.hash("correct horse", std::move(done)); });
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << *stored;
  EXPECT_TRUE(verify(hasher_, "correct horse", *stored)->isRight);
  EXPECT_EQ(verify(hasher_, "correct horse", *stored)->newHash, "");
  EXPECT_FALSE(verify(hasher_, "correct horsf", *stored)->isRight);
  EXPECT_FALSE(verify(hasher_, "", *stored)->isRight);
  const auto again = await<std::string>(
      *loop_, [&](auto done) { hasher_.hash("correct horse", std::move(done)); });
  EXPECT_NE(*again, *stored);  // salted
  EXPECT_TRUE(await<bool>(*loop_, [&](auto done) {
                hasher_.verify("correct horse", *again, std::move(done));
              }).value());
}

TEST_F(Argon2HasherTest, HashesAnewWhenTheCostHasChanged) {
  const std::string stored = hashPassword("secret", {128, 1, 1}).value();
  const auto verdict = verify(hasher_, "secret", stored);
  EXPECT_TRUE(verdict->isRight);
  EXPECT_TRUE(verdict->newHash.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << verdict->newHash;
  EXPECT_TRUE(verify(hasher_, "secret", verdict->newHash)->isRight);
  EXPECT_EQ(verify(hasher_, "wrong", stored)->newHash, "");
}

// Knows the vector of the reference implementation: password "password", salt "somesalt".
TEST_F(Argon2HasherTest, IsArgon2id) {
  EXPECT_TRUE(verifyPassword("password",
                             "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/"
                             "uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                             kCheap)
                  ->isRight);
}

TEST_F(Argon2HasherTest, NothingMatchesNoOrDamagedHash) {
  for (const char* stored :
       {"", "x", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA",
        "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=64,t=1,p=1$$",
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=4000000000,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"}) {
    const auto verdict = verify(hasher_, "password", stored);
    ASSERT_TRUE(verdict.ok()) << stored;
    EXPECT_FALSE(verdict->isRight) << stored;
  }
}

TEST_F(Argon2HasherTest, RefusesWhatIsTooLong) {
  const auto verdict = verify(hasher_, std::string(1025, 'x'), "");
  EXPECT_EQ(verdict.error().code, ErrorCode::InvalidArgument);
}

TEST_F(Argon2HasherTest, BoundsItsQueue) {
  Argon2Hasher real(*loop_, Argon2Hasher::Cost(), 4);
  int right = 0;
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    real.check("password", "", [&](Result<Argon2Hasher::Verdict> verdict) {
      if (verdict.ok()) {
        ++right;
      } else {
        EXPECT_EQ(verdict.error().code, ErrorCode::ResourceExhausted);
        EXPECT_EQ(verdict.error().reason, "too_many_sign_ins");
        ++refused;
      }
    });
  }
  ASSERT_TRUE(runUntil(*loop_, [&] { return right + refused == 40; }));
  EXPECT_GE(right, 4);
  EXPECT_LE(right, 8);
  EXPECT_GT(refused, 30);
}

// How well time tells the one from the other: 0.5 is a guess, 1 is certainty.
double areaUnderCurve(const std::vector<double>& a, const std::vector<double>& b) {
  double wins = 0;
  for (const double x : a) {
    for (const double y : b) {
      wins += x > y ? 1.0 : x < y ? 0.0 : 0.5;
    }
  }
  return wins / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

double processorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Over 2,000 samples in a mixed order, in processor time, which other processes do not stretch. A
// tenth of the real cost; with much less, the reading of the stored text shows beside the hash.
TEST_F(Argon2HasherTest, TimeTellsNobodyWhichUsersExist) {
  const Argon2Hasher::Cost cost{2048, 1, 1};
  const std::string stored = hashPassword("secret", cost).value();
  std::mt19937 order(7);
  std::vector<double> known;
  std::vector<double> unknown;
  while (known.size() + unknown.size() < 2000) {
    const bool exists = order() % 2 == 0;
    const double begin = processorSeconds();
    EXPECT_FALSE(verifyPassword("wrong", exists ? stored : "", cost)->isRight);
    (exists ? known : unknown).push_back(processorSeconds() - begin);
  }
  const double area = areaUnderCurve(known, unknown);
  EXPECT_LT(std::abs(area - 0.5), 0.05) << area;
}

}  // namespace
}  // namespace busbar::auth
