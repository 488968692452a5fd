// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/merge.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar {
namespace {

using model::EncryptionLevel;
using model::Table;

// A logic module in a room of two zones; the key of each document names where it came from.
class MergeTest : public testing::Test {
 protected:
  MergeTest() {
    model::Module logic = sample::mod(1);
    logic.controlSystemId = sample::id(Table::System);
    model::System room = sample::system();
    room.modules = {logic.id};
    room.zones = {sample::id(Table::Zone, 2), sample::id(Table::Zone, 1)};
    const auto doc = [](int n, const std::string& parent, const char* text,
                        EncryptionLevel level = EncryptionLevel::None) {
      return sample::settings(n, parent, text, level);
    };
    site.reset(
        {1,
         {sample::driver(), logic, sample::mod(2), room, sample::zone(1), sample::zone(2),
          doc(1, sample::id(Table::Driver), "from: driver\ndriver: 1"),
          doc(2, sample::id(Table::Zone, 2), "from: zone2\nzone2: 1"),
          doc(3, sample::id(Table::Zone, 1), "from: zone1\nzone1: 1"),
          doc(4, room.id, "from: system\nsystem: 1"),
          doc(5, logic.id, "from: module\nnested: {b: 2}"),
          doc(6, logic.id, "from: support\ncode: 123456", EncryptionLevel::Support),
          doc(7, logic.id, "from: hidden\npassword: geheimnis", EncryptionLevel::NeverDisplay),
          doc(8, sample::id(Table::Driver), "nested: {a: 1}\ncode: old-secret",
              EncryptionLevel::Admin),
          doc(9, sample::id(Table::Module, 2), "code: public")}});
  }
  MergedSettings merged(int n) {
    const auto chain = settingsChain(site, *site.findModule(sample::id(Table::Module, n)));
    auto result = mergeSettings(chain);
    EXPECT_TRUE(result.ok());
    return result.ok() ? std::move(*result) : MergedSettings();
  }

  Site site;
};

TEST_F(MergeTest, ChainOfALogicModuleRunsFromDriverToModuleAndFromNoneToNeverDisplay) {
  std::vector<std::string> ids;
  for (const model::Settings* s :
       settingsChain(site, *site.findModule(sample::id(Table::Module, 1)))) {
    ids.push_back(s->id);
  }
  std::vector<std::string> want;
  for (const int n : {1, 8, 2, 3, 4, 5, 6, 7}) {
    want.push_back(sample::id(Table::Settings, n));
  }
  EXPECT_EQ(ids, want);
}

TEST_F(MergeTest, LaterDocumentsReplaceWholeTopLevelValues) {
  const auto settings = merged(1);
  EXPECT_EQ(*settings.values.find("from")->asString(), "hidden");
  EXPECT_EQ(json::write(*settings.values.find("nested")), R"({"b":2})") << "shallow, not deep";
  for (const char* key : {"driver", "zone1", "zone2", "system"}) {
    EXPECT_TRUE(settings.values.contains(key)) << key;
  }
}

TEST_F(MergeTest, OtherModulesSeeOnlyTheirDriverAndThemselves) {
  const auto settings = merged(2);
  EXPECT_EQ(*settings.values.find("from")->asString(), "driver");
  EXPECT_FALSE(settings.values.contains("system"));
  EXPECT_FALSE(settings.values.contains("zone1"));
}

TEST_F(MergeTest, SecretsAreWhatSurvivesFromSealedDocuments) {
  const auto logic = merged(1);
  EXPECT_EQ(logic.secretKeys, (std::set<std::string>{"code", "from", "password"}));
  auto values = logic.secretValues;
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, (std::vector<std::string>{"123456", "geheimnis", "hidden"}));
  const auto other = merged(2);
  EXPECT_EQ(other.secretKeys, std::set<std::string>{"nested"})
      << "code was replaced by a public value";
  EXPECT_TRUE(other.secretValues.empty()) << "1 is too short to be masked";
}

TEST_F(MergeTest, SecretValuesAreCollectedFromEveryDepth) {
  std::vector<std::string> out;
  collectSecretValues(
      *json::parse(R"({"a":["secret-1",{"b":"secret-2"},1234567,true,null,"short"]})"), out);
  std::sort(out.begin(), out.end());
  EXPECT_EQ(out, (std::vector<std::string>{"1234567", "secret-1", "secret-2"}));
}

TEST_F(MergeTest, ADocumentThatDoesNotParseIsNamed) {
  const model::Settings broken = sample::settings(3, sample::id(Table::Zone), "a: [");
  const model::Settings* chain[] = {&broken};
  const auto result = mergeSettings(chain);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find(broken.id), std::string::npos);
}

}  // namespace
}  // namespace busbar
