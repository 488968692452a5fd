// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The command-line tool against a real busbard: each verb as a user types it, and its exit code.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/base/json.h"
#include "tests/integration/tools/running_busbard.h"
#include "tests/support/program.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/temp_dir.h"

namespace busbar::test {
namespace {

std::string builtDriver(const std::string& name) {
  const char* build = getenv("BUSBAR_BUILD");
  return std::string(build == nullptr ? "build/dev" : build) + "/drivers/" + name;
}

std::string firstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// One busbard with a system and an echo module for all cases.
class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<TempDir>();
    busbard_ = std::make_unique<RunningBusbard>(dir_->path() + "/data");
    ASSERT_TRUE(busbard_->isReady()) << busbard_->program().wait(std::chrono::seconds(1)).err;
    driver_ = idOf({"drivers", "install", builtDriver("echo")});
    system_ = idOf({"systems", "create", "Test room", "-o", "name"});
    module_ = idOf({"modules", "create", driver_, "--system", "Test room", "-o", "name"});
    const auto started = busbard_->busbar({"modules", "start", module_, "--wait"});
    ASSERT_EQ(started.exitCode, 0) << started.err;
  }
  static void TearDownTestSuite() {
    busbard_.reset();
    dir_.reset();
  }

  static std::string idOf(const std::vector<std::string>& words) {
    const auto outcome = busbard_->busbar(words);
    EXPECT_EQ(outcome.exitCode, 0) << words[0] << " " << words[1] << ": " << outcome.err;
    return firstLine(outcome.out);
  }
  static Program::Outcome busbar(std::vector<std::string> words, const std::string& input = {}) {
    return busbard_->busbar(std::move(words), input);
  }
  static std::string echo(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"exec", "Test room", "Echo_1", "echo"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto outcome = busbar(words);
    return outcome.exitCode == 0 ? outcome.out : outcome.err;
  }

  static std::unique_ptr<TempDir> dir_;
  static std::unique_ptr<RunningBusbard> busbard_;
  static std::string driver_;
  static std::string system_;
  static std::string module_;
};
std::unique_ptr<TempDir> Cli::dir_;
std::unique_ptr<RunningBusbard> Cli::busbard_;
std::string Cli::driver_;
std::string Cli::system_;
std::string Cli::module_;

TEST_F(Cli, DriverInstallPrintsTheIdAloneAndAgainTheSame) {
  EXPECT_EQ(driver_.rfind("driver-", 0), 0U) << driver_;
  const auto again = busbar({"driver", "install", builtDriver("echo")});
  EXPECT_EQ(again.out, driver_ + "\n");
}

TEST_F(Cli, ListsTablesForPeopleAndJsonForPrograms) {
  const auto table = busbar({"systems", "list"});
  EXPECT_EQ(table.out.rfind("ID ", 0), 0U) << table.out;
  EXPECT_NE(table.out.find("Test room"), std::string::npos);
  const auto bare = busbar({"systems", "list", "--no-headers"});
  EXPECT_EQ(bare.out.rfind(system_, 0), 0U) << bare.out;
  const auto rows = json::parse(busbar({"systems", "list", "-o", "json"}).out);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->asArray()->size(), 1U);
  EXPECT_EQ(*rows->asArray()->front().find("id")->asString(), system_);
  EXPECT_EQ(busbar({"systems", "list", "-o", "name"}).out, system_ + "\n");
  EXPECT_NE(busbar({"systems", "list", "-o", "yaml"}).out.find("- id: "), std::string::npos);
}

TEST_F(Cli, MakesDomainsUsersAndApplications) {
  const auto domains = busbar({"domains", "list"});
  EXPECT_NE(domains.out.find("localhost"), std::string::npos) << "made at the first start";
  const std::string east = idOf({"domain", "create", "East", "east.example", "-o", "name"});
  EXPECT_EQ(east.rfind("authority-", 0), 0U) << east;
  const std::string ada = idOf({"user", "create", "ada@example.com", "--name", "Ada", "--role",
                                "support", "--domain", "East", "-o", "name"});
  const auto listed = busbar({"users", "list", "--domain", "east.example"});
  EXPECT_NE(listed.out.find(ada), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find("support"), std::string::npos) << listed.out;
  EXPECT_EQ(busbar({"users", "list", "--domain", "Localhost", "-o", "name"}).out.find(ada),
            std::string::npos);
  EXPECT_EQ(busbar({"user", "create", "nobody"}).exitCode, 7) << "no address";
  EXPECT_EQ(busbar({"user", "delete", "ada@example.com"}).exitCode, 0);
  EXPECT_EQ(busbar({"user", "delete", "ada@example.com"}).exitCode, 3);
  const auto app =
      json::parse(busbar({"app", "create", "Panel", "http://p.example/", "-o", "json"}).out);
  ASSERT_TRUE(app.ok());
  EXPECT_EQ(app->find("secret")->asString()->size(), 43U);
  EXPECT_NE(busbar({"apps", "list"}).out.find(*app->find("uid")->asString()), std::string::npos);
}

