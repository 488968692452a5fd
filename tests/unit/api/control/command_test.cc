// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/command.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::api {
namespace {

TEST(Command, IsReadWithAllItsMembers) {
  Command command;
  const std::string text =
      R"( {"id":-7,"cmd":"exec","sys":"sys-1","mod":"Dis\"play","index":2,"name":"power","args":[1, "a"]})";
  ASSERT_FALSE(parseCommand(text, command));
  EXPECT_EQ(command.id, "-7");
  EXPECT_EQ(command.verb, Verb::Exec);
  EXPECT_EQ(command.systemId, "sys-1");
  EXPECT_EQ(command.mod, "Dis\"play");
  EXPECT_EQ(command.index, 2);
  EXPECT_EQ(command.name, "power");
  EXPECT_EQ(command.args, "[1, \"a\"]");
  EXPECT_FALSE(command.isProtected());
}

TEST(Command, KeepsNothingOfTheOneBefore) {
  Command command;
  ASSERT_FALSE(parseCommand(
      R"({"id":"one","cmd":"exec","sys":"s","mod":"_M","index":3,"name":"n","args":{"a":1}})",
      command));
  EXPECT_EQ(command.id, "\"one\"");
  EXPECT_TRUE(command.isProtected());
  ASSERT_FALSE(parseCommand(
      R"({"id":2,"cmd":"bind","sys":"s","mod":"M","index":null,"name":"n","args":null})", command));
  EXPECT_EQ(command.index, 1);
  EXPECT_EQ(command.args, "");
  ASSERT_FALSE(parseCommand(R"({"id":3,"cmd":"debug","sys":"s","mod":"mod-1"})", command));
  EXPECT_EQ(command.name, "");
}

struct Case {
  const char* name;
  std::string text;
  ErrorNumber number;
  std::string id;  // that can be answered to
  std::string says;
};

class BadCommand : public testing::TestWithParam<Case> {};

TEST_P(BadCommand, IsToldWhatIsWrong) {
  Command command;
  const auto error = parseCommand(GetParam().text, command);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->number, GetParam().number);
  EXPECT_EQ(error->status, 400);
  EXPECT_EQ(command.id, GetParam().id);
  EXPECT_NE(error->message.find(GetParam().says), std::string::npos) << error->message;
}

std::string longName() {
  return std::string(257, 'n');
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommand,
    testing::Values(
        Case{"empty", "", ErrorNumber::ParseError, "", ""},
        Case{"no_json", "hello", ErrorNumber::ParseError, "", ""},
        Case{"cut_off", R"({"id":1,"cmd":"bi)", ErrorNumber::ParseError, "", ""},
        Case{"twice", R"({"id":1,"id":2})", ErrorNumber::ParseError, "", ""},
        Case{"deep", std::string(100, '[') + std::string(100, ']'), ErrorNumber::ParseError, "",
             ""},
        Case{"array", "[1]", ErrorNumber::BadRequest, "", "object"},
        Case{"text", "\"{\"", ErrorNumber::BadRequest, "", "object"},
        Case{"number", "7", ErrorNumber::BadRequest, "", "object"},
        Case{"nothing", "{}", ErrorNumber::BadRequest, "", "id is missing"},
        Case{"fraction", R"({"id":1.5,"cmd":"bind","sys":"s","mod":"m","name":"n"})",
             ErrorNumber::BadRequest, "", "id must be"},
        Case{"id_too_large", R"({"id":9223372036854775808,"cmd":"bind"})", ErrorNumber::BadRequest,
             "", "id must be"},
        Case{"id_object", R"({"id":{},"cmd":"bind"})", ErrorNumber::BadRequest, "", "id must be"},
        Case{"id_too_long", R"({"id":")" + longName() + R"(","cmd":"bind"})",
             ErrorNumber::BadRequest, "", "id must be"},
        Case{"no_command", R"({"id":1,"sys":"s","mod":"m","name":"n"})", ErrorNumber::BadRequest,
             "1", "cmd is missing"},
        Case{"unknown_command", R"({"cmd":"drop","id":1,"sys":"s","mod":"m","name":"n"})",
             ErrorNumber::UnknownCommand, "1", "drop"},
        Case{"command_number", R"({"id":1,"cmd":4,"sys":"s","mod":"m","name":"n"})",
             ErrorNumber::UnknownCommand, "1", "unknown command"},
        Case{"no_system", R"({"id":1,"cmd":"bind","mod":"m","name":"n"})", ErrorNumber::BadRequest,
             "1", "sys is missing"},
        Case{"no_module", R"({"id":1,"cmd":"bind","sys":"s","mod":"","name":"n"})",
             ErrorNumber::BadRequest, "1", "mod is missing"},
        Case{"no_name", R"({"id":1,"cmd":"unbind","sys":"s","mod":"m"})", ErrorNumber::BadRequest,
             "1", "name is missing"},
        Case{"name_number", R"({"id":1,"cmd":"bind","sys":"s","mod":"m","name":5})",
             ErrorNumber::BadRequest, "1", "name must be"},
        Case{"name_too_long",
             R"({"id":1,"cmd":"bind","sys":"s","mod":"m","name":")" + longName() + "\"}",
             ErrorNumber::BadRequest, "1", "name must be"},
        Case{"index_zero", R"({"id":1,"cmd":"bind","sys":"s","mod":"m","name":"n","index":0})",
             ErrorNumber::BadRequest, "1", "index"},
        Case{"index_text", R"({"id":1,"cmd":"bind","sys":"s","mod":"m","name":"n","index":"1"})",
             ErrorNumber::BadRequest, "1", "index"},
        Case{"args_text", R"({"id":1,"cmd":"exec","sys":"s","mod":"m","name":"n","args":"a"})",
             ErrorNumber::BadRequest, "1", "args"},
        Case{"args_deep",
             R"({"id":1,"cmd":"exec","sys":"s","mod":"m","name":"n","args":)" +
                 std::string(33, '[') + std::string(33, ']') + "}",
             ErrorNumber::ParseError, "", "nested deeper"},
        Case{"unknown_member", R"({"id":1,"cmd":"bind","sys":"s","mod":"m","name":"n","x":1})",
             ErrorNumber::BadRequest, "1", "unknown member x"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace busbar::api
