// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The snmp driver in a real runner under a real host, against Debian's snmpd.

#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "tests/integration/plugins/child_process.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

class SnmpDriverTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string path = (std::filesystem::temp_directory_path() / "busbar-snmpd-XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder_ = path;
    agent_ = std::make_unique<test::ChildProcess>(
        std::vector<std::string>{std::string(std::getenv("BUSBAR_SOURCE")) + "/tools/sim/snmpd.sh",
                                 "--state", folder_ + "/state", "--for", "120"});
    port_ = agent_->readReadyPort();
    ASSERT_NE(port_, 0) << "snmpd did not start";
  }
  static void TearDownTestSuite() {
    agent_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start(const std::string& settings) { startAt(port_, settings); }

  void startAt(int port, const std::string& settings) {
    const std::string driver = host_.addDriver("snmp");
    host_.addModule("mod-1", driver, false, "127.0.0.1", port);
    row_.id = "set-1";
    row_.parentId = "mod-1";
    row_.text = settings;
    const Status written = host_.write(ConfigWrite::Kind::Insert, row_);
    ASSERT_TRUE(written.ok()) << written.error().message;
    model::Module mod = *host_.site_.findModule("mod-1");
    mod.running = true;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, mod).ok());
    ASSERT_TRUE(host_.waitFor("mod-1", "running")) << host_.host_->health("mod-1").sentence;
    ASSERT_TRUE(runUntil(
        *host_.loop_, [&] { return !status("online").empty() || !status("last_error").empty(); }));
  }

  std::string status(const std::string& key) {
    const auto value = host_.host_->stateKey("mod-1", key);
    return value.ok() ? *value : "";
  }
  bool becomes(const std::string& key, const std::string& json) {
    return runUntil(*host_.loop_, [&] { return status(key) == json; });
  }
  bool contains(const std::string& key, const std::string& text) {
    return runUntil(*host_.loop_, [&] { return status(key).find(text) != std::string::npos; });
  }
  std::string result(const std::string& function, const std::string& args) {
    const auto reply = host_.execute("mod-1", function, args);
    return reply.ok() ? reply->resultJson : "error: " + reply.error().message;
  }

  // What every version and level must be able to do.
  void expectToWork() {
    EXPECT_TRUE(becomes("name", R"("simulated")")) << status("last_error");
    EXPECT_TRUE(becomes("services", "7.2"));
    EXPECT_TRUE(contains("descriptions", R"("1":)"));
    EXPECT_EQ(status("missing"), "");
    EXPECT_EQ(result("get", R"(["1.3.6.1.2.1.1.5.0"])"),
              R"({"oid":"1.3.6.1.2.1.1.5.0","type":"string","value":"simulated"})");
    EXPECT_NE(result("get_next", R"(["1.3.6.1.2.1.1.5"])").find("1.3.6.1.2.1.1.5.0"),
              std::string::npos);
    EXPECT_NE(result("walk", R"(["1.3.6.1.2.1.1.9.1.2"])").find("1.3.6.1.2.1.1.9.1.2.1"),
              std::string::npos);
    const std::string text = "at " + std::to_string(++counter_);
    EXPECT_NE(result("set", "[\"location\",\"" + text + "\"]").find(text), std::string::npos);
    EXPECT_TRUE(becomes("location", "\"" + text + "\""));
    EXPECT_TRUE(host_.host_->health("mod-1").connected);
  }

  static std::string settings(const std::string& access) {
    return "{" + access + R"(,"poll_interval_ms":200,"timeout_ms":500,"objects":[
      {"oid":"1.3.6.1.2.1.1.5.0","key":"name"},
      {"oid":"1.3.6.1.2.1.1.99.0","key":"missing"},
      {"oid":"1.3.6.1.2.1.1.7.0","key":"services","scale":0.1},
      {"oid":"1.3.6.1.2.1.1.6.0","key":"location"},
      {"oid":"1.3.6.1.2.1.1.9.1.3","key":"descriptions","walk":true}]})";
  }

  HostFixture host_;
  model::Settings row_;
  static inline int counter_ = 0;
  static inline std::unique_ptr<test::ChildProcess> agent_;
  static inline std::string folder_;
  static inline int port_ = 0;
};

TEST_F(SnmpDriverTest, WorksWithV1) {
  start(settings(R"("version":"1")"));
  expectToWork();
}

TEST_F(SnmpDriverTest, WorksWithV2c) {
  start(settings(R"("version":"2c","community":"public")"));
  expectToWork();
  EXPECT_NE(result("get_bulk", R"(["1.3.6.1.2.1.1",3])").find("1.3.6.1.2.1.1.3.0"),
            std::string::npos);
}

