// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What the pjlink driver does over UDP: two modules that share a port, and two simulated projectors
// at addresses of their own, on loopback.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/base/unique_fd.h"
#include "tests/integration/plugins/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

constexpr const char* kBothFound = R"([{"address":"127.0.0.2","mac":"02:00:5e:10:00:0a"},)"
                                   R"({"address":"127.0.0.3","mac":"02:00:5e:10:00:0b"}])";

// A datagram socket at 127.0.0.1 and that port; invalid when somebody has it.
UniqueFd bindUdp(uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    fd.reset();
  }
  return fd;
}

class PjlinkSearchTest : public testing::Test {
 protected:
  void SetUp() override {
    driver_ = host_.addDriver("pjlink");
    for (size_t i = 0; i < 2; ++i) {
      const std::string address = "127.0.0." + std::to_string(i + 2);
      sims_.push_back(std::make_unique<test::ChildProcess>(std::vector<std::string>{
          std::string(std::getenv("BUSBAR_BUILD")) + "/bin/pjlink_sim", "--listen", address + ":0",
          "--warm-ms", "0", "--mac", i == 0 ? "02:00:5E:10:00:0A" : "02:00:5E:10:00:0B", "--search",
          "0.0.0.0:" + std::to_string(searchPort_), "--notify",
          "127.0.0.1:" + std::to_string(port_)}));
      const int port = sims_.back()->readReadyPort();
      ASSERT_NE(port, 0);
      addModule(i, address, port, settings(R"(["127.0.0.0/8"])"));
    }
    for (const std::string& id : ids_) {
      ASSERT_TRUE(becomes(id, "power", "false")) << host_.host_->health(id).sentence;
    }
  }
  void addModule(size_t i, const std::string& address, int port, const std::string& text) {
    host_.addModule(ids_[i], driver_, false, address, port);
    model::Settings row;
    row.id = "set-" + std::to_string(i);
    row.parentId = ids_[i];
    row.text = text;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, row).ok());
    run(ids_[i], true);
  }
  // Questions are far apart: what is seen comes from notices.
  std::string settings(const std::string& peers) const {
    return R"({"poll_interval_ms":25000,"timeout_ms":2000,"search_address":"255.255.255.255:)" +
           std::to_string(searchPort_) +
           R"(","busbar":{"links":{"search":{"interface":"127.0.0.1","port":)" +
           std::to_string(port_) + R"(,"peers":)" + peers + "}}}}";
  }
  void change(size_t i, const std::string& text) {
    model::Settings row = *host_.site_.findSettings("set-" + std::to_string(i));
    row.text = text;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  }
  void run(const std::string& id, bool isRunning) {
    model::Module mod = *host_.site_.findModule(id);
    mod.running = isRunning;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, mod).ok());
    ASSERT_TRUE(host_.waitFor(id, isRunning ? "running" : "stopped"));
  }
  std::string tell(size_t sim, const std::string& line) {
    sims_[sim]->writeLine(line);
    return sims_[sim]->readLine();
  }
  std::string status(const std::string& id, const std::string& key) {
    const auto value = host_.host_->stateKey(id, key);
    return value.ok() ? *value : "";
  }
  bool becomes(const std::string& id, const std::string& key, const std::string& json) {
    return runUntil(*host_.loop_, [&] { return status(id, key) == json; });
  }
  // The result of a search, or "error: " and why not; empty while it is under way.
  std::shared_ptr<std::string> search(const std::string& id) {
    const auto answer = std::make_shared<std::string>();
    ExecuteRequest request;
    request.moduleId = id;
    request.function = "search";
    request.args = "[1]";
    request.caller.role = model::UserRole::Admin;
    request.deadline = host_.loop_->clock().now() + std::chrono::seconds(8);
    host_.host_->execute(std::move(request), [answer](const Result<ExecuteReply>& reply) {
      *answer = reply.ok() ? reply->resultJson : "error: " + reply.error().message;
    });
    return answer;
  }
  std::string awaited(const std::shared_ptr<std::string>& answer) {
    runUntil(*host_.loop_, [&] { return !answer->empty(); });
    return *answer;
  }

  HostFixture host_;
  std::string driver_;
  const uint16_t port_ = test::freePort();
  const uint16_t searchPort_ = test::freePort();
  const std::vector<std::string> ids_ = {"mod-1", "mod-2"};
  std::vector<std::unique_ptr<test::ChildProcess>> sims_;
};

TEST_F(PjlinkSearchTest, TwoModulesSearchOverOnePort) {
  const auto first = search("mod-1");
  const auto second = search("mod-2");
  EXPECT_EQ(awaited(search("mod-1")), "error: a search is under way");
  EXPECT_EQ(awaited(first), kBothFound);
  EXPECT_EQ(awaited(second), kBothFound);
  EXPECT_TRUE(becomes("mod-1", "found", kBothFound));
  EXPECT_TRUE(becomes("mod-1", "mac", R"("02:00:5e:10:00:0a")"));
  EXPECT_TRUE(becomes("mod-2", "mac", R"("02:00:5e:10:00:0b")"));
}

