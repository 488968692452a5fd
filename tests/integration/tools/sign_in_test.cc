// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The real busbard, from the setup token to a session that outlives a restart, by curl.
#include <signal.h>
#include <sys/stat.h>

#include <climits>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/tools/running_busbard.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace busbar::test {
namespace {

constexpr const char* kPassword = "green ladder 1871";

class SignIn : public testing::Test {
 protected:
  void start() {
    busbard_.emplace(data());
    ASSERT_TRUE(busbard_->isReady());
  }
  // Ends busbard; what it logged.
  std::string stop() {
    busbard_->program().signal(SIGTERM);
    const Program::Outcome outcome = busbard_->program().wait();
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    busbard_.reset();
    return outcome.err;
  }
  std::string data() const { return dir_.path() + "/data"; }
  std::string tokenPath() const { return data() + "/setup-token"; }
  std::string cookieJar() const { return dir_.path() + "/cookies"; }

  // The status, a line feed, and the body.
  std::string curl(std::vector<std::string> arguments, const std::string& path) {
    arguments.insert(arguments.begin(), {"/usr/bin/curl", "-sS", "-b", cookieJar(), "-c",
                                         cookieJar(), "-w", "%{stderr}%{http_code}"});
    arguments.push_back(busbard_->url() + path);
    const Program::Outcome outcome = Program::run(std::move(arguments));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    return outcome.err + "\n" + outcome.out;
  }
  std::string setUp(const std::string& token) {
    return curl({"--json", R"({"token":")" + token + R"(","email":"root@site.test","password":")" +
                               kPassword + "\"}"},
                "/api/busbar/v1/setup");
  }
  unsigned long ownMemoryKb() {
    std::ifstream status("/proc/" + std::to_string(busbard_->program().pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) {
        return std::stoul(line.substr(8));
      }
    }
    return ULONG_MAX;
  }
  std::string keyId() {
    const std::string keys = curl({}, "/auth/oauth/discovery/keys");
    const size_t at = keys.find("\"kid\":\"");
    return at == std::string::npos ? "" : keys.substr(at + 7, 43);
  }

  TempDir dir_;
  std::optional<RunningBusbard> busbard_;
};

TEST_F(SignIn, FromTheSetupTokenToASessionThatOutlivesARestart) {
  start();
  struct stat info{};
  ASSERT_EQ(::stat(tokenPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  std::string token;
  std::ifstream(tokenPath()) >> token;
  EXPECT_TRUE(setUp("wrong").starts_with("403\n"));
  EXPECT_TRUE(setUp(token).starts_with("201\n"));
  EXPECT_NE(::stat(tokenPath().c_str(), &info), 0);
  EXPECT_TRUE(setUp(token).starts_with("403\n"));

  const std::string form = "email=root@site.test&password=";
  EXPECT_TRUE(curl({"-d", form + "wrong"}, "/auth/signin").starts_with("401\n"));
  EXPECT_TRUE(curl({"--data-urlencode", "email=root@site.test", "--data-urlencode",
                    std::string("password=") + kPassword},
                   "/auth/signin")
                  .starts_with("202\n"));
  EXPECT_LT(ownMemoryKb(), 19U << 10U) << "what a password's hash takes is kept";
  EXPECT_NE(curl({}, "/auth/authority").find("\"session\":true"), std::string::npos);
  const std::string key = keyId();
  EXPECT_EQ(key.size(), 43U);

  std::string log = stop();
  start();
  EXPECT_NE(::stat(tokenPath().c_str(), &info), 0);  // there is a user
  EXPECT_EQ(keyId(), key);
  EXPECT_NE(curl({}, "/auth/authority").find("\"session\":true"), std::string::npos);
  const std::string audit = busbard_->busbar({"audit", "list", "-o", "json"}).out;
  for (const char* action : {"set_up", "signed_in", "sign_in_refused"}) {
    EXPECT_NE(audit.find(action), std::string::npos) << action << audit;
  }
  EXPECT_EQ(busbard_->busbar({"audit", "verify"}).exitCode, 0);
  EXPECT_EQ(busbard_->busbar({"tokens", "rotate-key"}).exitCode, 0);
  EXPECT_NE(keyId(), key);
  EXPECT_TRUE(curl({}, "/auth/logout").starts_with("302\n"));
  EXPECT_NE(curl({}, "/auth/authority").find("\"session\":false"), std::string::npos);
  log += stop();
  for (const std::string& secret : {token, std::string(kPassword)}) {
    EXPECT_EQ(log.find(secret), std::string::npos) << log;
  }
  for (const char* event :
       {"set_up", "signed_in", "sign_in_refused", "signed_out", "key_rotated"}) {
    EXPECT_NE(log.find(event), std::string::npos) << event << log;
  }
}

}  // namespace
}  // namespace busbar::test