TEST_F(SnmpDriverTest, WorksWithV3ShaAes) {
  start(settings(
      R"("version":"3","user":"busbar","auth_protocol":"sha","auth_password":"authpassword",
                    "priv_protocol":"aes","priv_password":"privpassword")"));
  expectToWork();
}

TEST_F(SnmpDriverTest, WorksWithV3Sha256Aes256) {
  start(settings(
      R"("version":"3","user":"busbar256","auth_protocol":"sha256","auth_password":"authpassword",
                    "priv_protocol":"aes256","priv_password":"privpassword")"));
  expectToWork();
}

TEST_F(SnmpDriverTest, AWrongPasswordIsNamed) {
  start(settings(
      R"("version":"3","user":"busbar","auth_protocol":"sha","auth_password":"not the password",
                    "priv_protocol":"aes","priv_password":"privpassword")"));
  EXPECT_TRUE(contains("last_error", "usmStatsWrongDigests"));
  EXPECT_NE(result("get", R"(["name"])").find("check the auth password"), std::string::npos);
}

TEST_F(SnmpDriverTest, ABadLineNeverMakesV3PublishALie) {
  test::ChildProcess line({std::string(std::getenv("BUSBAR_BUILD")) + "/bin/tcp_faults", "--udp",
                           "--to", "127.0.0.1:" + std::to_string(port_)});
  startAt(line.readReadyPort(), R"({"version":"3","user":"busbarauth","auth_protocol":"sha512",
      "auth_password":"authpassword","poll_interval_ms":10,"timeout_ms":50,"retries":0,
      "objects":[{"oid":"1.3.6.1.2.1.1.5.0","key":"name"}]})");
  ASSERT_TRUE(becomes("name", R"("simulated")")) << status("last_error");
  std::set<std::string> seen;
  const auto subscription = host_.host_->subscribe([&](const HostEvent& event) {
    if (event.kind == HostEvent::Kind::State && event.state->key == "name") {
      seen.insert(event.state->json);
    }
  });
  for (const char* fault : {"corrupt=40", "cut=60", "drop"}) {
    line.writeLine(std::string("fail ") + fault);
    ASSERT_EQ(line.readLine(), "ok");
    EXPECT_TRUE(becomes("online", "false")) << fault;
    line.writeLine("fail none");
    ASSERT_EQ(line.readLine(), "ok");
    EXPECT_TRUE(becomes("online", "true")) << fault << ": " << status("last_error");
  }
  seen.insert(status("name"));
  EXPECT_EQ(seen, std::set<std::string>{R"("simulated")"});
}

TEST_F(SnmpDriverTest, AWrongCommunityEndsInATimeout) {
  start(R"({"version":"2c","community":"wrong","timeout_ms":100,"retries":1,
           "objects":[{"oid":"1.3.6.1.2.1.1.5.0","key":"name"}]})");
  EXPECT_TRUE(becomes("online", "false"));
  EXPECT_TRUE(contains("last_error", "does not answer"));
  EXPECT_NE(result("get", R"(["name"])").find("wrong community"), std::string::npos);
}

TEST_F(SnmpDriverTest, RefusalsSayWhy) {
  start(settings(R"("version":"2c")"));
  ASSERT_TRUE(becomes("online", "true"));
  EXPECT_NE(result("get", R"(["nothing"])").find("neither a key"), std::string::npos);
  EXPECT_NE(result("get", R"(["1.3.6.1.2.1.1.99.0"])").find("no object"), std::string::npos);
  EXPECT_NE(result("set", R"(["1.3.6.1.2.1.1.7.0",5])").find("notWritable"), std::string::npos);
  EXPECT_NE(result("set", R"(["location",5,"string"])").find("must be a text"), std::string::npos);
}

TEST_F(SnmpDriverTest, NewSettingsApplyWithoutARestart) {
  start(settings(R"("version":"2c")"));
  ASSERT_TRUE(becomes("name", R"("simulated")"));
  const std::string runner = host_.host_->health("mod-1").runnerId;
  row_ = *host_.site_.findSettings("set-1");
  row_.text =
      R"({"version":"3","user":"busbarauth","auth_protocol":"sha512","auth_password":"authpassword",
                  "objects":[{"oid":"1.3.6.1.2.1.1.5.0","key":"title"}]})";
  const Status written = host_.write(ConfigWrite::Kind::Update, row_);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_TRUE(becomes("title", R"("simulated")")) << status("last_error");
  EXPECT_TRUE(becomes("name", ""));
  EXPECT_EQ(host_.host_->health("mod-1").runnerId, runner);
}

}  // namespace
}  // namespace busbar
