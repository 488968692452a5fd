// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/handshake.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

using Headers = std::map<std::string, std::string>;

const Headers kGood{{"Host", "busbar.test"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"}};

struct Case {
  const char* name;
  Headers changed;  // an empty value: without the header
  int status;       // 0: taken
  std::string method = "GET";
  bool isHttp11 = true;
  std::string body = "";
};

class HandshakeTest : public testing::TestWithParam<Case> {};

TEST_P(HandshakeTest, TakesWhatTheRfcDoes) {
  const Case& given = GetParam();
  Headers headers = kGood;
  for (const auto& [name, value] : given.changed) {
    headers[name] = value;
  }
  Request request;
  ASSERT_TRUE(request.setLine(given.method, "/x", given.isHttp11).ok());
  for (const auto& [name, value] : headers) {
    if (!value.empty()) {
      request.addHeader(name, value);
    }
  }
  request.setBody(given.body);
  const auto refusal = refuseHandshake(request);
  ASSERT_EQ(refusal ? refusal->status() : 0, given.status);
  if (given.status == 426) {
    EXPECT_EQ(refusal->header("Sec-WebSocket-Version"), "13");
    EXPECT_EQ(refusal->header("Upgrade"), "websocket");
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HandshakeTest,
    testing::Values(
        Case{"plain", {}, 0}, Case{"firefox", {{"Connection", "keep-alive, Upgrade"}}, 0},
        Case{"any_case", {{"Connection", "upgrade"}, {"Upgrade", "WebSocket"}}, 0},
        Case{"more_upgrades", {{"Upgrade", "h2c, websocket"}}, 0},
        Case{"extensions_are_not_chosen",
             {{"Sec-WebSocket-Extensions", "permessage-deflate"}, {"Sec-WebSocket-Protocol", "a"}},
             0},
        Case{"no_upgrade", {{"Upgrade", ""}}, 426},
        Case{"other_upgrade", {{"Upgrade", "h2c"}}, 426},
        Case{"no_connection", {{"Connection", ""}}, 426},
        Case{"other_connection", {{"Connection", "keep-alive"}}, 426},
        Case{"no_version", {{"Sec-WebSocket-Version", ""}}, 426},
        Case{"old_version", {{"Sec-WebSocket-Version", "8"}}, 426}, Case{"head", {}, 426, "HEAD"},
        Case{"http10", {}, 426, "GET", false}, Case{"no_key", {{"Sec-WebSocket-Key", ""}}, 400},
        Case{"short_key", {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"}}, 400},
        Case{"no_base64", {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25*ZQ=="}}, 400},
        Case{"body", {}, 400, "GET", true, "x"},
        Case{"same_origin", {{"Origin", "https://busbar.test"}}, 0},
        Case{"same_origin_other_case", {{"Origin", "http://BUSBAR.test:80"}}, 0},
        Case{
            "same_port", {{"Host", "busbar.test:8443"}, {"Origin", "https://busbar.test:8443"}}, 0},
        Case{"default_port", {{"Host", "busbar.test:443"}, {"Origin", "https://busbar.test"}}, 0},
        Case{"other_host", {{"Origin", "https://evil.test"}}, 403},
        Case{"subdomain", {{"Origin", "https://a.busbar.test"}}, 403},
        Case{"longer_host", {{"Origin", "https://busbar.test.evil"}}, 403},
        Case{"other_port", {{"Origin", "https://busbar.test:8443"}}, 403},
        Case{"null_origin", {{"Origin", "null"}}, 403},
        Case{"file_origin", {{"Origin", "file://busbar.test"}}, 403}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Handshake, AnswersTheKeyOfTheRfc) {
  EXPECT_EQ(acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

}  // namespace
}  // namespace busbar::http