TEST_F(Cli, ShowsByNameAndById) {
  for (const std::string& reference :
       {system_, std::string("Test room"), std::string("test ROOM")}) {
    const auto shown = busbar({"systems", "show", reference});
    EXPECT_EQ(shown.exitCode, 0) << shown.err;
    EXPECT_NE(shown.out.find("Echo_1"), std::string::npos) << shown.out;
  }
  EXPECT_EQ(busbar({"modules", "show", "Test room/Echo_1", "-o", "name"}).out, module_ + "\n");
}

TEST_F(Cli, ExecTakesEveryFormOfArguments) {
  EXPECT_EQ(echo({"value=5"}), "5\n");
  EXPECT_EQ(echo({"5"}), "5\n");
  EXPECT_EQ(echo({R"({"value":[1,{"a":true}]})", "-o", "json"}), echo({R"(value=[1,{"a":true}])"}));
  EXPECT_EQ(echo({"hello"}), "\"hello\"\n");
  EXPECT_EQ(busbar({"modules", "exec", module_, "echo", "7"}).out, "7\n");
}

TEST_F(Cli, StateShowsWhatTheDriverPublished) {
  ASSERT_EQ(busbar({"exec", "Test room", "Echo_1", "set", "key=colour", "value=red"}).exitCode, 0);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  Program::Outcome value;
  do {
    value = busbar({"state", "Test room", "Echo_1", "colour"});
  } while (value.exitCode == 3 && std::chrono::steady_clock::now() < limit);
  EXPECT_EQ(value.out, "\"red\"\n") << value.err;
  EXPECT_NE(busbar({"state", module_}).out.find("red"), std::string::npos);
  EXPECT_EQ(busbar({"state", "Test room", "Echo_1", "nothing"}).exitCode, 3);
}

TEST_F(Cli, WatchShowsChangesAsTheyHappen) {
  Program watch({"busbar", "--data", busbard_->dataDir(), "watch", "Test room", "-o", "json"});
  // The first change may come before the stream is open, so several are made.
  std::optional<std::string> line;
  for (int i = 0; i < 50 && !line; ++i) {
    busbar({"exec", "Test room", "Echo_1", "set", "key=watched", "value=" + std::to_string(i)});
    line = watch.readLine(std::chrono::milliseconds(200));
  }
  ASSERT_TRUE(line.has_value());
  EXPECT_NE(line->find("watched"), std::string::npos) << *line;
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait().exitCode, 130);
}

TEST_F(Cli, LogLevelIsShownAndChanged) {
  EXPECT_EQ(busbar({"log-level"}).out, "info\n");
  EXPECT_EQ(busbar({"log-level", "debug", "-o", "json"}).out.find("{"), 0U);
  EXPECT_EQ(busbar({"log-level"}).out, "debug\n");
  const auto refused = busbar({"log-level", "loud"});
  EXPECT_EQ(refused.exitCode, 7) << refused.err;
  EXPECT_NE(refused.err.find("must be trace, debug, info, warn or error"), std::string::npos);
  EXPECT_EQ(busbar({"log-level", "info"}).out, "info\n");
}

