// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/router/request_credentials.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

struct Case {
  const char* name;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string apiKey;
  std::string bearer;
};

class RequestCredentialsTest : public testing::TestWithParam<Case> {};

TEST_P(RequestCredentialsTest, AreFoundWhereTheRouteAllows) {
  Request request;
  ASSERT_TRUE(request.setLine("GET", GetParam().target, true).ok());
  for (const auto& [name, value] : GetParam().headers) {
    request.addHeader(name, value);
  }
  const auth::Credentials all = credentialsOf(request, CredentialPlaces::Everywhere);
  EXPECT_EQ(all.apiKey, GetParam().apiKey);
  EXPECT_EQ(all.bearer, GetParam().bearer);
  const auth::Credentials headers = credentialsOf(request, CredentialPlaces::Headers);
  EXPECT_EQ(headers.apiKey, request.header("X-API-Key").value_or(""));
  EXPECT_EQ(headers.authorization, request.header("Authorization").value_or(""));
  EXPECT_EQ(headers.bearer, "") << "only routes that ask for it look there";
}

INSTANTIATE_TEST_SUITE_P(
    All, RequestCredentialsTest,
    testing::Values(
        Case{"none", "/a", {}, "", ""},
        Case{"header", "/a?api-key=q", {{"X-API-Key", "h"}, {"Cookie", "api-key=c"}}, "h", ""},
        Case{"authorization", "/a?bearer_token=q", {{"Authorization", "Bearer h"}}, "", ""},
        Case{"query_key", "/a?api-key=bb_1%5F2", {{"Cookie", "api-key=c"}}, "bb_1_2", ""},
        Case{"query_token", "/a?x=1&bearer_token=q", {{"Cookie", "api-key=c"}}, "", "q"},
        Case{"empty_query", "/a?api-key=", {{"Cookie", "api-key=c"}}, "c", ""},
        Case{"cookie", "/a", {{"Cookie", "a=1; bearer_token=x.y.z; b=2"}}, "", "x.y.z"},
        Case{"quoted", "/a", {{"Cookie", "api-key=\"c\""}}, "c", ""},
        Case{"longer_name", "/a", {{"Cookie", "x-api-key=c; api-keys=d; api-key"}}, "", ""}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace busbar::http
