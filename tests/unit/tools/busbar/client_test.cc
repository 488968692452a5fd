// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/client.h"

#include <gtest/gtest.h>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

ExitCode exitOf(int status, const char* body = "{}") {
  return toExitCode(errorOf({status, "application/json", body, -1}));
}

TEST(ExitCode, FollowsTheStatusOfTheServer) {
  EXPECT_EQ(exitOf(400), ExitCode::Findings);
  EXPECT_EQ(exitOf(422), ExitCode::Findings);
  EXPECT_EQ(exitOf(401), ExitCode::Auth);
  EXPECT_EQ(exitOf(403), ExitCode::Auth);
  EXPECT_EQ(exitOf(404), ExitCode::NotFound);
  EXPECT_EQ(exitOf(409), ExitCode::Conflict);
  EXPECT_EQ(exitOf(412), ExitCode::Conflict);
  EXPECT_EQ(exitOf(408), ExitCode::Timeout);
  EXPECT_EQ(exitOf(504), ExitCode::Timeout);
  EXPECT_EQ(exitOf(500), ExitCode::Failure);
  EXPECT_EQ(exitOf(503), ExitCode::Failure);
  EXPECT_EQ(toExitCode(usageError("x")), ExitCode::Usage);
  EXPECT_EQ(toExitCode(Error::because(ErrorCode::Internal, "findings", "")), ExitCode::Findings);
}

TEST(ErrorOf, TakesMessageAndFindingsFromTheBody) {
  const Error error = errorOf({422, "application/json",
                               R"({"error":"validation failed",
                                   "failures":[{"field":"port","reason":"must be 1 to 65535"}]})",
                               -1});
  EXPECT_EQ(error.message, "validation failed\nport: must be 1 to 65535");
}

TEST(ErrorOf, SurvivesBodiesThatAreNoJson) {
  EXPECT_EQ(errorOf({502, "text/html", "<html>", -1}).message,
            "the server answered with status 502");
}

TEST(ErrorOf, MissingKeySaysHowToGetOne) {
  EXPECT_NE(errorOf({401, "", R"({"error":"unknown X-API-Key"})", -1}).message.find("keys create"),
            std::string::npos);
}

TEST(Encoded, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(encoded("a/b c?\xc3\xa4~-._"), "a%2Fb%20c%3F%C3%A4~-._");
}

TEST(Client, NobodyThereIsUnavailableWithTheRemedy) {
  Connection connection;
  connection.dataDir = "/nonexistent";
  const auto value = Client(connection).get("/livez");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::Unavailable);
  EXPECT_NE(value.error().message.find("busbard --data /nonexistent"), std::string::npos);
}

TEST(ClockText, ReadsEveryUnit) {
  setenv("TZ", "UTC", 1);
  for (const char* time :
       {"1700000000", "1700000000123", "1700000000123456789", "2023-11-14T22:13:20.5Z"}) {
    EXPECT_EQ(dateAndClockText(time), "2023-11-14 22:13:20") << time;
  }
  EXPECT_EQ(clockText("soon"), "soon");
}

}  // namespace
}  // namespace busbar::cli
