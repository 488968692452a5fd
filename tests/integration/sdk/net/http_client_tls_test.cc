// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The client side of TLS, against nginx with certificates of a private authority (reliability S15).
#include <gtest/gtest.h>

#include "sdk/base/net/tls_material.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/nginx.h"
#include "tests/support/test_authority.h"

namespace busbar::test {
namespace {

class HttpClientTlsTest : public HttpClientFixture {
 protected:
  void SetUp() override {
    if (!Nginx::isInstalled()) {
      GTEST_SKIP() << "nginx is not installed";
    }
    names_.add({"127.0.0.1"});
    const std::string ca = nginx_.write("ca.pem", ours_.certificate());
    std::string servers = server(good_, ours_.issue("DNS:localhost"), "");
    servers += server(expired_, ours_.issue("DNS:localhost", -30, -1), "");
    servers += server(early_, ours_.issue("DNS:localhost", 1, 30), "");
    servers += server(wrongName_, ours_.issue("DNS:other.example"), "");
    servers += server(stranger_, theirs_.issue("DNS:localhost"), "");
    servers += server(mutual_, ours_.issue("DNS:localhost"),
                      "ssl_verify_client on; ssl_client_certificate " + ca + ";");
    servers += server(old_, ours_.issue("DNS:localhost"),
                      "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;");
    nginx_.start(servers, good_);
  }
  std::string server(uint16_t port, const TestIdentity& identity, const std::string& more) const {
    const std::string name = std::to_string(port);
    return "server { listen 127.0.0.1:" + name + " ssl; ssl_certificate " +
           nginx_.write(name + ".pem", identity.certificate) + "; ssl_certificate_key " +
           nginx_.write(name + ".key", identity.key) + ";" +
           (more.find("ssl_protocols") == std::string::npos ? " ssl_protocols TLSv1.2 TLSv1.3; "
                                                            : " ") +
           more +
           " location / { return 200 '$ssl_client_s_dn $ssl_protocol $server_protocol'; } }\n";
  }
  static std::string at(uint16_t port) { return "https://localhost:" + std::to_string(port); }
  std::string certificateOf(uint16_t port) const {
    return nginx_.read(std::to_string(port) + ".pem");
  }

  HttpProfileOptions trustingOurs(uint16_t port) const {
    HttpProfileOptions options = optionsFor(at(port));
    options.caPem = ours_.certificate();
    return options;
  }
  Result<HttpAnswer> ask(uint16_t port, HttpProfileOptions options) {
    return fetch(HttpProfile::create(std::move(options)).value(), get(at(port)));
  }

  TestAuthority ours_{"our authority"};
  TestAuthority theirs_{"their authority"};
  const ReservedPort good_;
  const ReservedPort expired_;
  const ReservedPort early_;
  const ReservedPort wrongName_;
  const ReservedPort stranger_;
  const ReservedPort mutual_;
  const ReservedPort old_;
  Nginx nginx_;
};

TEST_F(HttpClientTlsTest, APrivateAuthorityIsTrustedWhenGivenAndThenAlone) {
  const auto answer = ask(good_, trustingOurs(good_));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_NE(answer->body.find("TLSv1.3 HTTP/1.1"), std::string::npos) << answer->body;
  EXPECT_EQ(reasonOf(ask(good_, optionsFor(at(good_)))), "tls_unknown_authority");
  EXPECT_EQ(reasonOf(ask(stranger_, trustingOurs(stranger_))), "tls_unknown_authority");
}

TEST_F(HttpClientTlsTest, BadCertificatesAreRefusedEachWithItsReason) {
  EXPECT_EQ(reasonOf(ask(expired_, trustingOurs(expired_))), "tls_certificate_expired");
  EXPECT_EQ(reasonOf(ask(early_, trustingOurs(early_))), "tls_certificate_not_yet_valid");
  const auto answer = ask(wrongName_, trustingOurs(wrongName_));
  EXPECT_EQ(reasonOf(answer), "tls_wrong_name") << answer.error().message;
  EXPECT_EQ(reasonOf(ask(old_, trustingOurs(old_))), "tls_failed");
}

TEST_F(HttpClientTlsTest, ARedirectToABadCertificateIsRefusedAsWell) {
  Nginx front;
  const ReservedPort port;
  front.start("server { listen 127.0.0.1:" + std::to_string(uint16_t{port}) +
                  "; location / { return 302 " + at(wrongName_) + "; } }",
              port);
  HttpProfileOptions options = trustingOurs(wrongName_);
  const std::string url = "http://127.0.0.1:" + std::to_string(uint16_t{port});
  allow(options, url);
  EXPECT_EQ(reasonOf(fetch(HttpProfile::create(options).value(), get(url))), "tls_wrong_name");
}

TEST_F(HttpClientTlsTest, APinComesOnTopOfTheChain) {
  HttpProfileOptions options = trustingOurs(good_);
  options.pinnedKey = publicKeyPin(certificateOf(good_)).value();
  EXPECT_EQ(reasonOf(ask(good_, options)), "status 200");
  options.pinnedKey = publicKeyPin(certificateOf(stranger_)).value();
  EXPECT_EQ(reasonOf(ask(good_, options)), "tls_pin_mismatch");
}

TEST_F(HttpClientTlsTest, APinAloneIsEnoughForDevicesAndStaysStrict) {
  HttpProfileOptions options = optionsFor(at(stranger_));
  allow(options, at(wrongName_));
  options.verify = HttpVerify::PinOnly;
  options.pinnedKey = publicKeyPin(certificateOf(stranger_)).value();
  const auto profile = HttpProfile::create(options).value();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reasonOf(fetch(profile, get(at(stranger_)))), "status 200");
    EXPECT_EQ(reasonOf(fetch(profile, get(at(wrongName_)))), "tls_pin_mismatch");
  }
}

TEST_F(HttpClientTlsTest, VerifyNoneTakesAnythingForItsOwnProfileOnly) {
  HttpProfileOptions options = optionsFor(at(expired_));
  options.verify = HttpVerify::None;
  EXPECT_EQ(reasonOf(ask(expired_, options)), "status 200");
  EXPECT_EQ(reasonOf(ask(expired_, trustingOurs(expired_))), "tls_certificate_expired");
}

TEST_F(HttpClientTlsTest, AClientCertificateIsShownWhereItIsMeant) {
  EXPECT_EQ(reasonOf(ask(mutual_, trustingOurs(mutual_))), "status 400");
  HttpProfileOptions options = trustingOurs(mutual_);
  const TestIdentity me = ours_.issue("DNS:me");
  options.origins = {at(mutual_)};
  options.clientCertificate = me.certificate;
  options.clientKey = me.key;
  const auto answer = ask(mutual_, options);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("CN=busbar test"), std::string::npos);
  const TestIdentity stranger = theirs_.issue("DNS:me");
  options.clientCertificate = stranger.certificate;
  options.clientKey = stranger.key;
  EXPECT_EQ(reasonOf(ask(mutual_, options)), "status 400");
}

}  // namespace
}  // namespace busbar::test
