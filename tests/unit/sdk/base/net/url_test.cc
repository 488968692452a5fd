// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/url.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

struct Good {
  const char* text;
  const char* origin;
  const char* target;
  int port;
};

TEST(UrlTest, TakesPlainUrlsAndMakesThemCanonical) {
  const Good kGood[] = {
      {"http://example.org", "http://example.org", "/", 80},
      {"HTTPS://Example.ORG:443/a?b=c#frag", "https://example.org", "/a?b=c", 443},
      {"http://example.org:443", "http://example.org:443", "/", 443},
      {"http://127.0.0.1:8080/", "http://127.0.0.1:8080", "/", 8080},
      {"https://[::1]:8443/x", "https://[::1]:8443", "/x", 8443},
      {"http://[0:0:0:0:0:FFFF:7f00:1]/", "http://[::ffff:127.0.0.1]", "/", 80},
      {"http://a_b-c.example?x=%20", "http://a_b-c.example", "/?x=%20", 80},
      {"http://example.org/a/../b//c", "http://example.org", "/a/../b//c", 80},
      {"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example", "/", 80},
      {"http://1.example/", "http://1.example", "/", 80},
      {"http://0xg.0xzz/", "http://0xg.0xzz", "/", 80},
  };
  for (const Good& good : kGood) {
    const auto url = Url::parse(good.text);
    ASSERT_TRUE(url.ok()) << good.text << ": " << url.error().message;
    EXPECT_EQ(url->origin(), good.origin);
    EXPECT_EQ(url->target(), good.target);
    EXPECT_EQ(url->port(), good.port);
    EXPECT_EQ(Url::parse(url->text()).value().text(), url->text());
  }
}

// reliability S8: what must never reach a resolver or a socket, because somebody reads it
// otherwise.
TEST(UrlTest, RefusesWhatCouldBeReadInTwoWays) {
  const std::string kBad[] = {
      "",
      "/",
      "//example.org/",
      "example.org",
      "http:",
      "http:/",
      "http://",
      "http:///path",
      "http:example.org",
      "http:/example.org",
      "ftp://example.org/",
      "file:///etc/passwd",
      "gopher://127.0.0.1:25/",
      "unix:/run/x.sock",
      "dict://127.0.0.1:11211/",
      "javascript:1",
      "jar:http://example.org!/",
      "http+unix://%2Frun%2Fx/",
      "http://user@example.org/",
      "http://user:secret@example.org/",
      "http://example.org@127.0.0.1/",
      "http://example.org:80@127.0.0.1/",
      "http://@127.0.0.1/",
      "http://2130706433/",
      "http://0x7f000001/",
      "http://0x7f.1/",
      "http://0X7F.0.0.1/",
      "http://0177.0.0.1/",
      "http://017700000001/",
      "http://127.1/",
      "http://127.0.1/",
      "http://127.0.0.1.1/",
      "http://127.0.0.01/",
      "http://127.0.0.256/",
      "http://127.0.0.1./",
      "http://127.0.0.0x1/",
      "http://1/",
      "http://0/",
      "http://0x/",
      "http://a.0x1/",
      "http://999/",
      "http://example.org./",
      "http://.example.org/",
      "http://exa..mple/",
      "http://-a.example/",
      "http://a-.example/",
      "http://exam%70le.org/",
      "http://127.0.0.1%2f/",
      "http://%31%32%37.1/",
      "http://ex ample.org/",
      "http://example.org/a b",
      "http://example.org/\r\nHost: x",
      "http://example.org/\t",
      "http://example.org\\@127.0.0.1/",
      "http://example.org/\\x",
      "http://example.org/\x7f",
      "http://\xe2\x91\xa0.example/",
      "http://127\xe3\x80\x82"
      "0.0.1/",
      "http://example.org/\xff",
      "http://[::1",
      "http://::1/",
      "http://[]/",
      "http://[::1%25lo]/",
      "http://[fe80::1%eth0]/",
      "http://[::1]x/",
      "http://[127.0.0.1]/",
      "http://[::1]:/",
      "http://[::g]/",
      "http://example.org:/",
      "http://example.org:0/",
      "http://example.org:65536/",
      "http://example.org:+80/",
      "http://example.org:080/",
      "http://example.org:8 0/",
      "http://example.org:80:80/",
      "http://example.org:a/",
      "http://example.org/%",
      "http://example.org/%2",
      "http://example.org/%zz",
      "http://example.org/<x>",
      "http://example.org/{x}",
      "http://example.org/\"",
      " http://example.org/",
      "http://example.org/ ",
      "http://*.example.org/",
  };
  for (const std::string& bad : kBad) {
    const auto url = Url::parse(bad);
    ASSERT_FALSE(url.ok()) << bad << " became " << url->text();
    EXPECT_EQ(url.error().reason, "url_refused");
    EXPECT_EQ(url.error().code, ErrorCode::InvalidArgument);
  }
}

TEST(UrlTest, RefusesNulBytesAndTextsThatAreTooLong) {
  EXPECT_FALSE(Url::parse(std::string_view("http://a.example/\0b", 19)).ok());
  EXPECT_TRUE(Url::parse("http://a.example/" + std::string(8192 - 17, 'a')).ok());
  EXPECT_FALSE(Url::parse("http://a.example/" + std::string(8192 - 16, 'a')).ok());
  EXPECT_FALSE(Url::parse("http://" + std::string(64, 'a') + ".example/").ok());
  std::string host;
  while (host.size() < 254) {
    host += "abcdefg.";
  }
  EXPECT_FALSE(Url::parse("http://" + host + "a/").ok());
}

TEST(UrlTest, SaysTheRuleAndNeverTheText) {
  const auto url = Url::parse("http://admin:hunter2@example.org/?token=s3cret");
  ASSERT_FALSE(url.ok());
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(url.error().message.find("s3cret"), std::string::npos);
}

TEST(UrlTest, ResolvesReferencesAsRfc3986Does) {
  const Url base = Url::parse("http://a.example:81/b/c/d?q").value();
  const std::pair<const char*, const char*> kCases[] = {
      {"g", "http://a.example:81/b/c/g"},
      {"./g", "http://a.example:81/b/c/g"},
      {"g/", "http://a.example:81/b/c/g/"},
      {"/g", "http://a.example:81/g"},
      {"//g.example", "http://g.example/"},
      {"?y", "http://a.example:81/b/c/d?y"},
      {"g?y/./x", "http://a.example:81/b/c/g?y/./x"},
      {"", "http://a.example:81/b/c/d?q"},
      {"#s", "http://a.example:81/b/c/d?q"},
      {".", "http://a.example:81/b/c/"},
      {"..", "http://a.example:81/b/"},
      {"../g", "http://a.example:81/b/g"},
      {"../../../g", "http://a.example:81/g"},
      {"/./g/../h", "http://a.example:81/h"},
      {"https://o.example/x", "https://o.example/x"},
      {"g?a=http://x", "http://a.example:81/b/c/g?a=http://x"},
  };
  for (const auto& [reference, expected] : kCases) {
    const auto url = base.resolve(reference);
    ASSERT_TRUE(url.ok()) << reference << ": " << url.error().message;
    EXPECT_EQ(url->text(), expected) << reference;
  }
  for (const char* bad : {"gopher://x/", "javascript:alert(1)", "//user@x/", "http://127.1/", "a b",
                          "/\\evil.example", "https:x"}) {
    EXPECT_FALSE(base.resolve(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace busbar
