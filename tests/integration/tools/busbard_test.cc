// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The real busbard: what it refuses, with one line and exit code 2, and how it starts and stops.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/integration/tools/running_busbard.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace busbar::test {
namespace {

using std::chrono::steady_clock;

class Busbard : public testing::Test {
 protected:
  std::string data() const { return dir_.path() + "/data"; }

  // The one line on stderr of a start that must be refused.
  std::string refusalOf(const std::vector<std::string>& flags) {
    std::vector<std::string> argv{"busbard"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    const Program::Outcome outcome = Program::run(argv);
    EXPECT_EQ(outcome.exitCode, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  }

  TempDir dir_;
};

TEST_F(Busbard, RefusesUnknownConfigurationKeys) {
  const std::string config = dir_.path() + "/busbard.toml";
  std::ofstream(config) << "[server]\nlisten = \"127.0.0.1:0\"\nlissten = 1\n";
  EXPECT_NE(refusalOf({"--config", config, "--data", data()}).find(config + ":3:1: unknown key"),
            std::string::npos);
  struct stat info{};
  EXPECT_NE(stat(data().c_str(), &info), 0) << "nothing is made before the configuration is read";
}

TEST_F(Busbard, RefusesUnknownFlags) {
  EXPECT_NE(refusalOf({"--nope"}).find("--help"), std::string::npos);
}

TEST_F(Busbard, RefusesFoldersThatCannotBeWritten) {
  std::ofstream(dir_.path() + "/file") << "x";
  EXPECT_NE(refusalOf({"--data", dir_.path() + "/file/data"}).find(dir_.path() + "/file"),
            std::string::npos);
  EXPECT_NE(refusalOf({"--data", "/proc/busbar"}).find("/proc/busbar"), std::string::npos);
}

TEST_F(Busbard, PrintsItsAddressFirstAndStopsCleanlyOnSigterm) {
  RunningBusbard busbard(data());
  ASSERT_TRUE(busbard.isReady());
  EXPECT_EQ(busbard.url().rfind("http://127.0.0.1:", 0), 0U) << busbard.url();
  const auto begin = steady_clock::now();
  busbard.program().signal(SIGTERM);
  const Program::Outcome outcome = busbard.program().wait();
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(Busbard, SecondInstanceOnTheSameFolderIsRefused) {
  RunningBusbard busbard(data());
  ASSERT_TRUE(busbard.isReady());
  const std::string line = refusalOf({"--data", data(), "--listen", "127.0.0.1:0"});
  EXPECT_NE(line.find("in use by process " + std::to_string(busbard.program().pid())),
            std::string::npos)
      << line;
}

TEST_F(Busbard, TakenPortIsRefused) {
  const UniqueFd taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(taken.get(), generic, size), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  ASSERT_EQ(getsockname(taken.get(), generic, &size), 0);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const std::string line = refusalOf({"--data", data(), "--listen", where});
  EXPECT_NE(line.find("port " + std::to_string(ntohs(address.sin_port))), std::string::npos)
      << line;
}

TEST_F(Busbard, DataOfANewerVersionIsRefusedAndLeftAlone) {
  {
    RunningBusbard busbard(data());
    ASSERT_TRUE(busbard.isReady());
    busbard.program().signal(SIGTERM);
    ASSERT_EQ(busbard.program().wait().exitCode, 0);
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((data() + "/config.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version = 9999", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  const std::string line = refusalOf({"--data", data(), "--listen", "127.0.0.1:0"});
  EXPECT_NE(line.find("newer"), std::string::npos) << line;
}

TEST_F(Busbard, SignalsChangeTheLogLevel) {
  RunningBusbard busbard(data());
  ASSERT_TRUE(busbard.isReady());
  busbard.program().signal(SIGUSR1);
  busbard.program().signal(SIGTERM);
  const Program::Outcome outcome = busbard.program().wait();
  EXPECT_NE(outcome.err.find("\"level_now\":\"debug\""), std::string::npos) << outcome.err;
}

TEST_F(Busbard, LogIsJsonLines) {
  RunningBusbard busbard(data());
  ASSERT_TRUE(busbard.isReady());
  busbard.program().signal(SIGTERM);
  const Program::Outcome outcome = busbard.program().wait();
  EXPECT_NE(outcome.err.find("{\"time\":\""), std::string::npos);
  EXPECT_NE(outcome.err.find("\"message\":\"stopped\""), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace busbar::test