TEST_F(PjlinkSearchTest, OnlyPermittedProjectorsAreFound) {
  change(0, settings("[]"));  // then the module's own address is the one
  ASSERT_TRUE(becomes("mod-1", "online", "true"));
  EXPECT_TRUE(runUntil(*host_.loop_, [&] {
    return awaited(search("mod-1")) == R"([{"address":"127.0.0.2","mac":"02:00:5e:10:00:0a"}])";
  }));
  EXPECT_EQ(awaited(search("mod-2")), kBothFound);
}

TEST_F(PjlinkSearchTest, NoticesShowAtOnceAndAtTheirProjectorAlone) {
  EXPECT_EQ(tell(0, "set power 1"), "ok");
  EXPECT_TRUE(becomes("mod-1", "power", "true"));
  EXPECT_TRUE(becomes("mod-1", "power_state", R"("on")"));
  EXPECT_EQ(tell(0, "set input 32"), "ok");
  EXPECT_TRUE(becomes("mod-1", "input", R"("digital2")"));
  EXPECT_TRUE(becomes("mod-1", "input_label", R"("Socket 32")"));
  EXPECT_EQ(tell(0, "set errors 000200"), "ok");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] {
    return status("mod-1", "errors").find(R"("cover":"error")") != std::string::npos;
  }));
  EXPECT_EQ(tell(1, "set errors 000020"), "ok");  // comes behind all that
  EXPECT_TRUE(runUntil(*host_.loop_, [&] {
    return status("mod-2", "errors").find(R"("filter":"error")") != std::string::npos;
  }));
  EXPECT_EQ(status("mod-2", "power"), "false");
  EXPECT_EQ(status("mod-2", "errors").find(R"("cover":"error")"), std::string::npos);
  EXPECT_EQ(status("mod-1", "errors").find(R"("filter":"error")"), std::string::npos);
}

// TCP is refused, so the question that follows a notice cannot be what is seen.
TEST_F(PjlinkSearchTest, NoticesCountWithoutAConnection) {
  EXPECT_EQ(tell(0, "fail refuse"), "ok");
  ASSERT_TRUE(becomes("mod-1", "online", "false"));
  EXPECT_EQ(tell(0, "set power 1"), "ok");
  EXPECT_TRUE(becomes("mod-1", "power", "true"));
  EXPECT_EQ(tell(0, "set input 21"), "ok");
  EXPECT_TRUE(becomes("mod-1", "input", R"("video1")"));
  EXPECT_EQ(tell(0, "fail none"), "ok");
  EXPECT_EQ(tell(0, "linkup"), "ok");
  EXPECT_TRUE(becomes("mod-1", "online", "true"));
  EXPECT_TRUE(becomes("mod-1", "input_label", R"("Socket 21")"));
  EXPECT_EQ(status("mod-1", "mac"), R"("02:00:5e:10:00:0a")");
}

TEST_F(PjlinkSearchTest, AForgedNoticeIsCorrectedByTheProjector) {
  EXPECT_EQ(tell(0, "notice %2POWR=1"), "ok");
  EXPECT_EQ(tell(0, "notice %2INPT=99"), "ok");
  EXPECT_EQ(tell(0, "notice rubbish"), "ok");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] {
    for (const LogLine& line : std::vector<LogLine>(*host_.host_->logs("mod-1"))) {
      if (line.message == "the projector sent nonsense as its notice INPT") {
        return true;
      }
    }
    return false;
  }));
  EXPECT_TRUE(becomes("mod-1", "power", "false"));
  EXPECT_EQ(status("mod-1", "online"), "true");
}

TEST_F(PjlinkSearchTest, ThePortClosesWithTheLastModule) {
  run("mod-1", false);
  EXPECT_FALSE(bindUdp(port_).valid());
  EXPECT_EQ(awaited(search("mod-2")), kBothFound);
  run("mod-2", false);
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return bindUdp(port_).valid(); }));
}

TEST_F(PjlinkSearchTest, APortThatIsTakenIsSaid) {
  run("mod-1", false);
  run("mod-2", false);
  const UniqueFd taken = bindUdp(port_);
  ASSERT_TRUE(taken.valid());
  run("mod-1", true);
  EXPECT_TRUE(becomes("mod-1", "online", "true"));
  EXPECT_TRUE(host_.host_->health("mod-1").connected);
  EXPECT_NE(awaited(search("mod-1")).find("the UDP port for searches is not open"),
            std::string::npos);
}

}  // namespace
}  // namespace busbar
