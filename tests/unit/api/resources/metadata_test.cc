// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;

class MetadataApi : public ApiFixture {
 protected:
  MetadataApi() {
    put(sample::zone(1));
    model::Zone child = sample::zone(2);
    child.parentId = sample::zone(1).id;
    put(child);
    put(sample::system(1));
  }
  static std::string of(const std::string& parent, const std::string& rest = {}) {
    return "/api/engine/v2/metadata/" + parent + rest;
  }
  const std::string zone_ = sample::id(Table::Zone, 1);
  const std::string child_ = sample::id(Table::Zone, 2);
  const std::string room_ = sample::id(Table::System, 1);
};

TEST_F(MetadataApi, ReplacesMergesRenamesAndDeletes) {
  const Answer made = call("PUT", of(zone_), R"({"name":" menu ","details":{"a":1,"b":{"c":2}}})");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.member("name"), "menu");
  EXPECT_EQ(made.member("parent_id"), zone_);
  EXPECT_FALSE(made.member("modified_by_id").empty());
  const Answer merged =
      call("PATCH", of(zone_), R"({"name":"menu","details":{"b":{"c":null,"d":3}}})");
  EXPECT_EQ(json::write(*merged.body.find("details")), R"({"a":1,"b":{"d":3}})");
  const Answer replaced = call("PUT", of(zone_), R"({"name":"menu","details":[1,"x",null]})");
  EXPECT_EQ(json::write(*replaced.body.find("details")), R"([1,"x",null])");
  const Answer all = call("GET", of(zone_), {}, "user");
  ASSERT_NE(all.body.find("menu"), nullptr) << all.text;
  EXPECT_EQ(call("GET", of(zone_, "?name=other"), {}, "user").text, "{}");
  EXPECT_EQ(call("GET", "/api/engine/v2/zones/" + zone_ + "/metadata", {}, "user").text, all.text);
  EXPECT_EQ(call("PATCH", of(zone_, "/name"), R"({"current_name":"menu","new_name":"card"})")
                .member("name"),
            "card");
  EXPECT_EQ(call("PATCH", of(zone_, "/name"), R"({"current_name":"menu","new_name":"x"})").status,
            404);
  EXPECT_EQ(call("DELETE", of(zone_)).status, 422);
  EXPECT_EQ(call("DELETE", of(zone_, "?name=card&dry_run=true")).status, 200);
  EXPECT_EQ(call("DELETE", of(zone_, "?name=card")).status, 202);
  EXPECT_EQ(call("GET", of(zone_)).text, "{}");
}

TEST_F(MetadataApi, ToleratesPost) {
  EXPECT_EQ(call("POST", of(room_), R"({"name":"a","details":1})").status, 201);
  EXPECT_EQ(call("POST", "/api/engine/v2/metadata",
                 R"({"name":"b","details":2,"parent_id":")" + room_ + "\"}")
                .status,
            201);
  EXPECT_EQ(call("POST", "/api/engine/v2/metadata", R"({"name":"b","details":2})").status, 422);
  EXPECT_EQ(call("GET", "/api/engine/v2/systems/" + room_ + "/metadata").body.asObject()->size(),
            2U);
}

TEST_F(MetadataApi, KeepsTwentyVersions) {
  for (int n = 0; n < 23; ++n) {
    ASSERT_EQ(call("PUT", of(room_), R"({"name":"a","details":)" + std::to_string(n) + "}").status,
              200);
  }
  ASSERT_EQ(call("PUT", of(room_), R"({"name":"b","details":1})").status, 200);
  const Answer all = call("GET", of(room_, "/history"), {}, "user");
  ASSERT_EQ(all.status, 200) << all.text;
  const json::Array& versions = *all.body.find("a")->asArray();
  ASSERT_EQ(versions.size(), 20U);
  EXPECT_EQ(*versions.front().find("details")->asInt(), 21) << "newest first";
  EXPECT_EQ(all.body.find("b"), nullptr) << "never changed";
  const Answer some = call("GET", of(room_, "/history?name=a&limit=2&offset=1"), {}, "user");
  EXPECT_EQ(*some.body.find("a")->asArray()->front().find("details")->asInt(), 20);
  EXPECT_EQ(some.body.find("a")->asArray()->size(), 2U);
  EXPECT_EQ(call("GET", of("zone-none", "/history")).status, 404);
}

