// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using AuditApi = ApiFixture;

const std::string kAudit = "/api/busbar/v1/audit";

TEST_F(AuditApi, ListsFiltersAndPages) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_EQ(
        call("POST", "/api/engine/v2/systems", std::string(R"({"name":")") + name + "\"}").status,
        201);
  }
  const Answer page = call("GET", kAudit + "?type=system&limit=2");
  ASSERT_EQ(page.status, 200) << page.text;
  ASSERT_EQ(page.body.asArray()->size(), 2U);
  EXPECT_EQ(page.response.header("X-Total-Count"), "3");
  EXPECT_EQ(page.response.header("Link"),
            "</api/busbar/v1/audit?type=system&offset=2&limit=2>; rel=\"next\"");
  const json::Value& newest = page.body.asArray()->front();
  EXPECT_EQ(*newest.find("action")->asString(), "create");
  EXPECT_EQ(*newest.find("after")->find("name")->asString(), "c");
  EXPECT_EQ(*newest.find("peer")->asString(), "192.0.2.1");
  EXPECT_EQ(newest.find("before"), nullptr);
  EXPECT_EQ(call("GET", kAudit + "?action=delete").text, "[]");
  EXPECT_EQ(call("GET", kAudit + "?since=soon").status, 400);
  EXPECT_EQ(call("GET", kAudit + "?until=1").text, "[]");
  EXPECT_EQ(call("GET", kAudit, {}, "support").status, 403);
}

TEST_F(AuditApi, ExportsLinesThatGoOnWhereAFileEnds) {
  ASSERT_EQ(call("POST", "/api/engine/v2/systems", R"({"name":"a"})").status, 201);
  const Answer all = call("GET", kAudit + "/export");
  EXPECT_EQ(all.response.contentType(), "application/x-ndjson");
  std::vector<std::string> lines;
  for (size_t at = 0, end = 0; (end = all.text.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(all.text.substr(at, end - at));
  }
  ASSERT_EQ(lines.size(), store_.data().audit.size());
  int64_t sequence = 0;
  for (const std::string& line : lines) {
    const auto entry = json::parse(line);
    ASSERT_TRUE(entry.ok()) << line;
    EXPECT_EQ(*entry->find("sequence")->asInt(), ++sequence);
  }
  const Answer rest = call("GET", kAudit + "/export?after=" + std::to_string(sequence - 1));
  EXPECT_EQ(rest.text, lines.back() + "\n");
  EXPECT_EQ(call("GET", kAudit + "/export?after=" + std::to_string(sequence)).text, "");
}

TEST_F(AuditApi, Verifies) {
  const Answer sound = call("GET", kAudit + "/verify");
  EXPECT_TRUE(*sound.body.find("sound")->asBool()) << sound.text;
  EXPECT_EQ(*sound.body.find("entries")->asInt(), static_cast<int64_t>(store_.data().audit.size()));
  EXPECT_EQ(sound.member("last_hash"), store_.data().audit.back().hash);
}

}  // namespace
}  // namespace busbar