TEST_F(Cli, WatchShowsTheProgressOfCalls) {
  const TempDir dir;
  RunningBusbard other(dir.path() + "/data", {"--allow-unsigned"});
  ASSERT_TRUE(other.isReady());
  const std::string tests = builtDriver("../tests/drivers/fault_none");
  const std::string driver = firstLine(other.busbar({"drivers", "install", tests}).out);
  ASSERT_EQ(other.busbar({"systems", "create", "Room"}).exitCode, 0);
  const std::string mod =
      firstLine(other.busbar({"modules", "create", driver, "--system", "Room", "-o", "name"}).out);
  const auto started = other.busbar({"modules", "start", mod, "--wait"});
  ASSERT_EQ(started.exitCode, 0) << started.err;
  Program watch({"busbar", "--data", other.dataDir(), "watch", "Room"});
  std::string seen;
  for (int i = 0; i < 50 && seen.find("progress {\"part\":0.5}") == std::string::npos; ++i) {
    EXPECT_EQ(other.busbar({"exec", "Room", "Test_1", "run", "text=slow"}).exitCode, 0);
    while (const auto line = watch.readLine(std::chrono::milliseconds(200))) {
      seen += *line + "\n";
    }
  }
  EXPECT_NE(seen.find("Test_1  progress {\"part\":0.5}"), std::string::npos) << seen;
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait().exitCode, 130);
}

TEST_F(Cli, SettingsAreSetMergedAndKept) {
  EXPECT_EQ(busbar({"settings", "set", module_, "a=1", "b.c=x"}).exitCode, 0);
  EXPECT_EQ(busbar({"settings", "set", module_, "a=2"}).exitCode, 0);
  const auto stored = json::parse(busbar({"settings", "get", module_, "-q"}).out);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(*stored, *json::parse(R"({"a":2,"b":{"c":"x"}})"));
  EXPECT_EQ(busbar({"settings", "edit", module_, "--file", "-"}, "{\"z\": 1}").exitCode, 0);
  EXPECT_NE(busbar({"settings", "history", module_}).out.find("\"a\""), std::string::npos);
  EXPECT_EQ(busbar({"settings", "edit", module_, "--file", "-"}, "[1").exitCode, 7);
}

TEST_F(Cli, KeysArePrintedAloneAndOpenTheApi) {
  const auto made = busbar({"key", "create", "script", "--role", "user"});
  ASSERT_EQ(made.exitCode, 0) << made.err;
  const std::string key = firstLine(made.out);
  EXPECT_EQ(made.out, key + "\n");
  const auto over = [&](const std::vector<std::string>& words, const std::string& withKey) {
    std::vector<std::string> argv{"busbar", "--server", busbard_->url()};
    argv.insert(argv.end(), words.begin(), words.end());
    return Program::run(argv, {"BUSBAR_KEY=" + withKey});
  };
  EXPECT_EQ(over({"systems", "list"}, key).exitCode, 0);
  EXPECT_EQ(over({"systems", "list"}, "wrong.key").exitCode, 4);
  EXPECT_EQ(over({"systems", "delete", "Test room"}, key).exitCode, 4);
  EXPECT_EQ(busbar({"keys", "delete", "script"}).exitCode, 0);
  EXPECT_EQ(over({"systems", "list"}, key).exitCode, 4);
}

TEST_F(Cli, TheAuditLogIsListedExportedAndVerified) {
  const std::string zone = idOf({"zones", "create", "Audited", "-o", "name"});
  const auto listed = busbar({"audit", "list", "--id", zone, "-o", "json"});
  ASSERT_EQ(listed.exitCode, 0) << listed.err;
  const auto rows = json::parse(listed.out);
  ASSERT_TRUE(rows.ok()) << listed.out;
  ASSERT_EQ(rows->asArray()->size(), 1U);
  EXPECT_EQ(*rows->asArray()->front().find("action")->asString(), "create");
  EXPECT_EQ(*rows->asArray()->front().find("peer")->asString(), "local");
  const auto exported = busbar({"audit", "export"});
  ASSERT_EQ(exported.exitCode, 0) << exported.err;
  EXPECT_NE(exported.out.find("\"id\":\"" + zone + "\""), std::string::npos);
  const auto last =
      json::parse(exported.out.substr(exported.out.rfind('\n', exported.out.size() - 2) + 1));
  ASSERT_TRUE(last.ok());
  const auto rest =
      busbar({"audit", "export", "--after", std::to_string(*last->find("sequence")->asInt() - 1)});
  EXPECT_EQ(json::parse(rest.out)->find("hash")->asString()->size(), 64U) << rest.out;
  const auto sound = busbar({"audit", "verify"});
  EXPECT_EQ(sound.exitCode, 0) << sound.out << sound.err;
}

