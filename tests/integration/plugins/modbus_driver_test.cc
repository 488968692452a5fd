// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The modbus driver in a real runner under a real host, against the simulator.

#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/integration/plugins/child_process.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

class ModbusDriverTest : public testing::Test {
 protected:
  ModbusDriverTest()
      : device_(
            {std::string(std::getenv("BUSBAR_BUILD")) + "/bin/modbus_sim", "--change-ms", "0"}) {}

  void start(const std::string& settings) {
    const int port = device_.readReadyPort();
    ASSERT_NE(port, 0);
    startAt(port, settings);
  }

  void startAt(int port, const std::string& settings) {
    const std::string driver = host_.addDriver("modbus");
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
  }

  void changeSettings(const std::string& settings) {
    row_ = *host_.site_.findSettings("set-1");
    row_.text = settings;
    const auto written = host_.write(ConfigWrite::Kind::Update, row_);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  std::string tell(const std::string& line) {
    device_.writeLine(line);
    return device_.readLine();
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
  std::string errorOf(const std::string& function, const std::string& args) {
    const auto reply = host_.execute("mod-1", function, args);
    return reply.ok() ? "no error" : reply.error().message;
  }

  test::ChildProcess device_;
  HostFixture host_;
  model::Settings row_;
};

// Long poll interval: what is seen comes from connecting, or from the function under test.
constexpr const char* kQuiet =
    R"({"poll_interval_ms":3600000,"timeout_ms":300,"retries":0,"points":[
  {"name":"level","address":10,"writable":true},
  {"name":"temperature","address":20,"type":"int16","scale":0.1,"offset":-1,"writable":true},
  {"name":"total","address":30,"type":"uint32","word_order":"little"},
  {"name":"fixed","address":31},
  {"name":"alarm","address":40,"type":"bool","bit":3,"writable":true},
  {"name":"in","table":"input","address":7},
  {"name":"door","table":"discrete","address":3},
  {"name":"pump","table":"coil","address":1,"writable":true},
  {"name":"row","table":"input","address":100,"count":3}]})";

TEST_F(ModbusDriverTest, PublishesAllTablesWhenItConnects) {
  start(kQuiet);
  EXPECT_TRUE(becomes("online", "true"));
  EXPECT_TRUE(becomes("level", "10"));
  EXPECT_TRUE(becomes("temperature", "1"));
  EXPECT_TRUE(becomes("total", std::to_string((31 << 16) + 30)));
  EXPECT_TRUE(becomes("alarm", "true"));  // 40 has bit 3 set
  EXPECT_TRUE(becomes("in", "7"));
  EXPECT_TRUE(becomes("door", "true"));
  EXPECT_TRUE(becomes("pump", "false"));
  EXPECT_TRUE(becomes("row_3", "102"));
  EXPECT_TRUE(host_.host_->health("mod-1").connected);
}

TEST_F(ModbusDriverTest, WritesReachTheDeviceAndTheStatusFollows) {
  start(kQuiet);
  ASSERT_TRUE(becomes("pump", "false"));
  const auto written = host_.execute("mod-1", "write", R"(["level",1234])");
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(tell("get 1 3 10"), "1234");
  EXPECT_TRUE(becomes("level", "1234"));
  EXPECT_TRUE(host_.execute("mod-1", "write", R"(["temperature",21.5])").ok());
  EXPECT_EQ(tell("get 1 3 20"), "225");
  EXPECT_TRUE(host_.execute("mod-1", "write", R"(["pump",true])").ok());
  EXPECT_EQ(tell("get 1 1 1"), "1");
  EXPECT_TRUE(becomes("pump", "true"));
  EXPECT_TRUE(host_.execute("mod-1", "write", R"(["alarm",false])").ok());
  EXPECT_EQ(tell("get 1 3 40"), "32");  // only bit 3 has gone
  EXPECT_TRUE(becomes("alarm", "false"));
  EXPECT_TRUE(host_.execute("mod-1", "write_register", "[500,77]").ok());
  EXPECT_EQ(tell("get 1 3 500"), "77");
  EXPECT_TRUE(host_.execute("mod-1", "write_coil", "[9,true]").ok());
  EXPECT_EQ(tell("get 1 1 9"), "1");
}

TEST_F(ModbusDriverTest, ReadsRawItems) {
  start(kQuiet);
  ASSERT_TRUE(becomes("online", "true"));
  EXPECT_EQ(host_.execute("mod-1", "read", R"(["holding",1000,3])")->resultJson,
            "[1000,1001,1002]");
  EXPECT_EQ(host_.execute("mod-1", "read", R"(["discrete",0,3])")->resultJson,
            "[false,true,false]");
}

