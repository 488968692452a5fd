// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tcp_listeners.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/free_port.h"

namespace busbar {
namespace {

class Client : public TcpListeners::Client {
 public:
  explicit Client(int prefix) : prefix_(prefix) {}
  int prefixOf(const wire::PeerAddress&) const override { return prefix_; }
  void accepted(UniqueFd fd, const wire::PeerAddress&) override { taken.push_back(std::move(fd)); }
  void refused(const wire::PeerAddress&) override { ++refusedCount; }

  std::vector<UniqueFd> taken;
  int refusedCount = 0;

 private:
  const int prefix_;
};

sockaddr_in loopback(uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

UniqueFd connectTo(uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in at = loopback(port);
  BUSBAR_CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  return fd;
}

// While it lives this process can open nothing.
class NoDescriptors {
 public:
  NoDescriptors() {
    BUSBAR_CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const UniqueFd lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest.get());
    BUSBAR_CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class TcpListenersTest : public testing::Test {
 protected:
  // True if a turn had nothing to do: it then waits for its whole limit.
  bool isIdle() {
    const auto begin = std::chrono::steady_clock::now();
    loop_->runOnce(Milliseconds(50));
    return std::chrono::steady_clock::now() - begin >= Milliseconds(45);
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  TcpListeners listeners_;
  const uint16_t port_ = test::freePort();
};

TEST_F(TcpListenersTest, OutOfDescriptorsAPortRestsAndTakesTheCallerLater) {
  Client client(0);
  ASSERT_TRUE(listeners_.add(*loop_, client, "127.0.0.1", port_).ok());
  const UniqueFd caller = connectTo(port_);
  {
    const NoDescriptors none;
    loop_->runOnce(Milliseconds(1000));  // the caller is noticed, and cannot be taken
    EXPECT_TRUE(client.taken.empty());
    EXPECT_TRUE(isIdle()) << "it is told of the same caller all the time";
    clock_.advance(Milliseconds(200));  // tries again, and rests again
    loop_->runOnce(Milliseconds(0));
    loop_->runOnce(Milliseconds(1000));
    EXPECT_TRUE(client.taken.empty());
    EXPECT_TRUE(isIdle());
  }
  loop_->runOnce(Milliseconds(0));
  EXPECT_TRUE(client.taken.empty()) << "it rests until its time is over";
  clock_.advance(Milliseconds(200));
  EXPECT_TRUE(runUntil(*loop_, [&] { return client.taken.size() == 1; }));
}

TEST_F(TcpListenersTest, APortMayCloseWhileItRests) {
  Client client(0);
  ASSERT_TRUE(listeners_.add(*loop_, client, "127.0.0.1", port_).ok());
  const UniqueFd caller = connectTo(port_);
  {
    const NoDescriptors none;
    loop_->runOnce(Milliseconds(1000));
  }
  listeners_.remove(client);
  EXPECT_EQ(listeners_.openPorts(), 0U);
  clock_.advance(Milliseconds(1000));
  loop_->runOnce(Milliseconds(1));  // no timer of the past
  EXPECT_TRUE(client.taken.empty());
}

TEST_F(TcpListenersTest, TheLongestBlockDecidesAndOfEqualsTheFirst) {
  Client wide(8);
  Client narrow(24);
  Client late(24);
  for (Client* client : {&wide, &narrow, &late}) {
    ASSERT_TRUE(listeners_.add(*loop_, *client, "127.0.0.1", port_).ok());
  }
  EXPECT_EQ(listeners_.openPorts(), 1U);
  const UniqueFd caller = connectTo(port_);
  EXPECT_TRUE(runUntil(*loop_, [&] { return narrow.taken.size() == 1; }));
  EXPECT_TRUE(wide.taken.empty());
  EXPECT_TRUE(late.taken.empty());
}

TEST_F(TcpListenersTest, WhomNobodyPermitsIsClosedAndTold) {
  Client none(-1);
  ASSERT_TRUE(listeners_.add(*loop_, none, "127.0.0.1", port_).ok());
  const UniqueFd caller = connectTo(port_);
  EXPECT_TRUE(runUntil(*loop_, [&] { return none.refusedCount == 1; }));
  char byte = 0;
  EXPECT_LE(::recv(caller.get(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace busbar
