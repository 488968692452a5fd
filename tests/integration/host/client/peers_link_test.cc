// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Links with many peers: this test is the devices.
#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/integration/host/client/link_fixture.h"
#include "tests/support/free_port.h"

namespace busbar {
namespace {

// A socket of a device at 127.0.0.N.
class Peer {
 public:
  Peer(int type, int last, uint16_t port = 0) {
    fd_.reset(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at = address(last, port);
    const int one = 1;
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    BUSBAR_CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    socklen_t size = sizeof at;
    BUSBAR_CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    text_ = "127.0.0." + std::to_string(last) + ":" + std::to_string(ntohs(at.sin_port));
    port_ = ntohs(at.sin_port);
  }
  static sockaddr_in address(int last, uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(0x7f000000U + static_cast<uint32_t>(last));
    at.sin_port = htons(port);
    return at;
  }
  void connect(uint16_t port) {
    const sockaddr_in to = address(1, port);
    const int begun = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    EXPECT_TRUE(begun == 0 || errno == EINPROGRESS) << strerrorname_np(errno);
  }
  void send(const std::string& bytes) {
    EXPECT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void sendTo(uint16_t port, const std::string& bytes) {
    const sockaddr_in to = address(1, port);
    EXPECT_EQ(::sendto(fd_.get(), bytes.data(), bytes.size(), 0,
                       reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string read() {
    std::string text(70'000, '\0');
    const ssize_t n = ::recv(fd_.get(), text.data(), text.size(), 0);
    isClosed_ = n == 0 || (n < 0 && errno == ECONNRESET);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    got_ += text;
    return got_;
  }
  bool isClosed() {
    read();
    return isClosed_;
  }
  void close() { fd_.reset(); }
  const std::string& text() const { return text_; }
  uint16_t port() const { return port_; }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string text_;
  std::string got_;
  uint16_t port_ = 0;
  bool isClosed_ = false;
};

class PeersLinkTest : public LinkKindTest {
 protected:
  bool isUp(const std::string& id) {
    const ModuleHealth seen = host_.host_->health(id);
    return seen.state == "running" && seen.connected;
  }
  bool hasLogged(const std::string& id, const std::string& text) {
    const std::vector<LogLine> lines = *host_.host_->logs(id);
    return std::any_of(lines.begin(), lines.end(), [&](const LogLine& line) {
      return line.message.find(text) != std::string::npos;
    });
  }
  int sendTo(const std::string& peer, const std::string& text) {
    return call("send", R"({"t":")" + text + R"(","peer":")" + peer + "\"}");
  }
};

TEST_F(PeersLinkTest, DatagramsComeFromAndGoToPermittedPeersOnly) {
  const uint16_t port = test::freePort();
  module("probe_udp_peers", R"({"links":{"main":{"peers":["127.0.0.2","127.0.0.64/26"]}}})",
         "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer second(SOCK_DGRAM, 2);
  Peer block(SOCK_DGRAM, 70);
  Peer stranger(SOCK_DGRAM, 3);
  stranger.sendTo(port, "from a stranger");
  second.sendTo(port, "one");
  block.sendTo(port, "two");
  EXPECT_TRUE(logged("received one task 0 from " + second.text()));
  EXPECT_TRUE(logged("received two task 0 from " + block.text()));
  EXPECT_TRUE(logged("refused " + stranger.text()));

  EXPECT_EQ(sendTo(stranger.text(), "never"), BUSBAR_OK);
  EXPECT_EQ(sendTo(second.text(), "answer"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return second.read() == "answer"; }));
  EXPECT_EQ(stranger.read(), "");
  EXPECT_TRUE(logged("send: " + stranger.text() + " is not a peer of the link"));
  for (const LogLine& line : std::vector<LogLine>(*host_.host_->logs("mod-1"))) {
    EXPECT_EQ(line.message.find("from a stranger"), std::string::npos);
  }
}

TEST_F(PeersLinkTest, WithoutPeersTheModulesOwnAddressIsTheOne) {
  const uint16_t port = test::freePort();
  module("probe_udp_peers", "{}", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer own(SOCK_DGRAM, 9);
  Peer other(SOCK_DGRAM, 8);
  other.sendTo(port, "other");
  own.sendTo(port, "own");
  EXPECT_TRUE(logged("received own task 0 from 127.0.0.9"));
  EXPECT_TRUE(logged("refused 127.0.0.8"));
}

TEST_F(PeersLinkTest, PeersThatAreNoAddressesAreASettingsProblem) {
  module("probe_udp_peers", R"({"links":{"main":{"peers":["127.0.0.2","127.0.0.1/8"]}}})",
         "127.0.0.9", 7);
  EXPECT_TRUE(until([&] { return health().code == "settings_invalid"; }));
  EXPECT_NE(health().sentence.find("/busbar/links/main/peers/1"), std::string::npos)
      << health().sentence;
}

TEST_F(PeersLinkTest, APortThatIsTakenIsSaidAndTriedAgain) {
  auto taken = std::make_unique<Peer>(SOCK_DGRAM, 1);
  const std::string port = std::to_string(taken->port());
  module("probe_udp_peers", R"({"links":{"main":{"interface":"127.0.0.1","port":)" + port + "}}}",
         "127.0.0.9");
  EXPECT_TRUE(until([&] {
    return health().sentence.find("listen at 127.0.0.1:" + port) != std::string::npos;
  })) << health().sentence;
  taken.reset();
  EXPECT_TRUE(untilConnected());
}

TEST_F(PeersLinkTest, WhatIsNoDatagramOrNoPeerIsTheDriversFault) {
  const uint16_t port = test::freePort();
  module("probe_udp_peers", "{}", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(sendTo("device.example:1", "x"), BUSBAR_E_INVALID);
  EXPECT_EQ(sendTo("127.0.0.9", "x"), BUSBAR_E_INVALID);
  EXPECT_EQ(call("send", R"({"t":"x"})"), BUSBAR_E_INVALID);
  EXPECT_EQ(call("enqueue", R"({"t":"x","token":5})"), BUSBAR_E_INVALID);
  EXPECT_EQ(sendTo("127.0.0.9:1", std::string(65'508, 'x')), BUSBAR_E_INVALID);
  EXPECT_EQ(sendTo("127.0.0.9:1", std::string(65'507, 'x')), BUSBAR_OK);
  EXPECT_EQ(health().state, "running");
}

TEST_F(PeersLinkTest, MulticastReachesTheGroupOverLoopback) {
  const uint16_t port = test::freePort();
  module(
      "probe_udp_peers",
      R"({"links":{"main":{"group":"239.255.77.7","interface":"127.0.0.1","peers":["127.0.0.0/8"]}}})",
      "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer device(SOCK_DGRAM, 5);
  sockaddr_in group = Peer::address(0, port);
  inet_pton(AF_INET, "239.255.77.7", &group.sin_addr);
  const in_addr loopback{htonl(INADDR_LOOPBACK)};
  setsockopt(device.fd(), IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
  ASSERT_EQ(::sendto(device.fd(), "hello", 5, 0, reinterpret_cast<sockaddr*>(&group), sizeof group),
            5);
  EXPECT_TRUE(logged("received hello task 0 from " + device.text()));
  // What the module sends to the group comes back to it: it is a member too.
  EXPECT_EQ(sendTo("239.255.77.7:" + std::to_string(port), "to all"), BUSBAR_OK);
  EXPECT_TRUE(logged("received to all task 0 from 127.0.0.1"));
}

// That a group's datagrams come is shown between namespaces (peers_namespace_test.cc): loopback
// has no route for them.
TEST_F(PeersLinkTest, GroupsOfIpv6AreJoinedToo) {
  const UniqueFd device(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_addr = in6addr_loopback;
  if (::bind(device.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  const uint16_t port = test::freePort();
  module("probe_udp_peers",
         R"({"links":{"main":{"group":"ff02::7707","interface":"::1","peers":["::1"]}}})",
         "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  at.sin6_port = htons(port);
  ASSERT_EQ(::sendto(device.get(), "six", 3, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at),
            3);
  EXPECT_TRUE(logged("received six task 0 from [::1]"));
}

TEST_F(PeersLinkTest, APortWithPeersOfBothFamiliesSpeaksBoth) {
  const uint16_t port = test::freePort();
  module("probe_udp_peers", R"({"links":{"main":{"peers":["127.0.0.2","::1"]}}})", "127.0.0.9",
         port);
  ASSERT_TRUE(untilConnected());
  Peer second(SOCK_DGRAM, 2);
  second.sendTo(port, "old");
  EXPECT_TRUE(logged("received old task 0 from " + second.text()));
  EXPECT_EQ(sendTo(second.text(), "answer"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return second.read() == "answer"; }));
}

TEST_F(PeersLinkTest, BroadcastNeedsTheManifestsWord) {
  const uint16_t port = test::freePort();
  module("probe_udp_peers", "{}", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(sendTo("255.255.255.255:9", "x"), BUSBAR_OK);
  EXPECT_TRUE(logged("send: 255.255.255.255:9 is not a peer of the link"));
}

TEST_F(PeersLinkTest, ABroadcastingDriverMaySendToAll) {
  const uint16_t port = test::freePort();
  module("probe_broadcast", "{}", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  EXPECT_EQ(sendTo("255.255.255.255:9", "x"), BUSBAR_OK);
  EXPECT_EQ(sendTo("127.0.0.3:9", "x"), BUSBAR_OK);  // another peer is still refused
  EXPECT_TRUE(logged("send: 127.0.0.3:9 is not a peer of the link"));
  for (const LogLine& line : std::vector<LogLine>(*host_.host_->logs("mod-1"))) {
    EXPECT_EQ(line.message.find("send: 255."), std::string::npos);
  }
}

TEST_F(PeersLinkTest, DevicesCallInAndAreToldApart) {
  const uint16_t port = test::freePort();
  module("probe_tcp_peers", R"({"links":{"main":{"peers":["127.0.0.2","127.0.0.3"]}}})",
         "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer second(SOCK_STREAM, 2);
  Peer third(SOCK_STREAM, 3);
  Peer stranger(SOCK_STREAM, 4);
  second.connect(port);
  third.connect(port);
  stranger.connect(port);
  EXPECT_TRUE(logged("connected " + second.text() + " generation 1 kind 5"));
  EXPECT_TRUE(logged("connected " + third.text() + " generation 1 kind 5"));
  EXPECT_TRUE(logged("refused " + stranger.text()));
  EXPECT_TRUE(until([&] { return stranger.isClosed(); }));
  second.send("half of ");
  third.send("three\n");
  second.send("two\n");
  EXPECT_TRUE(logged("received three task 0 from " + third.text()));
  EXPECT_TRUE(logged("received half of two task 0 from " + second.text()));
  EXPECT_EQ(sendTo(third.text(), "answer"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return third.read() == "answer"; }));
  EXPECT_EQ(second.read(), "");
  EXPECT_EQ(sendTo("127.0.0.2:1", "nobody"), BUSBAR_E_OFFLINE);

  second.close();
  EXPECT_TRUE(logged("disconnected connection_closed"));
  EXPECT_TRUE(health().connected);
  EXPECT_EQ(sendTo(third.text(), " and goodbye"), BUSBAR_OK);
  EXPECT_EQ(call("link", R"({"a":9,"peer":")" + third.text() + "\"}"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return third.isClosed(); }));
  EXPECT_EQ(third.read(), "answer and goodbye");
  EXPECT_TRUE(logged("disconnected none"));
  EXPECT_EQ(call("link", R"({"a":9,"peer":")" + third.text() + "\"}"), BUSBAR_E_NOTFOUND);
}

TEST_F(PeersLinkTest, ATooLongFrameEndsThatPeerAlone) {
  const uint16_t port = test::freePort();
  module("probe_tcp_peers", R"({"links":{"main":{"peers":["127.0.0.0/24"]}}})", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer loud(SOCK_STREAM, 2);
  Peer calm(SOCK_STREAM, 3);
  loud.connect(port);
  calm.connect(port);
  EXPECT_TRUE(logged("connected " + calm.text()));
  EXPECT_TRUE(logged("connected " + loud.text()));
  loud.send(std::string(70'000, 'x'));
  EXPECT_TRUE(logged("disconnected frame_too_long"));
  EXPECT_TRUE(until([&] { return loud.isClosed(); }));
  calm.send("still here\n");
  EXPECT_TRUE(logged("received still here task 0 from " + calm.text()));
}

TEST_F(PeersLinkTest, ADeviceThatNeverReadsIsCutOffAlone) {
  const uint16_t port = test::freePort();
  module("probe_tcp_peers", R"({"links":{"main":{"peers":["127.0.0.0/24"]}}})", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  Peer deaf(SOCK_STREAM, 2);
  const int little = 4096;
  setsockopt(deaf.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  Peer calm(SOCK_STREAM, 3);
  deaf.connect(port);
  calm.connect(port);
  ASSERT_TRUE(logged("connected " + deaf.text()));
  ASSERT_TRUE(logged("connected " + calm.text()));
  const std::string much(60'000, 'x');
  int sent = 0;
  while (sent < 100 && sendTo(deaf.text(), much) == BUSBAR_OK) {
    ++sent;
  }
  EXPECT_GE(sent, 4);
  EXPECT_LT(sent, 100);  // by then it is not connected any more
  EXPECT_TRUE(logged("disconnected peer_too_slow"));
  EXPECT_EQ(sendTo(calm.text(), "still here"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return calm.read() == "still here"; }));
}

TEST_F(PeersLinkTest, ModulesShareAPortByTheirPeers) {
  const uint16_t port = test::freePort();
  module("probe_tcp_peers", R"({"links":{"main":{"peers":["127.0.0.0/8"]}}})", "127.0.0.9", port);
  host_.addModule("mod-2", "driver-probe_tcp_peers", true, "127.0.0.3", port);
  ASSERT_TRUE(untilConnected());
  ASSERT_TRUE(until([&] {
    const ModuleHealth second = host_.host_->health("mod-2");
    return second.state == "running" && second.connected;
  }));
  Peer own(SOCK_STREAM, 3);
  Peer other(SOCK_STREAM, 4);
  own.connect(port);
  other.connect(port);
  EXPECT_TRUE(logged("connected " + other.text()));
  EXPECT_TRUE(until([&] {
    for (const LogLine& line : std::vector<LogLine>(*host_.host_->logs("mod-2"))) {
      if (line.message.find("connected " + own.text()) != std::string::npos) {
        return true;
      }
    }
    return false;
  }));
  // The port is open only while a module listens.
  for (const char* id : {"mod-1", "mod-2"}) {
    model::Module row = *host_.site_.findModule(id);
    row.running = false;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
    ASSERT_TRUE(host_.waitFor(id, "stopped"));
  }
  EXPECT_TRUE(until([&] { return own.isClosed() && other.isClosed(); }));
  Peer late(SOCK_STREAM, 3);
  late.connect(port);
  EXPECT_TRUE(until([&] {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(late.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == ECONNREFUSED;
  }));
}

TEST_F(PeersLinkTest, AtMost64DevicesAreConnected) {
  const uint16_t port = test::freePort();
  module("probe_tcp_peers", R"({"links":{"main":{"peers":["127.0.0.2"]}}})", "127.0.0.9", port);
  ASSERT_TRUE(untilConnected());
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 65; ++i) {
    peers.push_back(std::make_unique<Peer>(SOCK_STREAM, 2));
    peers.back()->connect(port);
    until([&] { return true; });
    host_.loop_->runOnce(Milliseconds(1));
  }
  EXPECT_TRUE(logged("turned 127.0.0.2"));
  EXPECT_TRUE(until([&] { return peers.back()->isClosed(); }));
  EXPECT_FALSE(peers.front()->isClosed());
}

// ---- drivers that do wrong, and their twins (tests/drivers/peer_fault.c)

TEST_F(PeersLinkTest, FaultsWithDatagramsHarmNobody) {
  const std::vector<std::pair<std::string, std::string>> kFaults = {
      {"none", ""},
      {"stranger", "send: 127.0.0.99:9 is not a peer of the link"},
      {"flood", "the flood was stopped"}};
  int number = 0;
  for (const auto& [fault, line] : kFaults) {
    SCOPED_TRACE(fault);
    const uint16_t port = test::freePort();
    const std::string id = "mod-" + std::to_string(++number);
    host_.addModule(
        id, host_.addDriver("udp_fault_" + fault, model::Isolation::Driver, "/tests/drivers/"),
        true, "127.0.0.2", port);
    ASSERT_TRUE(until([&, id] { return isUp(id); }));
    Peer device(SOCK_DGRAM, 2);
    device.sendTo(port, "hello");
    EXPECT_TRUE(until([&] { return device.read().starts_with("answer\n"); }));
    EXPECT_TRUE(until([&, id, said = line] { return said.empty() || hasLogged(id, said); }));
    Peer again(SOCK_DGRAM, 2);  // the module still serves
    again.sendTo(port, "hello");
    EXPECT_TRUE(until([&] { return again.read().starts_with("answer\n"); }));
    EXPECT_EQ(host_.host_->health(id).state, "running");
  }
}

TEST_F(PeersLinkTest, FaultsWithConnectionsHarmNobody) {
  const std::vector<std::pair<std::string, std::string>> kFaults = {
      {"none", ""},
      {"stranger", "sent to a stranger"},
      {"flood", "the flood was stopped"},
      {"close_unknown", "all refused"}};
  int number = 0;
  for (const auto& [fault, line] : kFaults) {
    SCOPED_TRACE(fault);
    const uint16_t port = test::freePort();
    const std::string id = "mod-" + std::to_string(++number);
    host_.addModule(
        id, host_.addDriver("tcp_fault_" + fault, model::Isolation::Driver, "/tests/drivers/"),
        true, "127.0.0.2", port);
    ASSERT_TRUE(until([&, id] { return isUp(id); }));
    for (int i = 0; i < 2; ++i) {  // the module still serves
      Peer device(SOCK_STREAM, 2);
      device.connect(port);
      EXPECT_TRUE(until(
          [&] { return ::send(device.fd(), "hello\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT) == 6; }));
      EXPECT_TRUE(until([&] { return device.read().starts_with("answer\n"); }));
      EXPECT_TRUE(until([&, id, said = line] { return said.empty() || hasLogged(id, said); }));
    }
    EXPECT_EQ(host_.host_->health(id).state, "running");
  }
}

}  // namespace
}  // namespace busbar
