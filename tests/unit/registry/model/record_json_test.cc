// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/record_json.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar::model {
namespace {

std::vector<Record> samples() {
  Module logic = sample::mod(2);
  logic.controlSystemId = sample::id(Table::System);
  logic.uri = "https://a.example";
  logic.customName = "Mixer";
  logic.udp = true;
  Zone child = sample::zone(2);
  child.parentId = sample::id(Table::Zone, 1);
  child.triggers = {sample::id(Table::Trigger)};
  Trigger owned = sample::trigger();
  owned.controlSystemId = sample::id(Table::System);
  TriggerInstance ofZone = sample::triggerInstance();
  ofZone.zoneId = sample::id(Table::Zone);
  System system = sample::system();
  system.zones = {sample::id(Table::Zone, 1)};
  system.modules = {sample::id(Table::Module, 1), sample::id(Table::Module, 2)};
  User user = sample::user();
  user.domainId = sample::id(Table::Domain);
  user.deleted = true;
  Group childGroup = sample::group(2);
  childGroup.parentId = sample::id(Table::Group, 1);
  Metadata named = sample::metadata(1, system.id);
  named.schemaId = sample::id(Table::Schema);
  std::vector<Record> out = {
      sample::driver(),
      logic,
      system,
      child,
      sample::settings(1, sample::id(Table::Zone), "secret: yes", EncryptionLevel::Admin),
      user,
      sample::apiKey(),
      sample::domain(),
      sample::oauthApp(),
      childGroup,
      sample::groupUser(),
      sample::groupZone(),
      sample::groupInvitation(),
      named,
      sample::schema(),
      owned,
      ofZone};
  for (Record& record : out) {
    commonOf(record).createdAt = 11;
    commonOf(record).updatedAt = 12;
    commonOf(record).revision = 3;
  }
  return out;
}

TEST(RecordJson, EveryMemberOfEveryRecordComesBack) {
  for (const Record& record : samples()) {
    const auto text = json::write(toDocument(record));
    const auto document = json::parse(text);
    ASSERT_TRUE(document.ok());
    const auto back = fromDocument(tableOf(record), *document);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, record) << text;
  }
}

// A sample that leaves a member at its default would let that member be forgotten.
TEST(RecordJson, SamplesSetEveryMember) {
  ASSERT_EQ(samples().size(), std::variant_size_v<Record>);
  for (const Record& record : samples()) {
    const json::Object defaults = toDocument(emptyRecord(tableOf(record)));
    for (const auto& [name, value] : toDocument(record)) {
      const bool mayBeSo = name == "tls" || name == "uri" || name == "custom_name" ||
                           name == "control_system_id" || name == "udp" ||
                           (name == "role" && record.index() == 0);
      EXPECT_TRUE(mayBeSo || !(*defaults.find(name) == value)) << record.index() << " " << name;
    }
  }
}

// A default that does not survive would hide behind samples that set everything.
TEST(RecordJson, DefaultsComeBackAndAbsentMembersKeepThem) {
  for (size_t i = 0; i < std::variant_size_v<Record>; ++i) {
    const Record empty = emptyRecord(static_cast<Table>(i));
    const auto back = fromDocument(static_cast<Table>(i), toDocument(empty));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, empty);
    const auto fromNothing = fromDocument(static_cast<Table>(i), json::Object());
    ASSERT_TRUE(fromNothing.ok());
    EXPECT_EQ(*fromNothing, empty);
  }
}

TEST(RecordJson, UnknownMembersAreIgnored) {
  json::Object document = toDocument(sample::user());
  document.set("from_the_future", json::Array{1, 2});
  const auto back = fromDocument(Table::User, document);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, Record(sample::user()));
}

TEST(RecordJson, AMemberOfTheWrongTypeIsNamed) {
  const struct {
    Table table;
    const char* member;
    json::Value value;
  } cases[] = {
      {Table::Module, "port", "80"},
      {Table::Module, "port", int64_t{1} << 40},
      {Table::Module, "running", 1},
      {Table::Driver, "role", 7},
      {Table::Driver, "trust", 2},
      {Table::Driver, "isolation", -1},
      {Table::System, "zones", "zone-1"},
      {Table::System, "modules", json::Array{1}},
      {Table::Zone, "name", nullptr},
      {Table::Settings, "encryption_level", 4},
      {Table::User, "role", 3},
      {Table::ApiKey, "expires_at", 1.5},
      {Table::User, "deleted", "no"},
      {Table::Domain, "config", json::Object()},
      {Table::GroupZone, "deny", 1},
      {Table::OauthApp, "scopes", json::Array()},
      {Table::Zone, "triggers", 1},
      {Table::Trigger, "debounce_period", "1"},
      {Table::TriggerInstance, "enabled", 1},
  };
  for (const auto& c : cases) {
    json::Object document = toDocument(emptyRecord(c.table));
    document.set(c.member, c.value);
    const auto back = fromDocument(c.table, document);
    ASSERT_FALSE(back.ok()) << c.member;
    EXPECT_EQ(back.error().code, ErrorCode::DataLoss);
    EXPECT_EQ(back.error().field, c.member);
  }
  EXPECT_FALSE(fromDocument(Table::User, json::Array()).ok());
}

}  // namespace
}  // namespace busbar::model
