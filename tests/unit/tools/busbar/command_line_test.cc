// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/command_line.h"

#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const VerbTable& table() {
  static const VerbTable kTable = allVerbs();
  return kTable;
}

Command commandOf(const std::vector<std::string>& words) {
  const auto parsed = parseCommandLine(table(), words);
  if (const auto* leave = std::get_if<Leave>(&parsed)) {
    ADD_FAILURE() << leave->text;
    return {};
  }
  return std::get<Command>(parsed);
}

std::string mistakeOf(const std::vector<std::string>& words) {
  const auto parsed = parseCommandLine(table(), words);
  const auto* leave = std::get_if<Leave>(&parsed);
  if (leave == nullptr) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  EXPECT_EQ(leave->code, ExitCode::Usage);
  return leave->text;
}

TEST(CommandLine, ReadsNounVerbAndParameters) {
  const Command command = commandOf({"modules", "start", "mod-1", "--wait"});
  EXPECT_EQ(command.verb->noun, "modules");
  EXPECT_EQ(command.verb->name, "start");
  EXPECT_EQ(command.arguments.text("MODULE"), "mod-1");
  EXPECT_TRUE(command.arguments.has("wait"));
}

TEST(CommandLine, SingularNounsAreAliases) {
  EXPECT_EQ(commandOf({"driver", "install", "d"}).verb,
            commandOf({"drivers", "install", "d"}).verb);
  EXPECT_EQ(commandOf({"key", "create", "n"}).verb, commandOf({"keys", "create", "n"}).verb);
}

TEST(CommandLine, PeopleHaveTheirVerbs) {
  const Command made = commandOf({"user", "create", "ada@example.com", "phone=1", "--role",
                                  "support", "--domain", "east", "--password"});
  EXPECT_EQ(made.verb->noun, "users");
  EXPECT_EQ(made.arguments.text("EMAIL"), "ada@example.com");
  EXPECT_EQ(made.arguments.list("FIELDS"), std::vector<std::string>{"phone=1"});
  EXPECT_EQ(made.arguments.text("domain"), "east");
  EXPECT_TRUE(made.arguments.has("password"));
  EXPECT_TRUE(commandOf({"user", "passwd", "ada", "--current"}).arguments.has("current"));
  EXPECT_EQ(commandOf({"domain", "create", "East", "east.example"}).arguments.text("HOST"),
            "east.example");
  EXPECT_EQ(commandOf({"app", "create", "Panel", "https://p.example/"}).verb->noun, "apps");
  mistakeOf({"user", "create", "ada@example.com", "--role", "boss"});
  mistakeOf({"user", "passwd", "ada", "secret word"});
  mistakeOf({"domain", "create", "East"});
}

TEST(CommandLine, TriggersHaveTheirVerbs) {
  for (const char* noun : {"trigger", "triggers"}) {
    const Command explain = commandOf({noun, "explain", "trig-1"});
    EXPECT_EQ(explain.verb->noun, "triggers");
    EXPECT_FALSE(explain.arguments.has("SYSTEM"));
    EXPECT_EQ(commandOf({noun, "explain", "Lamp", "Hall"}).arguments.text("SYSTEM"), "Hall");
  }
  EXPECT_EQ(commandOf({"trigger", "create", "-"}).arguments.text("FILE"), "-");
  EXPECT_TRUE(commandOf({"trigger", "attach", "Lamp", "Hall", "--exec"}).arguments.has("exec"));
  EXPECT_EQ(commandOf({"trigger", "important", "Hall/Lamp", "on"}).arguments.text("STATE"), "on");
  EXPECT_EQ(commandOf({"trigger", "instances"}).arguments.text("TRIGGER"), "");
  const Command draft = commandOf({"trigger", "simulate", "s.yaml", "--file", "t.yaml"});
  EXPECT_EQ(draft.arguments.text("TRIGGER"), "s.yaml");
  EXPECT_EQ(draft.arguments.text("file"), "t.yaml");
  mistakeOf({"trigger", "attach", "Lamp"});
  mistakeOf({"trigger", "important", "Hall/Lamp"});
  EXPECT_EQ(commandOf({"trigger", "exec", "Hall/Lamp", "off"}).arguments.text("STATE"), "off");
  mistakeOf({"trigger", "exec", "Hall/Lamp"});
}

