// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Links with many peers over a wire: host and device are in network namespaces of their own, with
// a veth pair between them. Needs CAP_SYS_ADMIN and the program ip.
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/integration/host/client/link_fixture.h"

namespace busbar {
namespace {

constexpr uint16_t kPort = 9100;

UniqueFd presentNamespace() {
  return UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

struct Wire {
  UniqueFd host;
  UniqueFd device;
  std::string why;  // there is none
};

// This thread is in the host's namespace after it.
Wire makeWire() {
  Wire wire;
  if (::unshare(CLONE_NEWNET) != 0) {
    wire.why = "no right to make network namespaces";
    return wire;
  }
  wire.device = presentNamespace();
  if (!run("ip link set lo up") || ::unshare(CLONE_NEWNET) != 0) {
    wire.why = "the program ip is missing";
    return wire;
  }
  wire.host = presentNamespace();
  const std::string other =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(wire.device.get());
  const bool made = run("ip link set lo up && ip link add bb0 type veth peer name bb1 netns " +
                        other + " && ip address add 10.77.0.1/24 dev bb0 && ip link set bb0 up");
  ::setns(wire.device.get(), CLONE_NEWNET);
  if (!made || !run("ip address add 10.77.0.2/24 dev bb1 && ip link set bb1 up")) {
    wire.why = "no veth pairs here";
  }
  run("ip address add fd77::2/64 dev bb1 nodad");
  ::setns(wire.host.get(), CLONE_NEWNET);
  run("ip address add fd77::1/64 dev bb0 nodad");
  return wire;
}

const Wire& wire() {
  static const Wire made = makeWire();
  return made;
}

class PeersNamespaceTest : public LinkKindTest {
 protected:
  void SetUp() override {
    if (!wire().why.empty()) {
      GTEST_SKIP() << wire().why;
    }
  }
  // A socket of the device, bound to that address, with multicast over the wire.
  static UniqueFd device(int type, const std::string& address, uint16_t port = 0) {
    ::setns(wire().device.get(), CLONE_NEWNET);
    const bool isV6 = address.find(':') != std::string::npos;
    UniqueFd fd(::socket(isV6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_storage at = toSockaddr(address, port);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const unsigned index = if_nametoindex("bb1");
    ip_mreqn interface{};
    interface.imr_ifindex = static_cast<int>(index);
    if (isV6) {
      setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
    } else {
      setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface);
    }
    ::setns(wire().host.get(), CLONE_NEWNET);
    return fd;
  }
  static sockaddr_storage toSockaddr(const std::string& address, uint16_t port) {
    sockaddr_storage out{};
    if (address.find(':') != std::string::npos) {
      sockaddr_in6 in6{};
      in6.sin6_family = AF_INET6;
      in6.sin6_port = htons(port);
      inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr);
      std::memcpy(&out, &in6, sizeof in6);
    } else {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = htons(port);
      inet_pton(AF_INET, address.c_str(), &in.sin_addr);
      std::memcpy(&out, &in, sizeof in);
    }
    return out;
  }
  // Datagrams may be lost while the kernel joins the group, so again and again.
  bool reaches(const UniqueFd& fd, const std::string& address, const std::string& bytes,
               const std::string& line) {
    const sockaddr_storage to = toSockaddr(address, kPort);
    return until([&] {
      ::sendto(fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to),
               sizeof to);
      for (const LogLine& at : std::vector<LogLine>(*host_.host_->logs("mod-1"))) {
        if (at.message.find(line) != std::string::npos) {
          return true;
        }
      }
      return false;
    });
  }
  static std::string readFrom(const UniqueFd& fd) {
    char buffer[1000];
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string();
  }
  int sendTo(const std::string& peer, const std::string& text) {
    return call("send", R"({"t":")" + text + R"(","peer":")" + peer + "\"}");
  }
};

TEST_F(PeersNamespaceTest, MulticastComesOverTheWire) {
  module(
      "probe_udp_peers",
      R"({"links":{"main":{"group":"239.255.77.7","interface":"10.77.0.1","peers":["10.77.0.0/24"]}}})",
      "10.77.0.2", kPort);
  ASSERT_TRUE(untilConnected());
  EXPECT_TRUE(reaches(device(SOCK_DGRAM, "10.77.0.2"), "239.255.77.7", "hello",
                      "received hello task 0 from 10.77.0.2"));
}

TEST_F(PeersNamespaceTest, MulticastOfIpv6GoesBothWays) {
  module("probe_udp_peers",
         R"({"links":{"main":{"group":"ff02::7707","interface":"fd77::1","peers":["fd77::/64"]}}})",
         "10.77.0.2", kPort);
  ASSERT_TRUE(untilConnected());
  EXPECT_TRUE(reaches(device(SOCK_DGRAM, "fd77::2"), "ff02::7707", "hello",
                      "received hello task 0 from [fd77::2]"));
  const UniqueFd listener = device(SOCK_DGRAM, "::", kPort);
  ::setns(wire().device.get(), CLONE_NEWNET);
  ipv6_mreq membership{};
  inet_pton(AF_INET6, "ff02::7707", &membership.ipv6mr_multiaddr);
  membership.ipv6mr_interface = if_nametoindex("bb1");
  setsockopt(listener.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &membership, sizeof membership);
  ::setns(wire().host.get(), CLONE_NEWNET);
  EXPECT_TRUE(until([&] {
    return sendTo("[ff02::7707]:" + std::to_string(kPort), "to all") == BUSBAR_OK &&
           readFrom(listener) == "to all";
  }));
}

TEST_F(PeersNamespaceTest, BroadcastReachesTheDevice) {
  module("probe_broadcast", R"({"links":{"main":{"interface":"10.77.0.1"}}})", "10.77.0.2");
  ASSERT_TRUE(untilConnected());
  const UniqueFd listener = device(SOCK_DGRAM, "0.0.0.0", kPort);
  EXPECT_EQ(sendTo("255.255.255.255:" + std::to_string(kPort), "wake up"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return readFrom(listener) == "wake up"; }));
}

TEST_F(PeersNamespaceTest, ADeviceCallsInOverTheWire) {
  module("probe_tcp_peers", "{}", "10.77.0.2", kPort);
  ASSERT_TRUE(untilConnected());
  const UniqueFd caller = device(SOCK_STREAM, "10.77.0.2", 9101);
  const sockaddr_storage to = toSockaddr("10.77.0.1", kPort);
  ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  EXPECT_TRUE(logged("connected 10.77.0.2:9101 generation 1 kind 5"));
  EXPECT_EQ(::send(caller.get(), "hi\n", 3, MSG_NOSIGNAL), 3);
  EXPECT_TRUE(logged("received hi task 0 from 10.77.0.2:9101"));
  EXPECT_EQ(sendTo("10.77.0.2:9101", "answer"), BUSBAR_OK);
  EXPECT_TRUE(until([&] { return readFrom(caller) == "answer"; }));
}

}  // namespace
}  // namespace busbar
