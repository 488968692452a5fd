// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_profile.h"

#include <gtest/gtest.h>

#include "sdk/base/net/tls_material.h"
#include "tests/support/test_authority.h"

namespace busbar {
namespace {

std::string fieldOf(HttpProfileOptions options) {
  const auto profile = HttpProfile::create(std::move(options));
  return profile.ok() ? std::string() : profile.error().field;
}

std::string reasonOf(const Status& status) {
  return status.ok() ? std::string() : status.error().reason;
}

TEST(HttpProfileTest, OriginsAreCanonicalAndExact) {
  HttpProfileOptions options;
  options.origins = {"HTTPS://API.example:443", "http://b.example:8080/"};
  const auto profile = HttpProfile::create(options).value();
  const auto ask = [&](const char* url) {
    return reasonOf(profile->allows(Url::parse(url).value()));
  };
  EXPECT_EQ(ask("https://api.example/x"), "");
  EXPECT_EQ(ask("http://b.example:8080/y?z"), "");
  EXPECT_EQ(ask("http://api.example/x"), "http_origin_not_allowed");
  EXPECT_EQ(ask("https://api.example:8443/"), "http_origin_not_allowed");
  EXPECT_EQ(ask("https://api.example.evil.example/"), "http_origin_not_allowed");
  for (const char* bad :
       {"https://a.example/path", "https://a.example/?q", "ftp://a.example", "a.example"}) {
    options.origins = {bad};
    EXPECT_EQ(fieldOf(options), "origins") << bad;
  }
}

TEST(HttpProfileTest, LiteralAddressesAreJudgedBeforeAnythingIsSent) {
  const auto profile = HttpProfile::create({}).value();
  for (const char* url : {"http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/",
                          "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/", "http://0.0.0.0/"}) {
    EXPECT_EQ(reasonOf(profile->allows(Url::parse(url).value())), "http_blocked_address") << url;
  }
  EXPECT_EQ(reasonOf(profile->allows(Url::parse("http://8.8.8.8/").value())), "");
}

TEST(HttpProfileTest, CertificatesKeysAndPinsAreCheckedAtOnce) {
  const test::TestAuthority authority("a");
  const test::TestIdentity one = authority.issue("DNS:one");
  const test::TestIdentity two = authority.issue("DNS:two");
  HttpProfileOptions options;
  options.caPem = "nothing";
  EXPECT_EQ(fieldOf(options), "caPem");
  options.caPem = authority.certificate() + authority.certificate().substr(0, 200);
  EXPECT_EQ(fieldOf(options), "caPem");
  options.caPem = authority.certificate();
  EXPECT_EQ(fieldOf(options), "");
  options.clientCertificate = one.certificate;
  EXPECT_EQ(fieldOf(options), "clientKey");
  options.clientKey = one.key;
  EXPECT_EQ(fieldOf(options), "origins");
  options.origins = {"https://one.example"};
  EXPECT_EQ(fieldOf(options), "");
  options.clientKey = two.key;
  EXPECT_EQ(fieldOf(options), "clientKey");
  options.clientKey = one.certificate;
  EXPECT_EQ(fieldOf(options), "clientKey");
  options = {};
  options.verify = HttpVerify::PinOnly;
  EXPECT_EQ(fieldOf(options), "pinnedKey");
  options.pinnedKey = "sha256//short=";
  EXPECT_EQ(fieldOf(options), "pinnedKey");
  options.pinnedKey = publicKeyPin(one.certificate).value();
  EXPECT_EQ(fieldOf(options), "");
  EXPECT_NE(publicKeyPin(two.certificate).value(), options.pinnedKey);
  EXPECT_EQ(toString(HttpVerify::None), "verify_none");
}

TEST(HttpProfileTest, BehindAProxyOnlyTheProxyIsConnectedTo) {
  HttpProfileOptions options;
  options.proxy = {"127.0.0.1", 3128, "u", "p"};
  const auto profile = HttpProfile::create(options).value();
  const Url url = Url::parse("https://a.example/").value();
  EXPECT_TRUE(profile->allowsConnect(url, *IpAddress::parse("127.0.0.1"), 3128).ok());
  EXPECT_FALSE(profile->allowsConnect(url, *IpAddress::parse("127.0.0.1"), 443).ok());
  EXPECT_FALSE(profile->allows(Url::parse("http://169.254.169.254/").value()).ok());
  options.proxy->host = "a/b";
  EXPECT_EQ(fieldOf(options), "proxy");
}

}  // namespace
}  // namespace busbar
