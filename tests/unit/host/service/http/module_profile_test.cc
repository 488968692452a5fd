// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/module_profile.h"

#include <gtest/gtest.h>

#include "tests/support/test_authority.h"

namespace busbar {
namespace {

Status mayGo(const ModuleProfile& made, const std::string& url, const std::string& address) {
  const Url parsed = Url::parse(url).value();
  const Status named = made.profile->allows(parsed);
  return named.ok() ? made.profile->allowsConnect(parsed, *IpAddress::parse(address), parsed.port())
                    : named;
}

std::string reasonOf(const Status& status) {
  return status.ok() ? "ok" : status.error().reason;
}

TEST(ModuleProfile, AllowsTheModulesOwnOriginWhereverItStands) {
  const auto made = ModuleProfile::of("http://192.168.7.9:8080/api", {}, "");
  EXPECT_EQ(made.ownOrigin, "http://192.168.7.9:8080");
  EXPECT_EQ(reasonOf(mayGo(made, "http://192.168.7.9:8080/x", "192.168.7.9")), "ok");
  EXPECT_EQ(reasonOf(mayGo(made, "http://192.168.7.9/x", "192.168.7.9")),
            "http_origin_not_allowed");
  EXPECT_EQ(reasonOf(mayGo(made, "http://192.168.7.10:8080/x", "192.168.7.10")),
            "http_origin_not_allowed");
  const auto named = ModuleProfile::of("https://device.example", {}, "");
  EXPECT_EQ(reasonOf(mayGo(named, "https://device.example/", "10.0.0.4")), "ok");
  EXPECT_EQ(reasonOf(mayGo(named, "https://device.example/", "127.0.0.1")), "http_blocked_address");
  EXPECT_EQ(reasonOf(mayGo(named, "https://device.example/", "169.254.169.254")),
            "http_blocked_address");
  EXPECT_TRUE(ModuleProfile::of("http://127.0.0.1:1/", {}, "").profile != nullptr);
}

TEST(ModuleProfile, AnAllowedOriginIsPublicUnlessItsAddressIsWritten) {
  Connection connection;
  connection.httpOrigins = {"https://api.example.org", "http://10.1.2.3", "http://127.0.0.1",
                            "http://169.254.169.254"};
  const auto made = ModuleProfile::of("", connection, "");
  ASSERT_NE(made.profile, nullptr) << made.problem.message;
  EXPECT_EQ(made.ownOrigin, "");
  EXPECT_EQ(reasonOf(mayGo(made, "https://api.example.org/", "93.184.216.34")), "ok");
  EXPECT_EQ(reasonOf(mayGo(made, "https://api.example.org/", "10.1.2.3")), "http_blocked_address");
  EXPECT_EQ(reasonOf(mayGo(made, "http://10.1.2.3/", "10.1.2.3")), "ok");
  EXPECT_EQ(reasonOf(mayGo(made, "http://127.0.0.1/", "127.0.0.1")), "http_blocked_address");
  EXPECT_EQ(reasonOf(mayGo(made, "http://169.254.169.254/", "169.254.169.254")),
            "http_blocked_address");
}

TEST(ModuleProfile, WithoutAnyOriginNothingIsAllowed) {
  for (const char* uri :
       {"", "tcp://192.168.7.9:5000", "nonsense", "http://user:secret@a.example/"}) {
    const auto made = ModuleProfile::of(uri, {}, "");
    EXPECT_EQ(made.profile, nullptr) << uri;
    EXPECT_EQ(made.problem.code, ErrorCode::PermissionDenied) << uri;
    EXPECT_EQ(made.problem.reason, "http_origin_not_allowed") << uri;
    EXPECT_EQ(made.problem.message.find("secret"), std::string::npos);
  }
}

TEST(ModuleProfile, TrustFollowsTheConnection) {
  const test::TestAuthority site("site");
  const test::TestAuthority own("own");
  Connection connection;
  EXPECT_EQ(ModuleProfile::of("https://a.example", connection, site.certificate())
                .profile->options()
                .caPem,
            site.certificate());
  connection.tls.ca = own.certificate();
  auto made = ModuleProfile::of("https://a.example", connection, site.certificate());
  EXPECT_EQ(made.profile->options().caPem, own.certificate());
  EXPECT_EQ(made.profile->options().verify, HttpVerify::Full);
  EXPECT_TRUE(made.warnings.empty());

  connection.tls.verify = TlsVerify::Pin;
  connection.tls.pin = "sha256//" + std::string(43, 'A') + "=";
  made = ModuleProfile::of("https://a.example", connection, "");
  EXPECT_EQ(made.profile->options().verify, HttpVerify::PinOnly);
  EXPECT_EQ(made.profile->options().pinnedKey, connection.tls.pin);

  connection.tls.verify = TlsVerify::None;
  made = ModuleProfile::of("https://a.example", connection, "");
  EXPECT_EQ(made.profile->options().verify, HttpVerify::None);
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("does not verify"), std::string::npos);
  EXPECT_TRUE(ModuleProfile::of("http://a.example", connection, "").warnings.empty());
}

TEST(ModuleProfile, ClientCertificateAndProxyAreTaken) {
  const test::TestAuthority authority("site");
  const test::TestIdentity mine = authority.issue("DNS:client");
  Connection connection;
  connection.tls.certificate = mine.certificate;
  connection.tls.key = mine.key;
  connection.httpProxy = HttpProxy{"http://proxy.example:3128", "u", "p"};
  const auto made = ModuleProfile::of("https://a.example", connection, "");
  ASSERT_NE(made.profile, nullptr) << made.problem.message;
  EXPECT_EQ(made.profile->options().clientCertificate, mine.certificate);
  EXPECT_EQ(made.profile->options().proxy->host, "proxy.example");
  EXPECT_EQ(made.profile->options().proxy->port, 3128);
  EXPECT_EQ(made.profile->options().proxy->user, "u");
}

TEST(ModuleProfile, AMistakeIsNamedAndStopsEverything) {
  Connection badProxy;
  badProxy.httpProxy = HttpProxy{"https://proxy.example", "", ""};
  Connection badOrigin;
  badOrigin.httpOrigins = {"http://a.example/path"};
  Connection badCa;
  badCa.tls.ca = "no certificate";
  for (const Connection& connection : {badProxy, badOrigin, badCa}) {
    const auto made = ModuleProfile::of("https://a.example", connection, "");
    EXPECT_EQ(made.profile, nullptr);
    EXPECT_EQ(made.problem.reason, "http_misconfigured");
    EXPECT_EQ(made.problem.code, ErrorCode::FailedPrecondition);
  }
}

}  // namespace
}  // namespace busbar
