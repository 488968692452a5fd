// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/time_zone.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sdk/base/local_time.h"

namespace busbar {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct OffsetCase {
  const char* zone;
  const char* utc;
  int minutes;
};

class TimeZoneOffset : public testing::TestWithParam<OffsetCase> {};

TEST_P(TimeZoneOffset, IsTheDatabases) {
  const TimeZone zone = zoneNamed(GetParam().zone);
  const auto span = zone.spanAt(utc(GetParam().utc));
  EXPECT_EQ(span.offset, minutes(GetParam().minutes));
  EXPECT_LE(span.begin, utc(GetParam().utc));
  EXPECT_GT(span.end, utc(GetParam().utc));
  EXPECT_EQ(zone.toLocal(utc(GetParam().utc)).time_since_epoch(),
            utc(GetParam().utc).time_since_epoch() + minutes(GetParam().minutes));
}

INSTANTIATE_TEST_SUITE_P(
    Table, TimeZoneOffset,
    testing::Values(OffsetCase{"UTC", "2025-07-01 00:00:00", 0},
                    OffsetCase{"Etc/UTC", "2025-07-01 00:00:00", 0},
                    OffsetCase{"Europe/Berlin", "2025-03-30 00:59:59", 60},
                    OffsetCase{"Europe/Berlin", "2025-03-30 01:00:00", 120},
                    // Needs every change in the file: zic's "slim" files end long before.
                    OffsetCase{"Europe/Berlin", "2037-07-01 00:00:00", 120},
                    OffsetCase{"America/New_York", "2025-11-02 05:59:59", -240},
                    OffsetCase{"America/New_York", "2025-11-02 06:00:00", -300},
                    OffsetCase{"Australia/Lord_Howe", "2025-01-01 00:00:00", 660},
                    OffsetCase{"Australia/Lord_Howe", "2025-07-01 00:00:00", 630},
                    OffsetCase{"Asia/Kolkata", "2025-07-01 00:00:00", 330},
                    OffsetCase{"America/Sao_Paulo", "2019-01-01 00:00:00", -120},
                    OffsetCase{"America/Sao_Paulo", "2020-01-01 00:00:00", -180},
                    OffsetCase{"US/Eastern", "2025-07-01 00:00:00", -240}));

TEST(TimeZone, FindsTheInstantsOfALocalTime) {
  const TimeZone berlin = zoneNamed("Europe/Berlin");
  const auto plain = berlin.fromLocal(local("2025-03-30 01:59:59"));
  EXPECT_EQ(plain.kind, TimeZone::LocalKind::Unique);
  EXPECT_EQ(show(plain.first), "2025-03-30 00:59:59");
  EXPECT_EQ(plain.second, plain.first);
  const auto skipped = berlin.fromLocal(local("2025-03-30 02:30:00"));
  EXPECT_EQ(skipped.kind, TimeZone::LocalKind::Gap);
  EXPECT_EQ(show(skipped.first), "2025-03-30 01:00:00");
  EXPECT_EQ(skipped.second, skipped.first);
  const auto repeated = berlin.fromLocal(local("2025-10-26 02:30:00"));
  EXPECT_EQ(repeated.kind, TimeZone::LocalKind::Overlap);
  EXPECT_EQ(show(repeated.first), "2025-10-26 00:30:00");
  EXPECT_EQ(show(repeated.second), "2025-10-26 01:30:00");
}

TEST(TimeZone, KnowsHalfHourChangesAndADayLeftOut) {
  const auto howe = zoneNamed("Australia/Lord_Howe").fromLocal(local("2025-04-06 01:45:00"));
  EXPECT_EQ(howe.kind, TimeZone::LocalKind::Overlap);
  EXPECT_EQ(howe.second - howe.first, minutes(30));
  const auto apia = zoneNamed("Pacific/Apia").fromLocal(local("2011-12-30 12:00:00"));
  EXPECT_EQ(apia.kind, TimeZone::LocalKind::Gap);
  EXPECT_EQ(show(apia.first), "2011-12-30 10:00:00");
}

TEST(TimeZone, UtcHasOneSpan) {
  const TimeZone zone;
  EXPECT_EQ(zone, TimeZone::utc());
  EXPECT_EQ(zone.name(), "UTC");
  const auto there = zone.fromLocal(local("2025-03-30 02:30:00"));
  EXPECT_EQ(there.kind, TimeZone::LocalKind::Unique);
  EXPECT_EQ(show(there.first), "2025-03-30 02:30:00");
  EXPECT_EQ(zone.spanAt(SysSeconds(seconds(0))).end, SysSeconds::max());
}

struct NameCase {
  std::string name;
  ErrorCode code;
};

class TimeZoneRefuses : public testing::TestWithParam<NameCase> {};

TEST_P(TimeZoneRefuses, WhatIsNoZone) {
  const auto zone = TimeZone::find(GetParam().name);
  ASSERT_FALSE(zone.ok());
  EXPECT_EQ(zone.error().code, GetParam().code) << zone.error().message;
  EXPECT_EQ(zone.error().field, "time_zone");
}

INSTANTIATE_TEST_SUITE_P(
    Table, TimeZoneRefuses,
    testing::Values(NameCase{"", ErrorCode::InvalidArgument},
                    NameCase{"../../etc/passwd", ErrorCode::InvalidArgument},
                    NameCase{"Europe/../Europe/Berlin", ErrorCode::InvalidArgument},
                    NameCase{"/usr/share/zoneinfo/UTC", ErrorCode::InvalidArgument},
                    NameCase{std::string("UTC\0x", 5), ErrorCode::InvalidArgument},
                    NameCase{"Europe/Berlin ", ErrorCode::InvalidArgument},
                    NameCase{std::string(65, 'A'), ErrorCode::InvalidArgument},
                    NameCase{std::string(64, 'A'), ErrorCode::NotFound},
                    NameCase{"Europe", ErrorCode::NotFound},
                    NameCase{"Europe/", ErrorCode::NotFound},
                    NameCase{"europe/berlin", ErrorCode::NotFound},
                    NameCase{"Europe/Bielefeld", ErrorCode::NotFound},
                    NameCase{"posix/Europe/Berlin", ErrorCode::NotFound},
                    NameCase{"leapseconds", ErrorCode::NotFound},
                    NameCase{"localtime", ErrorCode::NotFound}));

TEST(TimeZone, IsFoundFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int> sums(8);
  threads.reserve(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    threads.emplace_back([&sum = sums[i]] {
      for (const char* name : {"Asia/Tokyo", "Africa/Cairo", "America/Lima", "Asia/Dubai"}) {
        const auto zone = TimeZone::find(name);
        sum += zone.ok() && zone->spanAt(utc("2020-01-01 00:00:00")).offset != seconds(0) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(sums, std::vector<int>(8, 4));
}

}  // namespace
}  // namespace busbar
