// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The guard where it matters: a real server listens on loopback and must never be reached.
#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"

namespace busbar::test {
namespace {

class HttpGuardTest : public HttpClientFixture {
 protected:
  RawHttpServer server_{[](RawHttpServer::Connection& connection) {
    while (!connection.readRequest().empty()) {
      connection.send(okAnswer("reached"));
    }
  }};
  std::string port_ = std::to_string(server_.port());
};

TEST_F(HttpGuardTest, ANameThatLeadsInsideIsRefusedAtTheSocket) {
  const auto profile = HttpProfile::create({}).value();
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1",
                              "0.0.0.0", "::", "10.0.0.1", "192.168.0.1", "172.16.0.1",
                              "169.254.169.254", "fd00:ec2::254", "fe80::1", "64:ff9b::7f00:1",
                              "2002:7f00:1::", "100.64.0.1", "224.0.0.1", "255.255.255.255"}) {
    ScriptedResolver names(*loop_);
    names.add({address});
    client_ = std::make_unique<HttpClient>(*loop_, names);
    const auto answer = fetch(profile, get("http://innocent.example:" + port_ + "/"));
    ASSERT_EQ(reasonOf(answer), "http_blocked_address") << address;
    EXPECT_NE(answer.error().message.find("innocent.example"), std::string::npos) << address;
    client_.reset();
  }
  EXPECT_EQ(server_.connections(), 0);
}

// The same name, the same client: first the answer is harmless, then it is turned inside.
TEST_F(HttpGuardTest, ANameThatChangesItsAddressBetweenTwoRequestsGainsNothing) {
  auto options = optionsFor(server_.url());  // 127.0.0.1 is allowed by address, not by this name
  options.addresses.exceptions.push_back({"rebind.example", server_.port()});
  const auto profile = HttpProfile::create(options).value();
  names_.add({"192.0.2.1"});
  names_.add({"127.0.0.1"});
  const std::string url = "http://rebind.example:" + port_ + "/";
  EXPECT_EQ(reasonOf(fetch(profile, get(url))), "http_blocked_address");
  EXPECT_EQ(reasonOf(fetch(profile, get(url))), "http_blocked_address");
  EXPECT_EQ(names_.asked(), 2);
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_EQ(reasonOf(fetch(profile, get(server_.url()))), "status 200");
}

TEST_F(HttpGuardTest, OfSeveralAddressesOnlyTheAllowedOnesAreTried) {
  auto options = optionsFor("http://localhost:" + port_);
  const auto profile = HttpProfile::create(options).value();
  names_.add({"169.254.169.254", "10.0.0.1", "127.0.0.1"});
  EXPECT_EQ(reasonOf(fetch(profile, get("http://localhost:" + port_))), "status 200");
}

TEST_F(HttpGuardTest, ARedirectToANameThatLeadsInsideIsRefusedAtTheSocket) {
  RawHttpServer outside([this](RawHttpServer::Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 302 Found\r\nLocation: http://inner.example:" + port_ +
                    "/\r\nContent-Length: 0\r\n\r\n");
  });
  names_.add({"127.0.0.1"});
  EXPECT_EQ(reasonOf(fetch(profileFor(outside.url()), get(outside.url()))), "http_blocked_address");
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(HttpGuardTest, TheEnvironmentCannotBringInAProxy) {
  setenv("http_proxy", server_.url().c_str(), 1);
  setenv("all_proxy", server_.url().c_str(), 1);
  names_.add({"127.0.0.1"});
  const auto answer =
      fetch(HttpProfile::create({}).value(), get("http://outside.example:" + port_));
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  EXPECT_EQ(reasonOf(answer), "http_blocked_address");
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(HttpGuardTest, AConnectionOfOneProfileIsNotUsedByAnother) {
  const auto first = profileFor(server_.url());
  const auto second = profileFor(server_.url());
  EXPECT_EQ(reasonOf(fetch(first, get(server_.url()))), "status 200");
  EXPECT_EQ(reasonOf(fetch(first, get(server_.url()))), "status 200");
  EXPECT_EQ(server_.connections(), 1);
  EXPECT_EQ(reasonOf(fetch(second, get(server_.url()))), "status 200");
  EXPECT_EQ(server_.connections(), 2);
}

}  // namespace
}  // namespace busbar::test