TEST_F(Cli, AConfigurationIsPlannedThenAppliedOnce) {
  const std::string file = dir_->file("site.json");
  const auto exported = busbar({"export", "-o", "json"});
  ASSERT_EQ(exported.exitCode, 0) << exported.err;
  auto document = json::parse(exported.out);
  ASSERT_TRUE(document.ok());
  const auto write = [&] { std::ofstream(file) << json::write(*document); };
  write();
  EXPECT_NE(busbar({"plan", file}).err.find("nothing to change"), std::string::npos);
  for (json::Value& row : *document->asObject()->find("systems")->asArray()) {
    if (*row.find("id")->asString() == system_) {
      row.asObject()->set("description", "from a file");
    }
  }
  write();
  const auto planned = busbar({"plan", file});
  EXPECT_EQ(planned.exitCode, 0) << planned.err;
  EXPECT_NE(planned.out.find(system_), std::string::npos) << planned.out;
  EXPECT_EQ(busbar({"apply", file}).exitCode, 2) << "nobody can be asked";
  const auto applied = busbar({"apply", file, "--yes"});
  EXPECT_EQ(applied.exitCode, 0) << applied.err;
  EXPECT_NE(busbar({"systems", "show", "Test room"}).out.find("from a file"), std::string::npos);
  EXPECT_NE(busbar({"apply", file, "--yes"}).err.find("nothing to change"), std::string::npos);
  EXPECT_EQ(busbar({"apply", "-", "--yes"}, R"({"format":"other"})").exitCode, 7);
}

TEST_F(Cli, ExitCodesNameTheKindOfFailure) {
  EXPECT_EQ(busbar({"systems", "show", "nowhere"}).exitCode, 3);
  EXPECT_EQ(busbar({"exec", "Test room", "Echo_9", "echo", "1"}).exitCode, 3);
  EXPECT_EQ(busbar({"exec", "Test room", "Echo_1", "echo", "other=1"}).exitCode, 7);
  EXPECT_EQ(busbar({"exec", "Test room", "Echo_1", "fail", "no"}).exitCode, 1);
  EXPECT_EQ(busbar({"exec", "Test room"}).exitCode, 2);
  EXPECT_EQ(busbar({"systems", "create", "Test room"}).exitCode >= 5, true);
  EXPECT_EQ(busbar({"drivers", "install", dir_->path()}).exitCode, 7);
}

TEST_F(Cli, TimeoutEndsACallAndSaysSo) {
  const auto begin = std::chrono::steady_clock::now();
  const auto late = busbar({"exec", "Test room", "Echo_1", "sleep", "60000", "--timeout", "1"});
  EXPECT_EQ(late.exitCode, 6) << late.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(Cli, LogsAreShownAndFollowed) {
  EXPECT_EQ(busbar({"logs", module_}).exitCode, 0);
}

TEST_F(Cli, DoctorAndStatusAnswer) {
  const auto status = json::parse(busbar({"status", "-o", "json"}).out);
  ASSERT_TRUE(status.ok());
  EXPECT_NE(status->find("version"), nullptr);
  const auto doctor = busbar({"doctor"});
  EXPECT_NE(doctor.out.find("integrity_check ok"), std::string::npos) << doctor.out;
}

TEST_F(Cli, RunnersShowTheProcessOfTheDriver) {
  const auto rows = json::parse(busbar({"runners", "list", "-o", "json"}).out);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->asArray()->size(), 1U);
  EXPECT_GT(*rows->asArray()->front().find("pid")->asInt(), 1);
}

// The whole way: settings, sandbox, driver, the daemon's HTTP client and back. The last one: its
// runner stays.
TEST_F(Cli, ADriverReachesItsWebService) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    while (!c.readRequest().empty()) {
      c.send(okAnswer(R"({"sky":"blue"})"));
    }
  });
  const std::string driver = idOf({"drivers", "install", builtDriver("http_json")});
  const std::string id =
      idOf({"modules", "create", driver, "--address", server.url(), "-o", "name"});
  const auto set =
      busbar({"settings", "edit", id, "--file", "-"},
             R"({"polls":[{"path":"/now","points":[{"name":"sky","pointer":"/sky"}]}]})");
  ASSERT_EQ(set.exitCode, 0) << set.err;
  ASSERT_EQ(busbar({"modules", "start", id, "--wait"}).exitCode, 0);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string state;
  while (state.find("blue") == std::string::npos && std::chrono::steady_clock::now() < limit) {
    state = busbar({"state", id}).out;
  }
  EXPECT_NE(state.find("blue"), std::string::npos) << state << busbar({"logs", id}).out;
  EXPECT_EQ(busbar({"modules", "exec", id, "poll_now"}).out, "1\n");
}

}  // namespace
}  // namespace busbar::test
