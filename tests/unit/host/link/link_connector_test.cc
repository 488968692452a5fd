// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/link_connector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tests/support/await.h"
#include "tests/support/free_port.h"

namespace busbar {
namespace {

class LinkConnectorTest : public testing::Test, protected LinkConnector::Owner {
 protected:
  void linkConnected(uint32_t, uint32_t generation, UniqueFd fd, std::string peer) override {
    generation_ = generation;
    fd_ = std::move(fd);
    peer_ = std::move(peer);
  }
  void linkFailed(uint32_t, const Error& error) override { failures_.push_back(error.message); }

  // A listening socket on loopback; its port.
  uint16_t listen(uint16_t port = test::freePort()) {
    listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int one = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    BUSBAR_CHECK(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    BUSBAR_CHECK(::listen(listener_.get(), 8) == 0);
    return port;
  }
  LinkConnector& connector(LinkTarget target) {
    LinkConnector::Owner& self = *this;
    connector_ = std::make_unique<LinkConnector>(*loop_, pool_, self, 1, std::move(target), 7);
    return *connector_;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{1, 10};
  UniqueFd listener_;
  UniqueFd fd_;
  uint32_t generation_ = 0;
  std::string peer_;
  std::vector<std::string> failures_;
  std::unique_ptr<LinkConnector> connector_;
};

TEST_F(LinkConnectorTest, HandsOverAConnectedSocketWithTheFenceOptions) {
  const uint16_t port = listen();
  connector({LinkKind::Tcp, "127.0.0.1", port}).connect();
  ASSERT_TRUE(runUntil(*loop_, [&] { return fd_.valid(); }));
  EXPECT_EQ(peer_, "127.0.0.1:" + std::to_string(port));
  linger l{};
  socklen_t size = sizeof l;
  getsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &l, &size);
  EXPECT_EQ(l.l_onoff, 1);
  EXPECT_EQ(l.l_linger, 0);
  int nodelay = 0;
  size = sizeof nodelay;
  getsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
  EXPECT_EQ(nodelay, 1);
}

TEST_F(LinkConnectorTest, ResolvesNamesOnThePool) {
  const uint16_t port = listen();
  connector({LinkKind::Tcp, "localhost", port}).connect();
  ASSERT_TRUE(runUntil(*loop_, [&] { return fd_.valid(); }));
}

TEST_F(LinkConnectorTest, TriesAgainAfterARefusalAndAfterALoss) {
  const uint16_t port = listen();
  listener_.reset();
  LinkConnector& link = connector({LinkKind::Tcp, "127.0.0.1", port});
  link.connect();
  ASSERT_TRUE(runUntil(*loop_, [&] { return !failures_.empty(); }));
  EXPECT_NE(failures_[0].find("Connection refused"), std::string::npos) << failures_[0];

  listen(port);
  ASSERT_TRUE(runUntil(*loop_, [&] { return fd_.valid(); }));
  const uint32_t first = generation_;
  fd_.reset();
  link.lost();
  ASSERT_TRUE(runUntil(*loop_, [&] { return fd_.valid(); }));
  EXPECT_GT(generation_, first);
}

TEST_F(LinkConnectorTest, StaysDownAfterDisconnect) {
  const uint16_t port = listen();
  LinkConnector& link = connector({LinkKind::Tcp, "127.0.0.1", port});
  link.connect();
  ASSERT_TRUE(runUntil(*loop_, [&] { return fd_.valid(); }));
  link.disconnect();
  fd_.reset();
  link.lost();
  for (int i = 0; i < 5; ++i) {
    loop_->runOnce(Milliseconds(1));
  }
  EXPECT_FALSE(fd_.valid());
  EXPECT_FALSE(link.up());
}

TEST_F(LinkConnectorTest, SaysWhichNameDoesNotResolve) {
  connector({LinkKind::Tcp, "no-such-host.invalid", 1}).connect();
  ASSERT_TRUE(runUntil(*loop_, [&] { return !failures_.empty(); }));
  EXPECT_NE(failures_[0].find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace busbar