TEST_F(ModbusDriverTest, PollNowReadsAtOnce) {
  start(kQuiet);
  ASSERT_TRUE(becomes("pump", "false"));
  EXPECT_EQ(tell("set holding 1 10 99"), "ok");
  const auto polled = host_.execute("mod-1", "poll_now");
  ASSERT_TRUE(polled.ok()) << polled.error().message;
  EXPECT_EQ(polled->resultJson, "11");
  EXPECT_TRUE(becomes("level", "99"));
}

TEST_F(ModbusDriverTest, ErrorsNameTheExceptionAndTheRule) {
  start(kQuiet);
  ASSERT_TRUE(becomes("online", "true"));
  EXPECT_EQ(errorOf("read", R"(["holding",65530,10])"),
            "read 10 of holding from 65530: outside of what the protocol allows");
  EXPECT_EQ(errorOf("read", R"(["holding",0,126])"), "/count must be at most 125 for registers");
  EXPECT_EQ(errorOf("write", R"(["level",70000])"), "point level: value 70000 does not fit uint16");
  EXPECT_NE(errorOf("write", R"(["in",1])").find("not writable"), std::string::npos);
  EXPECT_NE(errorOf("write", R"(["nothing",1])").find("no point nothing"), std::string::npos);
  EXPECT_EQ(tell("fail exception"), "ok");
  EXPECT_EQ(errorOf("read", R"(["holding",5,1])"),
            "read 1 of holding from 5: the device says: server device failure (exception 4)");
  EXPECT_TRUE(contains("last_error", "exception 4"));
}

constexpr const char* kBusy = R"({"poll_interval_ms":20,"timeout_ms":150,"retries":0,"points":[
  {"name":"level","address":10},{"name":"far","address":200}]})";

TEST_F(ModbusDriverTest, ComesBackFromEveryFault) {
  start(kBusy);
  ASSERT_TRUE(becomes("online", "true"));
  for (const char* fault : {"drop", "stall", "rubbish", "refuse"}) {
    EXPECT_EQ(tell(std::string("fail ") + fault), "ok");
    EXPECT_TRUE(becomes("online", "false")) << fault;
    EXPECT_EQ(tell("fail none"), "ok");
    EXPECT_TRUE(becomes("online", "true")) << fault << ": " << status("last_error");
  }
  EXPECT_TRUE(becomes("level", "10"));
}

TEST_F(ModbusDriverTest, ComesBackFromABadLine) {
  const int port = device_.readReadyPort();
  ASSERT_NE(port, 0);
  test::ChildProcess line({std::string(std::getenv("BUSBAR_BUILD")) + "/bin/tcp_faults", "--to",
                           "127.0.0.1:" + std::to_string(port)});
  startAt(line.readReadyPort(), kBusy);
  ASSERT_TRUE(becomes("online", "true")) << status("last_error");
  for (const char* fault : {"corrupt=5", "cut=5", "stall", "delay=400", "refuse"}) {
    line.writeLine(std::string("fail ") + fault);
    ASSERT_EQ(line.readLine(), "ok");
    EXPECT_TRUE(becomes("online", "false")) << fault;
    line.writeLine("fail none");
    ASSERT_EQ(line.readLine(), "ok");
    EXPECT_TRUE(becomes("online", "true")) << fault << ": " << status("last_error");
  }
  EXPECT_TRUE(becomes("level", "10"));
}

TEST_F(ModbusDriverTest, ACallToADeviceThatStallsEndsAndSaysSo) {
  start(kQuiet);
  ASSERT_TRUE(becomes("online", "true"));
  EXPECT_EQ(tell("fail stall"), "ok");
  EXPECT_EQ(errorOf("read", R"(["holding",5,1])"),
            "read 1 of holding from 5: the device did not answer");
  EXPECT_TRUE(becomes("online", "false"));
}

TEST_F(ModbusDriverTest, NewSettingsApplyWithoutARestart) {
  start(kQuiet);
  ASSERT_TRUE(becomes("row_3", "102"));
  const std::string runner = host_.host_->health("mod-1").runnerId;
  changeSettings(
      R"({"poll_interval_ms":3600000,"points":[{"name":"level","address":11},{"name":"new","address":50}]})");
  EXPECT_TRUE(becomes("new", "50"));
  EXPECT_TRUE(becomes("level", "11"));
  EXPECT_TRUE(becomes("row_3", ""));
  EXPECT_EQ(host_.host_->health("mod-1").runnerId, runner);
}

}  // namespace
}  // namespace busbar
