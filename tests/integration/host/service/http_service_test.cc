// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// "busbar.http/1" as a driver sees it, against nginx.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <busbar/driver.h>

#include "tests/integration/host/service/http_probe.h"
#include "tests/support/nginx.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/test_authority.h"
#include "tests/unit/sdk/base/net/gzip_text.h"

namespace busbar {
namespace {

using test::Nginx;
using test::ReservedPort;
using test::TestAuthority;
using test::TestIdentity;

class HttpServiceNginxTest : public HttpProbeTest {
 protected:
  void SetUp() override {
    if (!Nginx::isInstalled()) {
      GTEST_SKIP() << "nginx is not installed";
    }
  }
  static std::string number(uint16_t port) { return std::to_string(port); }
  std::string plainUrl() const { return "http://127.0.0.1:" + number(plain_); }

  const ReservedPort plain_;
  Nginx nginx_;
};

TEST_F(HttpServiceNginxTest, AnswersReachTheDriverWhole) {
  nginx_.start("server { listen 127.0.0.1:" + number(plain_) +
                   "; client_max_body_size 2m; location / { return 200 'hello $request_method "
                   "$http_x_a $request_uri'; } location /gone { return 410 'no'; } }",
               plain_);
  fixture_.addModule("mod-1", driver(), plainUrl());
  Outcome got = run("mod-1", "/a?b=c", R"("headers":"{'X-A':'seven'}")");
  EXPECT_EQ(got.end(), "200") << got.error.message;
  EXPECT_EQ(got.text("text"), "hello GET seven /a?b=c");
  EXPECT_EQ(run("mod-1", "/gone").end(), "410");
  got = run("mod-1", plainUrl() + "/x", R"("method":"POST","body_bytes":1000000)");
  EXPECT_EQ(got.end(), "200");
  EXPECT_EQ(run("mod-1", "/x", R"("method":"POST","body_bytes":1048577)").number("invalid"), 1);
  EXPECT_EQ(fixture_.around().figures.open, 0U);
}

TEST_F(HttpServiceNginxTest, ARequestEndsWithItsCall) {
  test::RawHttpServer silent([](test::RawHttpServer::Connection& c) {
    c.readRequest();
    c.awaitEnd();
  });
  fixture_.addModule("mod-1", driver(), silent.url());
  const Outcome late = run("mod-1", "/", R"("parent":1)", Milliseconds(300));
  // The driver may still be told before its caller is.
  EXPECT_EQ(late.error.reason.empty() ? late.end() : late.error.reason, "deadline_exceeded");
  EXPECT_TRUE(runUntil([&] { return fixture_.around().figures.open == 0; }));
  EXPECT_EQ(fixture_.client().figures().active, 0U);
  const Outcome own = run("mod-1", "/", R"("timeout_ms":200)");
  EXPECT_EQ(own.end(), "deadline_exceeded");
  EXPECT_EQ(own.number("status"), BUSBAR_E_TIMEOUT);
}

size_t residentBytes() {
  long total = 0;
  long resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "re");
  EXPECT_EQ(std::fscanf(file, "%ld %ld", &total, &resident), 2);
  std::fclose(file);
  return static_cast<size_t>(resident) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST_F(HttpServiceNginxTest, ALargeAnswerPassesASlowDriverInLittleMemory) {
  constexpr size_t kBytes = 20U << 20U;
  nginx_.write("big.bin", std::string(kBytes, 'z'));
  nginx_.start("server { listen 127.0.0.1:" + number(plain_) + "; root " +
                   nginx_.write("x", "").substr(0, nginx_.write("x", "").size() - 2) + "; }",
               plain_);
  fixture_.addModule("mod-1", driver(), plainUrl());
  EXPECT_EQ(run("mod-1", "/big.bin").end(), "http_too_large");
  size_t most = 0;
  std::optional<Outcome> got;
  ExecuteRequest request;
  request.moduleId = "mod-1";
  request.function = "run";
  request.args = R"({"url":"/big.bin","flags":1,"max_bytes":30000000,"delay_us":1000})";
  request.caller.role = model::UserRole::Support;
  request.deadline = fixture_.host_.clock_.now() + std::chrono::seconds(60);
  const size_t before = residentBytes();
  fixture_.host_.host_->execute(std::move(request), [&](Result<ExecuteReply> reply) {
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    got.emplace();
    got->document = json::parse(reply->resultJson).value();
  });
  ASSERT_TRUE(runUntil([&] {
    most = std::max(most, residentBytes());
    return got.has_value();
  }));
  EXPECT_EQ(got->end(), "200");
  EXPECT_EQ(got->number("bytes"), static_cast<int64_t>(kBytes));
  EXPECT_LT(most, before + (6U << 20U)) << "of " << before;
}

TEST_F(HttpServiceNginxTest, AGzipBombIsCutOff) {
  const std::string folder = nginx_.write("bomb", test::gzipped(std::string(64U << 20U, '\0')));
  nginx_.write("fine", test::gzipped("unpacked"));
  nginx_.start("server { listen 127.0.0.1:" + number(plain_) + "; root " +
                   folder.substr(0, folder.size() - 5) + "; add_header Content-Encoding gzip; }",
               plain_);
  fixture_.addModule("mod-1", driver(), plainUrl());
  EXPECT_EQ(run("mod-1", "/fine").text("text"), "unpacked");
  EXPECT_EQ(run("mod-1", "/bomb").end(), "http_too_large");
  const Outcome streamed = run("mod-1", "/bomb", R"("flags":1,"max_bytes":268435456)");
  EXPECT_EQ(streamed.end(), "http_bomb");
  EXPECT_LT(streamed.number("bytes"), 16 << 20);
}

class HttpServiceTlsTest : public HttpServiceNginxTest {
 protected:
  std::string server(uint16_t port, const TestIdentity& identity, const std::string& more = "") {
    const std::string name = number(port);
    return "server { listen 127.0.0.1:" + name + " ssl; ssl_certificate " +
           nginx_.write(name + ".pem", identity.certificate) + "; ssl_certificate_key " +
           nginx_.write(name + ".key", identity.key) + "; " + more +
           " location / { return 200 'safe $ssl_client_verify'; } }\n";
  }
  static std::string at(uint16_t port) { return "https://localhost:" + number(port); }
  static std::string quoted(const std::string& text) {
    std::string out;
    json::appendString(out, text);
    return out;
  }
  std::string trust() const { return R"({"tls":{"ca":)" + quoted(ours_.certificate()) + "}}"; }

