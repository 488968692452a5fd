// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "plugins/echo/args.h"
#include "tests/support/driver_under_test.h"

namespace busbar {
namespace {

using test::builtFile;
using test::DriverUnderTest;

busbar_doc doc(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), BUSBAR_ENC_JSON, 0};
}

std::string found(const std::string& args, const char* name) {
  const busbar_doc part = args_find(doc(args), name);
  return part.ptr == nullptr ? "(none)"
                             : std::string(reinterpret_cast<const char*>(part.ptr), part.len);
}

TEST(EchoArgs, FindsMembersAtTheTopOnly) {
  EXPECT_EQ(found(R"({"value":1})", "value"), "1");
  EXPECT_EQ(found(R"( { "a" : {"value":2} , "value" : [1,{"b":"}]"}] } )", "value"),
            R"([1,{"b":"}]"}])");
  EXPECT_EQ(found(R"({"a\"":"x\\","value":"y,}"})", "value"), R"("y,}")");
  EXPECT_EQ(found(R"({"values":1})", "value"), "(none)");
  EXPECT_EQ(found("{}", "value"), "(none)");
  EXPECT_EQ(found("", "value"), "(none)");
  EXPECT_EQ(found(R"({"value")", "value"), "(none)");
  EXPECT_EQ(found(R"({"value":"\)", "value"), "(none)");
}

std::string decoded(const std::string& text, size_t capacity = 64) {
  std::string out(capacity, '\0');
  const int64_t length = args_string(doc(text), out.data(), capacity);
  return length < 0 ? "(bad)" : out.substr(0, static_cast<size_t>(length));
}

TEST(EchoArgs, DecodesStrings) {
  EXPECT_EQ(decoded(R"("a\n\"\\\/\u00e9\ud83d\ude00")"), "a\n\"\\/\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(decoded(R"("")"), "");
  EXPECT_EQ(decoded(R"("abc")", 3), "abc");
  EXPECT_EQ(decoded(R"("abcd")", 3), "(bad)");
  for (const char* bad :
       {"1", "\"", R"("\q")", R"("\u12")", R"("\ud83d")", R"("\ud83dx\ude00")", R"("\)"}) {
    EXPECT_EQ(decoded(bad), "(bad)") << bad;
  }
}

TEST(EchoArgs, ReadsCounts) {
  EXPECT_EQ(args_count(doc("0")), 0);
  EXPECT_EQ(args_count(doc("9007199254740992")), int64_t{1} << 53);
  for (const char* bad : {"", "-1", "1.5", "1e3", "9007199254740993", "99999999999999999999"}) {
    EXPECT_EQ(args_count(doc(bad)), -1) << bad;
  }
}

struct Echo : DriverUnderTest {
  Echo() : DriverUnderTest(builtFile("drivers/echo/echo.so")) {
    EXPECT_EQ(create(), BUSBAR_OK);
    EXPECT_EQ(start(), BUSBAR_OK);
  }
};

TEST(Echo, CarriesItsManifestByteForByte) {
  Echo echo;
  std::ifstream in(builtFile("drivers/echo/manifest.json"), std::ios::binary);
  const std::string file(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(std::string(echo.table().manifest.ptr, echo.table().manifest.len), file);
}

TEST(Echo, ReturnsTheValue) {
  Echo echo;
  EXPECT_EQ(echo.execute(1, "echo", R"({"value": {"a":[1,"x"]} })"), BUSBAR_OK);
  EXPECT_EQ(echo.completions[1].at(0).result, R"({"a":[1,"x"]})");
}

TEST(Echo, PublishesAndRemovesAStatus) {
  Echo echo;
  EXPECT_EQ(echo.execute(1, "set", R"({"key":"level","value":[1]})"), BUSBAR_OK);
  EXPECT_EQ(echo.execute(2, "set", R"({"key":"level","value":null})"), BUSBAR_OK);
  ASSERT_EQ(echo.published.size(), 2U);
  EXPECT_EQ(echo.published[0].text, "[1]");
  EXPECT_EQ(echo.published[1].type, BUSBAR_V_NULL);
  EXPECT_EQ(echo.completions[2].at(0).status, BUSBAR_OK);
  echo.answer = BUSBAR_E_AGAIN;
  EXPECT_EQ(echo.execute(3, "set", R"({"key":"level","value":1})"), BUSBAR_E_AGAIN);
  EXPECT_TRUE(echo.completions[3].empty());
}

TEST(Echo, SleepsByTimerAndCanBeCancelled) {
  Echo echo;
  EXPECT_EQ(echo.execute(5, "sleep", R"({"ms":250})"), BUSBAR_PENDING);
  EXPECT_EQ(echo.timers.at(5).first_ns, 250'000'000);
  EXPECT_EQ(echo.timers.at(5).parent_call, 5U);
  echo.fireTimer(5);
  EXPECT_EQ(echo.completions[5].at(0).status, BUSBAR_OK);
  echo.execute(6, "sleep", R"({"ms":250})");
  echo.cancelled(6);
  EXPECT_EQ(echo.timers.count(6), 0U);
  EXPECT_EQ(echo.execute(7, "sleep", R"({"ms":-1})"), BUSBAR_E_INVALID);
}

TEST(Echo, FailsWithTheMessage) {
  Echo echo;
  EXPECT_EQ(echo.execute(1, "fail", R"({"message":"no \"lamp\""})"), BUSBAR_OK);
  EXPECT_EQ(echo.completions[1].at(0).status, BUSBAR_E_DEVICE);
  EXPECT_EQ(echo.completions[1].at(0).message, "no \"lamp\"");
  EXPECT_EQ(echo.execute(2, "nonsense", "{}"), BUSBAR_E_NOTFOUND);
}

using EchoDeath = testing::Test;
TEST(EchoDeath, CrashesWhenTold) {
  Echo echo;
  EXPECT_DEATH(echo.execute(1, "crash", "{}"), "");
}

}  // namespace
}  // namespace busbar
