// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/integration/api/api_front_fixture.h"

namespace busbar {
namespace {

TEST_F(ApiFront, MakesTheFirstKeyOverTheControlSocketOnly) {
  struct stat info{};
  ASSERT_EQ(::stat((folder_.path() + "/control.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  RawHttpClient client(*loop_, front_->port());
  client.send(request("POST /api/engine/v2/api_keys", R"({"name":"a","role":"admin"})"));
  EXPECT_TRUE(client.readResponse().starts_with("HTTP/1.1 401 "));
  const std::string key = makeKey("admin");
  client.send(request("GET /api/engine/v2/api_keys", "", key));
  EXPECT_TRUE(client.readResponse().starts_with("HTTP/1.1 200 "));
}

TEST_F(ApiFront, KeepsWhatItAcknowledged) {
  const std::string key = makeKey("admin");
  RawHttpClient client(*loop_, front_->port());
  client.send(request("POST /api/engine/v2/systems", R"({"name":"Room"})", key));
  const std::string made = client.readResponse();
  ASSERT_TRUE(made.starts_with("HTTP/1.1 201 ")) << made;
  const auto snapshot = await<ConfigSnapshot>(*loop_, [this](auto done) {
    store_->load(clock_.now() + Milliseconds(10'000), std::move(done));
  });
  ASSERT_TRUE(snapshot.ok());
  size_t systems = 0;
  for (const model::Record& record : snapshot->records) {
    systems += std::holds_alternative<model::System>(record) ? 1U : 0U;
  }
  EXPECT_EQ(systems, 1U);
  client.send(request("POST /api/engine/v2/systems", R"({"name":"Room"})", key));
  EXPECT_TRUE(client.readResponse().starts_with("HTTP/1.1 409 "));
}

TEST_F(ApiFront, StreamsEventsAndCountsRequests) {
  const std::string key = makeKey("user");
  RawHttpClient client(*loop_, front_->port());
  client.send(request("GET /api/busbar/v1/events?kinds=state", "", key));
  ASSERT_TRUE(client.readUntilContains(": open"));
  host_.publishState("mod-1", "power", "true");
  EXPECT_TRUE(client.readUntilContains("\"key\":\"power\",\"value\":true"));
  RawHttpClient other(*loop_, front_->port());
  other.send(request("GET /metrics", ""));
  const std::string metrics = other.readResponse();
  EXPECT_NE(metrics.find("busbar_event_streams 1"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("busbar_http_connections{front=\"tcp\"} 2"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("route=\"/api/engine/v2/api_keys\",status=\"2xx\"} 1"), std::string::npos)
      << metrics;
  client.close();
  EXPECT_TRUE(runUntil(*loop_, [this] { return host_.subscriptions == 0; }));
}

}  // namespace
}  // namespace busbar
