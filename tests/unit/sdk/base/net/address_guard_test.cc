// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/address_guard.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace busbar {
namespace {

struct Case {
  const char* address;
  AddressKind kind;
};

// reliability S8, with the edges of each range.
constexpr Case kAddresses[] = {
    {"8.8.8.8", AddressKind::Public},
    {"1.1.1.1", AddressKind::Public},
    {"9.255.255.255", AddressKind::Public},
    {"11.0.0.0", AddressKind::Public},
    {"172.15.255.255", AddressKind::Public},
    {"172.32.0.0", AddressKind::Public},
    {"192.167.255.255", AddressKind::Public},
    {"192.169.0.0", AddressKind::Public},
    {"126.255.255.255", AddressKind::Public},
    {"128.0.0.0", AddressKind::Public},
    {"100.63.255.255", AddressKind::Public},
    {"100.128.0.0", AddressKind::Public},
    {"169.253.255.255", AddressKind::Public},
    {"169.255.0.0", AddressKind::Public},
    {"223.255.255.255", AddressKind::Public},
    {"10.0.0.0", AddressKind::Private},
    {"10.255.255.255", AddressKind::Private},
    {"172.16.0.0", AddressKind::Private},
    {"172.31.255.255", AddressKind::Private},
    {"192.168.0.0", AddressKind::Private},
    {"192.168.255.255", AddressKind::Private},
    {"100.64.0.0", AddressKind::Private},
    {"100.127.255.255", AddressKind::Private},
    {"127.0.0.1", AddressKind::Loopback},
    {"127.0.0.0", AddressKind::Loopback},
    {"127.255.255.255", AddressKind::Loopback},
    {"169.254.0.0", AddressKind::LinkLocal},
    {"169.254.255.255", AddressKind::LinkLocal},
    {"169.254.169.254", AddressKind::Metadata},
    {"169.254.170.2", AddressKind::Metadata},
    {"100.100.100.200", AddressKind::Metadata},
    {"168.63.129.16", AddressKind::Metadata},
    {"192.0.0.192", AddressKind::Metadata},
    {"0.0.0.0", AddressKind::Unspecified},
    {"0.255.255.255", AddressKind::Unspecified},
    {"192.0.0.1", AddressKind::Reserved},
    {"192.0.2.1", AddressKind::Reserved},
    {"198.18.0.1", AddressKind::Reserved},
    {"198.19.255.255", AddressKind::Reserved},
    {"198.51.100.7", AddressKind::Reserved},
    {"203.0.113.7", AddressKind::Reserved},
    {"192.88.99.1", AddressKind::Reserved},
    {"224.0.0.1", AddressKind::Multicast},
    {"239.255.255.255", AddressKind::Multicast},
    {"240.0.0.1", AddressKind::Reserved},
    {"255.255.255.255", AddressKind::Reserved},
    {"2606:4700:4700::1111", AddressKind::Public},
    {"2a00:1450::1", AddressKind::Public},
    {"::", AddressKind::Unspecified},
    {"::1", AddressKind::Loopback},
    {"::2", AddressKind::Unspecified},
    {"fe80::1", AddressKind::LinkLocal},
    {"febf::1", AddressKind::LinkLocal},
    {"fec0::1", AddressKind::Private},
    {"fc00::1", AddressKind::Private},
    {"fdff:ffff::1", AddressKind::Private},
    {"fd00:ec2::254", AddressKind::Metadata},
    {"fd20:ce::254", AddressKind::Metadata},
    {"ff02::1", AddressKind::Multicast},
    {"ff05::2", AddressKind::Multicast},
    {"2001:db8::1", AddressKind::Reserved},
    {"3fff::1", AddressKind::Reserved},
    {"100::1", AddressKind::Reserved},
    {"2001:20::1", AddressKind::Reserved},
    {"4000::1", AddressKind::Reserved},
    {"5f00::1", AddressKind::Reserved},
    // Mapped, compatible, translated.
    {"::ffff:127.0.0.1", AddressKind::Loopback},
    {"::ffff:169.254.169.254", AddressKind::Metadata},
    {"::ffff:10.1.2.3", AddressKind::Private},
    {"::ffff:8.8.8.8", AddressKind::Public},
    {"::127.0.0.1", AddressKind::Loopback},
    {"::10.0.0.1", AddressKind::Private},
    {"::ffff:0:127.0.0.1", AddressKind::Loopback},
    {"::ffff:0:8.8.8.8", AddressKind::Public},
    // 6to4, NAT64, Teredo, ISATAP.
    {"2002:7f00:1::", AddressKind::Loopback},
    {"2002:a9fe:a9fe::1", AddressKind::Metadata},
    {"2002:c0a8:101::1", AddressKind::Private},
    {"2002:808:808::1", AddressKind::Public},
    {"64:ff9b::127.0.0.1", AddressKind::Loopback},
    {"64:ff9b::a9fe:a9fe", AddressKind::Metadata},
    {"64:ff9b::8.8.8.8", AddressKind::Public},
    {"64:ff9b:1::10.0.0.1", AddressKind::Reserved},
    {"2001:0:808:808::80ff:fffe", AddressKind::Loopback},  // client 127.0.0.1 turned over
    {"2001:0:a00:1::f7f7:f7f7", AddressKind::Private},     // server 10.0.0.1
    {"2001:0:808:808::f7f7:f7f7", AddressKind::Public},
    {"2606:4700::5efe:127.0.0.1", AddressKind::Loopback},
    {"2606:4700::200:5efe:192.168.0.1", AddressKind::Private},
    {"fe80::5efe:8.8.8.8", AddressKind::LinkLocal},
};

TEST(AddressGuardTest, KnowsWhatStandsBehindEachAddress) {
  for (const Case& it : kAddresses) {
    const auto address = IpAddress::parse(it.address);
    ASSERT_TRUE(address) << it.address;
    EXPECT_EQ(toString(classify(*address)), toString(it.kind)) << it.address;
  }
}

TEST(AddressGuardTest, AllowsPublicAddressesOnlyUnlessToldOtherwise) {
  const AddressPolicy publicOnly;
  const AddressPolicy alsoPrivate{true, {}};
  for (const Case& it : kAddresses) {
    const IpAddress address = *IpAddress::parse(it.address);
    const Status status = checkAddress(publicOnly, "x.example", address, 80);
    EXPECT_EQ(status.ok(), it.kind == AddressKind::Public) << it.address;
    EXPECT_EQ(checkAddress(alsoPrivate, "x.example", address, 80).ok(),
              it.kind == AddressKind::Public || it.kind == AddressKind::Private)
        << it.address;
    if (!status.ok()) {
      EXPECT_EQ(status.error().reason, "http_blocked_address");
      EXPECT_EQ(status.error().code, ErrorCode::PermissionDenied);
    }
  }
}

bool allowed(const char* exceptionHost, const char* host, const char* address, uint16_t port) {
  const AddressPolicy policy{false, {{exceptionHost, 8080}}};
  return checkAddress(policy, host, *IpAddress::parse(address), port).ok();
}

TEST(AddressGuardTest, AnAllowedAddressIsExactlyThatAddressAndPort) {
  EXPECT_TRUE(allowed("127.0.0.1", "127.0.0.1", "127.0.0.1", 8080));
  EXPECT_TRUE(allowed("169.254.169.254", "169.254.169.254", "169.254.169.254", 8080));
  EXPECT_TRUE(allowed("::1", "::1", "::1", 8080));
  EXPECT_FALSE(allowed("127.0.0.1", "127.0.0.1", "127.0.0.1", 8081));
  EXPECT_FALSE(allowed("127.0.0.1", "127.0.0.1", "127.0.0.2", 8080));
  EXPECT_FALSE(allowed("127.0.0.1", "evil.example", "127.0.0.1", 8080));
  EXPECT_FALSE(allowed("0.0.0.0", "0.0.0.0", "0.0.0.0", 8080));
  EXPECT_FALSE(allowed("224.0.0.1", "224.0.0.1", "224.0.0.1", 8080));
}

TEST(AddressGuardTest, AnAllowedNameCannotBeTurnedToLoopbackOrMetadata) {
  EXPECT_TRUE(allowed("device.example", "device.example", "192.168.1.5", 8080));
  EXPECT_TRUE(allowed("device.example", "device.example", "169.254.3.4", 8080));
  EXPECT_FALSE(allowed("device.example", "device.example", "127.0.0.1", 8080));
  EXPECT_FALSE(allowed("device.example", "device.example", "::ffff:127.0.0.1", 8080));
  EXPECT_FALSE(allowed("device.example", "device.example", "169.254.169.254", 8080));
  EXPECT_FALSE(allowed("device.example", "device.example", "0.0.0.0", 8080));
  EXPECT_TRUE(allowed("localhost", "localhost", "127.0.0.1", 8080));
  EXPECT_TRUE(allowed("localhost", "localhost", "::1", 8080));
  EXPECT_FALSE(allowed("localhost", "localhost", "10.0.0.1", 8080));
}

TEST(AddressGuardTest, ReadsRangesStrictly) {
  for (const char* text : {"10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "192.168.4.0/22",
                           "fd00::/8", "::1", "fd12:3456:789a::/48"}) {
    EXPECT_TRUE(AddressRange::parse(text)) << text;
  }
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/8 ", "10/8", "fd00::1/8", "fd00::/129", "x/8", "[fd00::]/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
  EXPECT_EQ(AddressRange::parse("10.1.2.3"), AddressRange::parse("10.1.2.3/32"));
}

bool inRange(const char* range, const char* address) {
  AddressPolicy policy;
  policy.ranges.push_back(*AddressRange::parse(range));
  return checkAddress(policy, "any.example", *IpAddress::parse(address), 1).ok();
}

TEST(AddressGuardTest, ARangeAllowsItsAddressesAndNothingBeside) {
  EXPECT_TRUE(inRange("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(inRange("10.0.0.0/8", "192.168.0.1"));
  EXPECT_FALSE(inRange("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(inRange("10.0.0.0/9", "10.127.255.255"));
  EXPECT_TRUE(inRange("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(inRange("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(inRange("fd00::/8", "fd12::1"));
  EXPECT_FALSE(inRange("fd00::/8", "fe80::1"));
  EXPECT_TRUE(inRange("198.18.0.0/15", "198.19.0.1"));
}

TEST(AddressGuardTest, ARangeIsNoWayToMetadataAndMulticastUnlessItNamesOneAddress) {
  EXPECT_FALSE(inRange("169.254.0.0/16", "169.254.169.254"));
  EXPECT_TRUE(inRange("169.254.0.0/16", "169.254.169.253"));
  EXPECT_FALSE(inRange("0.0.0.0/0", "169.254.169.254"));
  EXPECT_FALSE(inRange("0.0.0.0/0", "0.0.0.0"));
  EXPECT_FALSE(inRange("224.0.0.1", "224.0.0.1"));
  EXPECT_FALSE(inRange("fd00::/8", "fd00:ec2::254"));
  EXPECT_TRUE(inRange("169.254.169.254", "169.254.169.254"));
  EXPECT_FALSE(inRange("10.0.0.0/8", "::ffff:10.0.0.1"));
  EXPECT_FALSE(inRange("::/0", "::ffff:169.254.169.254"));
}

TEST(AddressGuardTest, ReadsSocketAddressesOfBothFamiliesAndNoOthers) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  six.sin6_port = htons(99);
  const auto* any = reinterpret_cast<const sockaddr*>(&six);
  EXPECT_EQ(IpAddress::fromSockaddr(any, sizeof six)->text(), "::1");
  EXPECT_FALSE(IpAddress::fromSockaddr(any, sizeof(sockaddr_in)));
  EXPECT_EQ(portOf(any), 99);
  six.sin6_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::fromSockaddr(any, sizeof six));
}

}  // namespace
}  // namespace busbar
