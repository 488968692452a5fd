// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/connection.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

Result<Connection> parse(std::string_view text) {
  return Connection::parse(*json::parse(text));
}

TEST(Connection, ReadsEveryMember) {
  const std::string pin = "sha256//" + std::string(43, 'A') + "=";
  const auto c = parse(R"({"tls":{"verify":"pin","pin":")" + pin +
                       R"(","certificate":"C","key":"K-secret","server_name":"n","ca":"A"},
      "links":{"main":{"host":"h","port":99,"interface":"192.0.2.1","group":"239.1.2.3",
      "peers":["192.0.2.0/24"]}},
      "http":{"allow":["https://a.example"],"proxy":{"url":"http://p:3128","username":"u","password":"pw-secret"}},
      "time_zone":"Europe/Berlin","deny":["busbar.http/1"]})");
  ASSERT_TRUE(c.ok()) << c.error().field << ": " << c.error().message;
  EXPECT_EQ(c->tls.verify, TlsVerify::Pin);
  EXPECT_EQ(c->tls.pin, pin);
  EXPECT_EQ(c->tls.certificate + c->tls.key + c->tls.serverName + c->tls.ca, "CK-secretnA");
  ASSERT_NE(c->findLink("main"), nullptr);
  EXPECT_EQ(*c->findLink("main"),
            (LinkAddress{"h", 99, "192.0.2.1", "239.1.2.3", {"192.0.2.0/24"}}));
  EXPECT_EQ(c->findLink("other"), nullptr);
  EXPECT_EQ(c->httpOrigins, std::vector<std::string>{"https://a.example"});
  EXPECT_EQ(c->httpProxy, (HttpProxy{"http://p:3128", "u", "pw-secret"}));
  EXPECT_EQ(c->timeZone, "Europe/Berlin");
  EXPECT_EQ(c->denied, std::vector<std::string>{"busbar.http/1"});
  EXPECT_EQ(c->secrets(), (std::vector<std::string>{"K-secret", "pw-secret"}));
  EXPECT_EQ(*parse("{}"), Connection());
}

TEST(Connection, NamesTheMemberThatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"[]", ""},
      {R"({"tsl":{}})", "/tsl"},
      {R"({"tls":{"verify":"maybe"}})", "/tls/verify"},
      {R"({"tls":{"verify":"pin"}})", "/tls/pin"},
      {R"({"tls":{"verify":"pin","pin":"sha1//x"}})", "/tls/pin"},
      {R"({"tls":{"pin":"sha256//x"}})", "/tls/pin"},
      {R"({"tls":{"certificate":"C"}})", "/tls/key"},
      {R"({"tls":{"ca":7}})", "/tls/ca"},
      {R"({"links":{"main":{"port":0}}})", "/links/main/port"},
      {R"({"links":{"main":{"port":65536}}})", "/links/main/port"},
      {R"({"links":{"main":{"prot":1}}})", "/links/main/prot"},
      {R"({"links":{"main":7}})", "/links/main"},
      {R"({"links":{"main":{"peers":[1]}}})", "/links/main/peers/0"},
      {R"({"http":{"proxy":{}}})", "/http/proxy/url"},
      {R"({"http":{"allow":"x"}})", "/http/allow"},
      {R"({"deny":{}})", "/deny"},
      {R"({"time_zone":1})", "/time_zone"},
  };
  for (const auto& [text, field] : wrong) {
    const auto c = parse(text);
    ASSERT_FALSE(c.ok()) << text;
    EXPECT_EQ(c.error().field, field) << text;
  }
}

}  // namespace
}  // namespace busbar
