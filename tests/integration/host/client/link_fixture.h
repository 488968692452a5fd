// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sdk/base/unique_fd.h"
#include "tests/support/free_port.h"
#include "tests/support/host_fixture.h"

namespace busbar {

// A device on loopback that a module connects to; the test is its program.
class TcpDevice {
 public:
  TcpDevice() { listen(test::freePort()); }

  void listen(uint16_t port) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int one = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    BUSBAR_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                 0);
    BUSBAR_CHECK(::listen(listener_.get(), 8) == 0);
    port_ = port;
  }
  void refuse() { listener_.reset(); }
  uint16_t port() const { return port_; }
  // True once a connection has come.
  bool accept() {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      connection_ = std::move(fd);
      ++accepted_;
      return true;
    }
    return false;
  }
  int accepted() const { return accepted_; }
  void send(std::string_view bytes) {
    ASSERT_EQ(::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // All that has come so far; `closed` when the other side is gone.
  const std::string& read() {
    char buffer[4096];
    for (;;) {
      const ssize_t n = ::recv(connection_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (n <= 0) {
        isClosed_ = n == 0 || errno == ECONNRESET;
        return got_;
      }
      got_.append(buffer, static_cast<size_t>(n));
    }
  }
  bool isClosed() {
    read();
    return isClosed_;
  }
  void close() { connection_.reset(); }
  int fd() const { return connection_.get(); }

 private:
  UniqueFd listener_;
  UniqueFd connection_;
  uint16_t port_ = 0;
  int accepted_ = 0;
  bool isClosed_ = false;
  std::string got_;
};

// A host with modules of the link drivers of tests/drivers.
class LinkKindTest : public testing::Test {
 protected:
  // A module "mod-1" of that driver with the settings "busbar".
  void module(const std::string& driver, const std::string& connection = "{}",
              const std::string& ip = "127.0.0.1", int port = 0, bool tls = false,
              bool makebreak = false) {
    const std::string driverId =
        host_.addDriver(driver, model::Isolation::Driver, "/tests/drivers/");
    model::Module mod;
    mod.id = "mod-1";
    mod.driverId = driverId;
    mod.running = true;
    mod.ip = ip;
    mod.port = port;
    mod.tls = tls;
    mod.makebreak = makebreak;
    model::Settings settings;
    settings.id = "sets-1";
    settings.parentId = "mod-1";
    settings.text = R"({"busbar":)" + connection + "}";
    mod.running = false;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, mod).ok());
    const Status added = host_.write(ConfigWrite::Kind::Insert, settings);
    ASSERT_TRUE(added.ok()) << added.error().message;
    model::Module row = *host_.site_.findModule("mod-1");
    row.running = true;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  }
  ModuleHealth health() { return host_.host_->health("mod-1"); }
  template <class Condition>
  bool until(Condition condition) {
    return runUntil(*host_.loop_, std::move(condition));
  }
  bool untilConnected(bool connected = true) {
    const bool done =
        until([&] { return health().state == "running" && health().connected == connected; });
    EXPECT_TRUE(done) << health().state << " " << health().code << " " << health().sentence;
    return done;
  }
  bool logged(const std::string& text) {
    const auto has = [&] {
      const std::vector<LogLine> lines = *host_.host_->logs("mod-1");
      for (const LogLine& line : lines) {
        if (line.message.find(text) != std::string::npos) {
          return true;
        }
      }
      return false;
    };
    const bool found = until(has);
    if (!found) {
      const std::vector<LogLine> lines = *host_.host_->logs("mod-1");
      for (const LogLine& line : lines) {
        ADD_FAILURE() << "logged: " << line.message;
      }
    }
    return found;
  }
  // The status that the driver got from the host function.
  int call(const std::string& function, const std::string& args) {
    const auto reply = host_.execute("mod-1", function, args);
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    return reply.ok() ? std::stoi(reply->resultJson) : -99;
  }

  HostFixture host_;
};

}  // namespace busbar