  TestAuthority ours_{"our authority"};
  TestAuthority theirs_{"their authority"};
  const ReservedPort good_, expired_, wrongName_, stranger_, mutual_;
};

TEST_F(HttpServiceTlsTest, ThePrivateAuthorityOfTheSettingsIsTrustedAndBadCertificatesAreNot) {
  nginx_.start(server(good_, ours_.issue("DNS:localhost")) +
                   server(expired_, ours_.issue("DNS:localhost", -30, -1)) +
                   server(wrongName_, ours_.issue("DNS:other.example")) +
                   server(stranger_, theirs_.issue("DNS:localhost")),
               good_);
  const std::string probe = driver();
  const auto ask = [&](const char* id, uint16_t port, const std::string& connection) {
    fixture_.addModule(id, probe, at(port), connection);
    return run(id, "/").end();
  };
  EXPECT_EQ(ask("mod-good", good_, trust()), "200");
  EXPECT_EQ(ask("mod-untold", good_, ""), "tls_unknown_authority");
  EXPECT_EQ(ask("mod-expired", expired_, trust()), "tls_certificate_expired");
  EXPECT_EQ(ask("mod-name", wrongName_, trust()), "tls_wrong_name");
  EXPECT_EQ(ask("mod-stranger", stranger_, trust()), "tls_unknown_authority");
  EXPECT_EQ(ask("mod-none", stranger_, R"({"tls":{"verify":"none"}})"), "200");
  const auto log = fixture_.host_.host_->logs("mod-none").value();
  EXPECT_TRUE(std::any_of(log.begin(), log.end(), [](const LogLine& line) {
    return line.message.find("does not verify") != std::string::npos;
  }));
}

TEST_F(HttpServiceTlsTest, TheModulesCertificateIsShownWhereItIsAskedFor) {
  const TestIdentity mine = ours_.issue("DNS:module");
  nginx_.start(server(mutual_, ours_.issue("DNS:localhost"),
                      "ssl_verify_client optional; ssl_client_certificate " +
                          nginx_.write("ca.pem", ours_.certificate()) + ";"),
               mutual_);
  fixture_.addModule("mod-1", driver(), at(mutual_),
                     R"({"tls":{"ca":)" + quoted(ours_.certificate()) + R"(,"certificate":)" +
                         quoted(mine.certificate) + R"(,"key":)" + quoted(mine.key) + "}}");
  EXPECT_EQ(run("mod-1", "/").text("text"), "safe SUCCESS");
}

}  // namespace
}  // namespace busbar