TEST(CommandLine, GlobalFlagsMayStandAnywhere) {
  for (const auto& words :
       {std::vector<std::string>{"--data", "/d", "-o", "json", "systems", "list"},
        {"systems", "--data", "/d", "list", "-o", "json"},
        {"systems", "list", "-o", "json", "--data", "/d"}}) {
    const Command command = commandOf(words);
    EXPECT_EQ(command.connection.dataDir, "/d");
    EXPECT_EQ(command.output.format, OutputFormat::Json);
  }
}

TEST(CommandLine, ExecTakesAnyWordsAsArguments) {
  const Command command =
      commandOf({"exec", "Demo room", "Echo_1", "set", "-5", "a=b", "{\"x\":1}", "--timeout", "9"});
  EXPECT_EQ(command.arguments.list("ARGUMENTS"),
            (std::vector<std::string>{"-5", "a=b", "{\"x\":1}"}));
  EXPECT_EQ(command.timeoutSeconds, 9);
  EXPECT_TRUE(commandOf({"exec", "s", "M_1", "f"}).arguments.list("ARGUMENTS").empty());
}

TEST(CommandLine, MistypedWordsGetASuggestion) {
  EXPECT_NE(mistakeOf({"modlues", "list"}).find("did you mean 'modules'"), std::string::npos);
  EXPECT_NE(mistakeOf({"modules", "strat", "x"}).find("did you mean 'start'"), std::string::npos);
  EXPECT_EQ(mistakeOf({"xyzzy"}).find("did you mean"), std::string::npos);
}

TEST(CommandLine, MistakesNameTheRule) {
  EXPECT_NE(mistakeOf({"exec", "a", "b"}).find("FUNCTION is required"), std::string::npos);
  EXPECT_NE(mistakeOf({"keys", "create", "n", "--role", "boss"}).find("user,support,admin"),
            std::string::npos);
  EXPECT_NE(mistakeOf({"systems", "list", "-o", "xml"}).find("table,json,yaml,name"),
            std::string::npos);
  EXPECT_NE(mistakeOf({"status", "--timeout", "0"}).find("1 to 3600"), std::string::npos);
  EXPECT_NE(mistakeOf({"systems", "show", "a", "b"}).find("busbar systems show --help"),
            std::string::npos);
  mistakeOf({});
  mistakeOf({"modules"});
  mistakeOf({"status", "--nope"});
}

TEST(CommandLine, HelpAndVersionLeaveWithOk) {
  for (const auto& words :
       {std::vector<std::string>{"--help"}, {"--version"}, {"exec", "--help"}}) {
    const auto parsed = parseCommandLine(table(), words);
    ASSERT_TRUE(std::holds_alternative<Leave>(parsed));
    EXPECT_EQ(std::get<Leave>(parsed).code, ExitCode::Ok);
    EXPECT_TRUE(std::get<Leave>(parsed).text.ends_with('\n'));
  }
}

TEST(CommandLine, EveryVerbHasHelpAndAnActionAndAKnownNoun) {
  std::set<std::string> nouns{""};
  for (const Noun& noun : table().nouns) {
    nouns.insert(noun.name);
    EXPECT_FALSE(noun.help.empty()) << noun.name;
  }
  for (const Verb& verb : table().verbs) {
    EXPECT_FALSE(verb.help.empty()) << verb.name;
    EXPECT_NE(verb.run, nullptr) << verb.name;
    EXPECT_EQ(nouns.count(verb.noun), 1U) << verb.noun;
  }
}

}  // namespace
}  // namespace busbar::cli
