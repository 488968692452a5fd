// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/resolve.h"

#include <string>

#include <gtest/gtest.h>

#include "tools/busbar/paths.h"
#include "tools/busbar/suggest.h"

namespace busbar::cli {
namespace {

json::Array rows(std::string_view text) {
  return *json::parse(text)->asArray();
}

TEST(Resolve, PicksTheOneOfThatNameInAnyCase) {
  const auto id =
      pickByName(rows(R"([{"id":"sys-1","name":"Demo room"},{"id":"sys-2","name":"x"}])"), "system",
                 "demo ROOM", {"name"});
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, "sys-1");
}

TEST(Resolve, TakesTheLastPartOfAPackageId) {
  const auto drivers = rows(
      R"([{"id":"driver-1","package_id":"org.busbar.modbus"},{"id":"driver-2","package_id":"a.rtu-modbus"}])");
  const auto id = pickByName(drivers, "driver", "modbus", {"name", "package_id"});
  ASSERT_TRUE(id.ok()) << id.error().message;
  EXPECT_EQ(*id, "driver-1");
}

TEST(Resolve, UnknownNamesGetASuggestion) {
  const auto id =
      pickByName(rows(R"([{"id":"sys-1","name":"Demo room"}])"), "system", "Demo rom", {"name"});
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(id.error().code, ErrorCode::NotFound);
  EXPECT_NE(id.error().message.find("did you mean 'Demo room'"), std::string::npos);
}

TEST(Resolve, AmbiguousNamesListTheIds) {
  const auto id = pickByName(rows(R"([{"id":"mod-1","name":"A"},{"id":"mod-2","name":"A"}])"),
                             "module", "A", {"name"});
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(id.error().code, ErrorCode::Aborted);
  EXPECT_NE(id.error().message.find("mod-2"), std::string::npos);
}

TEST(NumberModules, CountsPerNameInTheSystemsOrder) {
  const auto system = *json::parse(R"({"modules":["mod-3","mod-1","mod-2","mod-gone"]})");
  const ModuleSlots slots = numberModules(
      system,
      rows(R"([{"id":"mod-1","name":"Display"},{"id":"mod-2","name":"X","custom_name":"Lamp"},
                       {"id":"mod-3","name":"Display"}])"));
  EXPECT_EQ(slots,
            (ModuleSlots{{"Display_1", "mod-3"}, {"Display_2", "mod-1"}, {"Lamp_1", "mod-2"}}));
}

TEST(Suggest, FindsTheNearest) {
  EXPECT_EQ(suggest("lsit", {"list", "show"}), "list");
  EXPECT_EQ(suggest("quar", {"quarantine", "list"}), "quarantine");
  EXPECT_EQ(suggest("zzz", {"list", "show"}), "");
  EXPECT_EQ(suggest("", {"list"}), "");
}

}  // namespace
}  // namespace busbar::cli
