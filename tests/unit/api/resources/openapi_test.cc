// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <set>

#include <yaml-cpp/yaml.h>

#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

// One operation as api/openapi.yaml has it.
struct Operation {
  std::string permission;
  std::string scope;
  std::set<int> statuses;
};
using Operations = std::map<std::string, Operation>;  // by "GET /path/:id"

std::string toPattern(std::string path) {
  std::replace(path.begin(), path.end(), '{', ':');
  std::erase(path, '}');
  return path;
}

Operations readOpenApi() {
  const char* source = std::getenv("BUSBAR_SOURCE");
  const YAML::Node root =
      YAML::LoadFile(std::string(source == nullptr ? "." : source) + "/api/openapi.yaml");
  Operations out;
  for (const auto& path : root["paths"]) {
    for (const auto& entry : path.second) {
      std::string method = entry.first.as<std::string>();
      if (method == "parameters") {
        continue;
      }
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      Operation operation;
      operation.permission = entry.second["x-permission"].as<std::string>();
      operation.scope = entry.second["x-scope"].as<std::string>();
      for (const auto& response : entry.second["responses"]) {
        operation.statuses.insert(response.first.as<int>());
      }
      out[method + " " + toPattern(path.first.as<std::string>())] = operation;
    }
  }
  return out;
}

class OpenApi : public ApiFixture {
 protected:
  OpenApi() : operations_(readOpenApi()) {}
  const Operations operations_;
};

TEST_F(OpenApi, DescribesExactlyWhatIsServed) {
  std::set<std::string> served;
  for (const http::RouteInfo& route : router_.dump()) {
    const std::string key = std::string(http::toString(route.method)) + " " + route.pattern;
    served.insert(key);
    const auto it = operations_.find(key);
    if (it == operations_.end()) {
      ADD_FAILURE() << key << " is served but not described";
      continue;
    }
    EXPECT_EQ(it->second.permission, auth::toString(route.permission)) << key;
    EXPECT_EQ(it->second.scope, route.scope) << key;
  }
  for (const auto& [key, operation] : operations_) {
    EXPECT_TRUE(served.contains(key)) << key << " is described but not served";
  }
}

// Every route with every kind of caller: who is let in is what the description says, and each
// answer has a status that it lists.
TEST_F(OpenApi, LetsInWhomTheDescriptionSays) {
  host_.echoes = true;
  const std::map<std::string, int> kRank{
      {"none", -1},       {"user", 0},        {"zone_read", 0},   {"zone_operate", 0},
      {"support", 1},     {"zone_create", 1}, {"zone_update", 1}, {"zone_delete", 1},
      {"zone_manage", 1}, {"admin", 2}};
  struct Caller {
    const char* key;
    int rank;  // -1: nobody
  };
  size_t checked = 0;
  for (const auto& [key, operation] : operations_) {
    const std::string method = key.substr(0, key.find(' '));
    std::string path = key.substr(key.find(' ') + 1);
    for (size_t colon = path.find(':'); colon != std::string::npos; colon = path.find(':')) {
      path.replace(colon, std::min(path.find('/', colon), path.size()) - colon, "absent");
    }
    for (const Caller& caller : {Caller{"", -1}, Caller{"bb_bad", -1}, Caller{"expired", -1},
                                 Caller{"user", 0}, Caller{"support", 1}, Caller{"admin", 2}}) {
      ASSERT_TRUE(kRank.contains(operation.permission)) << operation.permission;
      const int wanted = kRank.at(operation.permission);
      const Answer answer = call(method, path, {}, caller.key);
      const std::string what = key + " as '" + caller.key + "': " + answer.text;
      ++checked;
      EXPECT_TRUE(operation.statuses.contains(answer.status)) << answer.status << " " << what;
      if (wanted >= 0 && caller.rank < 0) {
        EXPECT_TRUE(answer.status == 401 || answer.status == 429) << answer.status << " " << what;
      } else if (caller.rank < wanted) {
        EXPECT_EQ(answer.status, 403) << what;
        EXPECT_NE(answer.text.find("your role"), std::string::npos) << what;
      } else {
        EXPECT_EQ(answer.text.find("your role"), std::string::npos) << what;
        EXPECT_NE(answer.status, 401) << what;
      }
    }
  }
  EXPECT_GT(checked, 400U);
}

TEST_F(OpenApi, TakesPeersOfTheControlSocketForAdmins) {
  EXPECT_EQ(call("GET", "/api/engine/v2/api_keys", {}, "", true).status, 200);
  const Answer made = call("POST", "/api/busbar/v1/drivers/install", R"({"path":"/x"})", "", true);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(installed_, std::vector<std::string>{"/x"});
  const Answer remote = call("POST", "/api/busbar/v1/drivers/install", R"({"path":"/x"})");
  EXPECT_EQ(remote.status, 403);
  EXPECT_EQ(remote.member("reason"), "local_only");
  EXPECT_EQ(installed_.size(), 1U);
}

TEST_F(OpenApi, TellsHealthAndMetrics) {
  EXPECT_EQ(call("GET", "/livez", {}, "").status, 200);
  EXPECT_EQ(call("GET", "/readyz", {}, "").text, "ok\n");
  bool isWell = false;
  api_.metrics().addReadyCheck("disk", [&isWell] {
    return isWell ? Status() : Status(Error::of(ErrorCode::Unavailable, "full"));
  });
  const Answer unready = call("GET", "/readyz?verbose", {}, "");
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(unready.text, "[+] serving\n[-] disk: full\nnot ready\n");
  isWell = true;
  EXPECT_EQ(call("GET", "/readyz", {}, "").status, 200);
  api_.metrics().setStopping();
  EXPECT_EQ(call("GET", "/readyz", {}, "").status, 503);
  router_.served(nullptr, 404, Milliseconds(2));
  const std::string text = call("GET", "/metrics", {}, "").text;
  EXPECT_NE(
      text.find("busbar_http_requests_total{method=\"\",route=\"(refused)\",status=\"4xx\"} 1"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("process_resident_memory_bytes"), std::string::npos);
}

TEST_F(OpenApi, ReadsTheFiguresAtMostFourTimesASecond) {
  const std::string first = call("GET", "/metrics", {}, "").text;
  router_.served(nullptr, 404, Milliseconds(2));
  const Instant begin = loop_->now();
  EXPECT_EQ(call("GET", "/metrics", {}, "").text, first);
  runUntil(*loop_, [&] { return loop_->now() > begin + Milliseconds(300); });
  EXPECT_NE(call("GET", "/metrics", {}, "").text, first);
}

}  // namespace
}  // namespace busbar
