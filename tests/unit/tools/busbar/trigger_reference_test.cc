// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_reference.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

json::Array instanceRows(std::string_view text) {
  return *json::parse(text)->asArray();
}

const json::Array kRows = instanceRows(
    R"([{"id":"trig-1","trigger_id":"trigger-1","name":"Empty room","control_system_id":"sys-1"},
        {"id":"trig-2","trigger_id":"trigger-2","name":"Lamp","control_system":{"id":"sys-2","name":"Hall"}},
        {"id":"trig-3","trigger_id":"trigger-2","name":"Lamp","control_system_id":"sys-3"}])");

TEST(PickInstance, TakesTheIdOrTheNameOfTheTrigger) {
  for (const char* reference : {"trigger-1", "Empty room", "empty ROOM"}) {
    const auto found = pickInstance(kRows, reference, "Room");
    ASSERT_TRUE(found.ok()) << reference;
    EXPECT_EQ(found->id, "trig-1");
    EXPECT_EQ(found->systemId, "sys-1");
    EXPECT_EQ(found->path(), "/api/engine/v2/systems/sys-1/triggers/trig-1");
  }
}

TEST(PickInstance, SeveralAreListedWithTheirSystems) {
  const auto found = pickInstance(kRows, "trigger-2", "");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::Aborted);
  EXPECT_NE(found.error().message.find("\ntrig-2 in sys-2\ntrig-3 in sys-3"), std::string::npos)
      << found.error().message;
}

TEST(PickInstance, NoneSaysWhereToLook) {
  const auto inSystem = pickInstance(kRows, "Emty room", "Hall");
  ASSERT_FALSE(inSystem.ok());
  EXPECT_EQ(inSystem.error().code, ErrorCode::NotFound);
  EXPECT_NE(inSystem.error().message.find("did you mean 'Empty room'?"), std::string::npos);
  EXPECT_NE(inSystem.error().message.find("instances --system 'Hall'"), std::string::npos);
  const auto anywhere = pickInstance({}, "trigger-1", "");
  ASSERT_FALSE(anywhere.ok());
  EXPECT_NE(anywhere.error().message.find("attach"), std::string::npos);
}

TEST(PickInstance, RowsWithoutANameAreNotMatchedByAnEmptyOne) {
  EXPECT_FALSE(pickInstance(instanceRows(R"([{"id":"trig-1"}])"), "", "Hall").ok());
}

}  // namespace
}  // namespace busbar::cli
