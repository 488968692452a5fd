// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Requests from inside a driver to where nobody meant them to go. A server listens there and must
// never be reached.
#include "tests/integration/host/service/http_probe.h"
#include "tests/support/inward_urls.h"
#include "tests/support/raw_http_server.h"

namespace busbar {
namespace {

using test::okAnswer;
using test::RawHttpServer;

class HttpGuardProbeTest : public HttpProbeTest {
 protected:
  std::string filled(const std::string& url) const {
    return test::withPorts(url, own_.port(), inside_.port());
  }
  void expectRefused(const std::string& moduleId, const std::string& url,
                     const std::string& more = "") {
    const Outcome got = run(moduleId, url, more);
    const std::string end = got.end();
    EXPECT_TRUE(end == "http_origin_not_allowed" || end == "url_refused" ||
                end == "http_blocked_address" || end == "http_redirect_refused")
        << url << ": " << end << " " << got.text("text");
    EXPECT_EQ(got.number("answers"), 0) << url;
    ++cases_;
  }

  RawHttpServer inside_{[](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send(okAnswer("inside"));
  }};
  // The module's own service: redirects to where the path says, after '='.
  RawHttpServer own_{[](RawHttpServer::Connection& c) {
    const std::string request = c.readRequest();
    const size_t at = request.find('=');
    if (at == std::string::npos) {
      c.send(okAnswer("own", "Connection: close\r\n"));
      return;
    }
    const std::string to = request.substr(at + 1, request.find(' ', at) - at - 1);
    c.send("HTTP/1.1 302 Found\r\nLocation: " + to +
           "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }};
  int cases_ = 0;
};

TEST_F(HttpGuardProbeTest, SixtyWaysInsideAreClosed) {
  const std::string probe = driver();
  fixture_.addModule("mod-own", probe, "http://127.0.0.1:" + std::to_string(own_.port()));
  for (const char* url : test::kInwardUrls) {
    expectRefused("mod-own", filled(url));
  }
  for (const char* to :
       {"http://127.0.0.1:IN/", "http://localhost:IN/", "http://[::1]:IN/", "http://2130706433:IN/",
        "//127.0.0.1:IN/", "http://169.254.169.254/", "file:///etc/passwd"}) {
    expectRefused("mod-own", filled(std::string("/?to=") + to), R"("redirects":5)");
  }
  EXPECT_GE(cases_, 60);
  EXPECT_EQ(inside_.connections(), 0);
  EXPECT_EQ(run("mod-own", "/").end(), "200");
  EXPECT_EQ(run("mod-own", "/?to=/", R"("redirects":1)").end(), "200");
  EXPECT_EQ(run("mod-own", "//127.0.0.1:" + std::to_string(inside_.port()) + "/").text("text"),
            "own")
      << "a path, whatever it looks like";
}

TEST_F(HttpGuardProbeTest, AnAllowedNameThatLeadsInsideIsRefused) {
  const std::string port = std::to_string(inside_.port());
  fixture_.addModule("mod-1", driver(), "http://192.0.2.1",
                     R"({"http":{"allow":["http://innocent.example:)" + port + R"("]}})");
  for (const char* address :
       {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.1",
        "192.168.0.1", "172.16.0.1", "169.254.169.254", "fd00:ec2::254", "fe80::1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1", "224.0.0.1"}) {
    fixture_.names().add("innocent.example", {address});
  }
  for (int i = 0; i < 16; ++i) {
    expectRefused("mod-1", "http://innocent.example:" + port + "/");
  }
  EXPECT_EQ(inside_.connections(), 0);
}

// First the name leads to where it may, then it is turned.
TEST_F(HttpGuardProbeTest, ANameThatIsTurnedInsideBetweenTwoRequestsGainsNothing) {
  fixture_.names().add("localhost", {"169.254.169.254"});
  fixture_.names().add("localhost", {"10.0.0.1"});
  fixture_.names().add("localhost", {"fd00:ec2::254"});
  const std::string probe = driver();
  fixture_.addModule("mod-1", probe, "http://localhost:" + std::to_string(own_.port()));
  EXPECT_EQ(run("mod-1", "/").end(), "200");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run("mod-1", "/").end(), "http_blocked_address");
  }
  EXPECT_EQ(own_.connections(), 1);
}

}  // namespace
}  // namespace busbar