TEST_F(MetadataApi, ShowsManyAtOnce) {
  for (const std::string& parent : {zone_, child_}) {
    ASSERT_EQ(call("PUT", of(parent), R"({"name":"a","details":1})").status, 200);
  }
  ASSERT_EQ(call("PUT", of(child_), R"({"name":"b","details":1})").status, 200);
  const Answer tree = call("GET", of(zone_, "/children"), {}, "user");
  ASSERT_EQ(tree.body.asArray()->size(), 2U) << tree.text;
  EXPECT_EQ(*tree.body.asArray()->front().find("zone")->find("id")->asString(), zone_);
  EXPECT_EQ(tree.body.asArray()->back().find("metadata")->asObject()->size(), 2U);
  const Answer below = call("GET", of(zone_, "/children?include_parent=false&name=b"), {}, "user");
  ASSERT_EQ(below.body.asArray()->size(), 1U);
  EXPECT_EQ(below.body.asArray()->front().find("metadata")->asObject()->size(), 1U);
  const Answer bulk = call("GET", of("a", "/bulk?parent_ids=" + zone_ + "," + room_), {}, "user");
  EXPECT_EQ(*bulk.body.find(zone_)->find("name")->asString(), "a");
  EXPECT_TRUE(bulk.body.find(room_)->isNull());
  EXPECT_EQ(call("GET", of("a", "/bulk"), {}, "user").status, 422);
}

TEST_F(MetadataApi, AsksWhoMayChangeIt) {
  EXPECT_EQ(call("PUT", of(zone_), R"({"name":"a","details":1})", "user").status, 403);
  EXPECT_EQ(call("PUT", of(zone_), R"({"name":"a","details":1})", "support").status, 200);
  EXPECT_EQ(call("DELETE", of(zone_, "?name=a"), {}, "user").status, 403);
  const std::string self = sample::id(Table::User, 101);
  EXPECT_EQ(call("PUT", of(self), R"({"name":"mine","details":1})", "user").status, 200);
  EXPECT_EQ(
      call("PUT", of(self), R"({"name":"mine","details":1,"editors":["all"]})", "user").status,
      403);
  EXPECT_EQ(
      call("PUT", of(sample::id(Table::User, 102)), R"({"name":"a","details":1})", "user").status,
      403);
  EXPECT_EQ(call("GET", "/api/engine/v2/users/" + self + "/metadata?name=mine", {}, "user")
                .body.asObject()
                ->size(),
            1U);
  EXPECT_EQ(call("DELETE", of(self, "?name=mine"), {}, "user").status, 202);
}

TEST_F(MetadataApi, RefusesBadInputAndChangesNothing) {
  const uint64_t before = site_.position();
  std::string deep(60, '[');
  deep += std::string(60, ']');
  struct Row {
    std::string body;
    int status;
    const char* field;
  };
  for (const Row& row :
       {Row{"{", 400, ""}, Row{R"({"details":1})", 422, "name"},
        Row{R"({"name":" ","details":1})", 422, "name"}, Row{R"({"name":"a"})", 422, "details"},
        Row{R"({"name":"a","details":1,"detail":1})", 422, "detail"},
        Row{R"({"name":"a","details":1,"editors":1})", 422, "editors"},
        Row{R"({"name":"a","details":1,"parent_id":"zone-x"})", 422, "parent_id"},
        Row{R"({"name":"a","details":)" + deep + "}", 422, "details"},
        Row{R"({"name":"a","details":1,"schema_id":"json_schema-1"})", 422, "schema_id"},
        Row{R"({"name":"a","details":1,"schema_id":")" + sample::id(Table::Schema, 5) + "\"}", 422,
            "schema_id"}}) {
    const Answer answer = call("PUT", of(zone_), row.body);
    EXPECT_EQ(answer.status, row.status) << row.body << answer.text;
    EXPECT_EQ(answer.member("field"), row.field) << answer.text;
  }
  EXPECT_EQ(call("PUT", of("sys-none"), R"({"name":"a","details":1})").status, 404);
  EXPECT_EQ(site_.position(), before);
}

TEST_F(MetadataApi, GoesWithItsParentAndOutlivesItsSchema) {
  const Answer schema =
      call("POST", "/api/engine/v2/schema", R"({"name":"Menu","schema":"{\"type\":\"object\"}"})");
  ASSERT_EQ(schema.status, 201) << schema.text;
  EXPECT_EQ(schema.member("schema"), R"({"type":"object"})");
  const std::string id = schema.member("id");
  EXPECT_EQ(call("GET", "/api/engine/v2/schema?q=menu", {}, "support").body.asArray()->size(), 1U);
  EXPECT_EQ(call("PATCH", "/api/engine/v2/schema/" + id, R"({"schema":{"type":"array"}})")
                .member("schema"),
            R"({"type":"array"})");
  EXPECT_EQ(call("POST", "/api/engine/v2/schema", R"({"name":"x","schema":"{"})").status, 422);
  ASSERT_EQ(call("PUT", of(zone_), R"({"name":"a","details":1,"schema_id":")" + id + "\"}")
                .member("schema_id"),
            id);
  EXPECT_EQ(call("DELETE", "/api/engine/v2/schema/" + id).status, 202);
  EXPECT_EQ(site_.findMetadata(zone_, "a")->schemaId, "");
  EXPECT_EQ(call("DELETE", "/api/engine/v2/zones/" + zone_).status, 202);
  EXPECT_TRUE(site_.metadata().empty());
}

}  // namespace
}  // namespace busbar
