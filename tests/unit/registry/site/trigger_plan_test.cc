// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/trigger_plan.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "registry/site/cascade.h"
#include "tests/support/sample_records.h"

namespace busbar {
namespace {

using Kind = ConfigWrite::Kind;
using model::Table;
using Strings = std::vector<std::string>;
using Writes = std::vector<ConfigWrite>;

std::string rowId(Table table, int n) {
  return sample::id(table, n);
}

// Zone 1 gives trigger 1 to rooms 1 and 2; zone 2, which has room 2 too, gives nothing. Trigger 2
// is at work in room 1 by hand, trigger 3 belongs to room 1.
class TriggerPlanTest : public testing::Test {
 protected:
  TriggerPlanTest() {
    model::Zone giver = sample::zone(1);
    giver.triggers = {rowId(Table::Trigger, 1)};
    model::System one = sample::system(1);
    one.zones = {giver.id};
    model::System two = sample::system(2);
    two.zones = {giver.id, rowId(Table::Zone, 2)};
    model::Trigger owned = sample::trigger(3);
    owned.controlSystemId = one.id;
    model::Trigger calm = sample::trigger(2);
    calm.important = false;
    site_.reset({1,
                 {giver, sample::zone(2), one, two, sample::trigger(1), calm, owned,
                  ofZone(1, 1, 1, 1), ofZone(2, 1, 2, 1), sample::triggerInstance(3, 2, 1)}});
  }

  static model::TriggerInstance ofZone(int n, int trigger, int system, int zone) {
    model::TriggerInstance instance = sample::triggerInstance(n, trigger, system);
    instance.zoneId = rowId(Table::Zone, zone);
    return instance;
  }

  // What the plan adds: "+trigger system zone" and "-id", sorted.
  Strings added(Writes writes) {
    const size_t before = writes.size();
    completeInstances(site_, writes, make_);
    Strings out;
    for (size_t i = before; i < writes.size(); ++i) {
      const auto& instance = std::get<model::TriggerInstance>(writes[i].record);
      const auto last = [](const std::string& text) { return std::string(1, text.back()); };
      out.push_back(writes[i].kind == Kind::Erase
                        ? "-" + last(instance.id)
                        : "+" + last(instance.triggerId) + last(instance.systemId) +
                              last(instance.zoneId));
    }
    std::sort(out.begin(), out.end());
    Writes again = writes;
    completeInstances(site_, again, make_);
    EXPECT_EQ(again.size(), writes.size()) << "its own result is complete";
    EXPECT_TRUE(out.empty() || concernsInstances(site_, writes));
    planned_ = std::move(writes);
    return out;
  }
  model::Zone zone(int n, Strings triggers) {
    model::Zone row = *site_.findZone(rowId(Table::Zone, n));
    row.triggers = std::move(triggers);
    return row;
  }
  model::System system(int n, Strings zones) {
    const model::System* present = site_.findSystem(rowId(Table::System, n));
    model::System row = present == nullptr ? sample::system(n) : *present;
    row.zones = std::move(zones);
    return row;
  }

  Site site_;
  int made_ = 100;
  MakeInstance make_ = [this] {
    const model::TriggerInstance sampled = sample::triggerInstance(++made_);
    model::TriggerInstance out;
    out.id = sampled.id;
    out.webhookSecret = sampled.webhookSecret;
    return out;
  };
  Writes planned_;
};

TEST_F(TriggerPlanTest, AZonesListMakesAndErasesInEachOfItsSystems) {
  const Strings both{rowId(Table::Trigger, 1), rowId(Table::Trigger, 2)};
  EXPECT_EQ(added({{Kind::Update, zone(1, both)}}), (Strings{"+211", "+221"}))
      << "also where it is at work by hand";
  EXPECT_EQ(added({{Kind::Update, zone(1, {})}}), (Strings{"-1", "-2"}));
  EXPECT_EQ(added({{Kind::Update, zone(2, {rowId(Table::Trigger, 1)})}}), Strings{"+122"})
      << "each zone has its own";
  EXPECT_EQ(added({{Kind::Update, zone(1, {rowId(Table::Trigger, 1)})}}), Strings{});
  EXPECT_EQ(added({{Kind::Update, zone(1, {rowId(Table::Trigger, 9)})}}), (Strings{"-1", "-2"}))
      << "which the store refuses";
}

TEST_F(TriggerPlanTest, ASystemTakesAndLosesWhatItsZonesGive) {
  EXPECT_EQ(added({{Kind::Update, system(1, {})}}), Strings{"-1"}) << "what is by hand stays";
  EXPECT_EQ(added({{Kind::Update, system(2, {rowId(Table::Zone, 2)})}}), Strings{"-2"});
  EXPECT_EQ(added({{Kind::Insert, system(3, {rowId(Table::Zone, 1)})}}), Strings{"+131"});
  EXPECT_EQ(added({{Kind::Update, system(1, {rowId(Table::Zone, 1)})}}), Strings{});
}

TEST_F(TriggerPlanTest, ANewInstanceIsAsImportantAsItsTrigger) {
  added({{Kind::Update, zone(2, {rowId(Table::Trigger, 2)})}});
  const auto& calm = std::get<model::TriggerInstance>(planned_.back().record);
  EXPECT_FALSE(calm.important);
  EXPECT_TRUE(calm.enabled);
  EXPECT_FALSE(calm.execEnabled);
  EXPECT_EQ(calm.webhookSecret.size(), 43u);
  model::Trigger important = *site_.findTrigger(rowId(Table::Trigger, 2));
  important.important = true;
  added({{Kind::Update, zone(2, {important.id})}, {Kind::Update, important}});
  EXPECT_TRUE(std::get<model::TriggerInstance>(planned_.back().record).important)
      << "as it will be";
}

TEST_F(TriggerPlanTest, WritesOfOneTransactionAreSeenTogether) {
  EXPECT_EQ(added({{Kind::Update, zone(2, {rowId(Table::Trigger, 4)})},
                   {Kind::Insert, sample::trigger(4)},
                   {Kind::Insert, system(3, {rowId(Table::Zone, 2)})},
                   {Kind::Update, system(2, {rowId(Table::Zone, 1)})}}),
            Strings{"+432"});
  EXPECT_EQ(added({{Kind::Update, zone(1, {rowId(Table::Trigger, 1), rowId(Table::Trigger, 2)})},
                   {Kind::Insert, ofZone(9, 2, 1, 1)}}),
            Strings{"+221"})
      << "one is there already";
}

TEST_F(TriggerPlanTest, OtherWritesAreNotOfItsConcern) {
  model::Zone named = *site_.findZone(rowId(Table::Zone, 1));
  named.name = "renamed";
  model::System described = *site_.findSystem(rowId(Table::System, 1));
  described.description = "changed";
  model::TriggerInstance off = *site_.findTriggerInstance(rowId(Table::TriggerInstance, 1));
  off.enabled = !off.enabled;
  const Writes writes{{Kind::Update, named},
                      {Kind::Update, described},
                      {Kind::Update, off},
                      {Kind::Update, sample::trigger(1)},
                      {Kind::Insert, sample::trigger(5)},
                      {Kind::Insert, sample::triggerInstance(9)},
                      {Kind::Insert, sample::user()}};
  EXPECT_FALSE(concernsInstances(site_, writes));
  EXPECT_EQ(added(writes), Strings{});
  EXPECT_TRUE(concernsInstances(site_, {{Kind::Erase, sample::trigger(1)}}));
  EXPECT_TRUE(concernsInstances(site_, {{Kind::Erase, sample::zone(2)}}));
  EXPECT_TRUE(concernsInstances(site_, {{Kind::Insert, sample::system(7)}}));
}

TEST_F(TriggerPlanTest, WhatIsErasedTakesItsInstancesAlong) {
  const auto erased = [this](Table table, int n) {
    auto plan = planErase(site_, table, rowId(table, n));
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ(added(*plan), Strings{}) << "a plan is complete";
    Strings out;
    for (const ConfigWrite& write : planned_) {
      if (write.kind == Kind::Erase) {
        out.push_back(std::string(model::toString(model::tableOf(write.record))) +
                      model::commonOf(write.record).id.back());
      } else if (const auto* row = std::get_if<model::Zone>(&write.record)) {
        EXPECT_EQ(row->triggers, Strings{});
        out.push_back("shorter " + row->id.substr(row->id.size() - 1));
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(erased(Table::Trigger, 1),
            (Strings{"shorter 1", "trigger1", "trigger_instance1", "trigger_instance2"}));
  EXPECT_EQ(erased(Table::System, 1),
            (Strings{"system1", "trigger3", "trigger_instance1", "trigger_instance3"}));
  EXPECT_EQ(erased(Table::Zone, 1), (Strings{"trigger_instance1", "trigger_instance2", "zone1"}));
  EXPECT_EQ(erased(Table::TriggerInstance, 3), Strings{"trigger_instance3"});
  EXPECT_EQ(
      planErase(site_, Table::TriggerInstance, rowId(Table::TriggerInstance, 1)).error().reason,
      "made_by_zone");
}

TEST_F(TriggerPlanTest, AnOwnedTriggerGoesFromEveryRoomWithItsSystem) {
  model::Zone giver = zone(2, {rowId(Table::Trigger, 3)});
  site_.apply({2, Kind::Update, giver});
  site_.apply({3, Kind::Insert, ofZone(4, 3, 2, 2)});
  site_.apply({4, Kind::Insert, sample::triggerInstance(5, 3, 1)});
  const auto plan = planErase(site_, Table::System, rowId(Table::System, 1));
  ASSERT_TRUE(plan.ok());
  std::multiset<std::string> gone;
  for (const ConfigWrite& write : *plan) {
    if (write.kind == Kind::Erase) {
      gone.insert(model::commonOf(write.record).id);
    } else {
      EXPECT_EQ(std::get<model::Zone>(write.record).triggers, Strings{});
    }
  }
  for (const int n : {1, 3, 4, 5}) {
    EXPECT_EQ(gone.count(rowId(Table::TriggerInstance, n)), 1u) << n;
  }
}

// Whatever is written: afterwards there is exactly what the zones ask for.
TEST_F(TriggerPlanTest, AnyRowOfChangesEndsWithWhatTheZonesAskFor) {
  std::mt19937 random(7);
  const auto some = [&random](Table table, int count) {
    Strings out;
    for (int n = 1; n <= count; ++n) {
      if (random() % 2 == 0) {
        out.push_back(rowId(table, n));
      }
    }
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    Writes writes;
    const int n = static_cast<int>(random() % 3) + 1;
    const auto exists = [this](const std::string& row) {
      return site_.findZone(row) != nullptr || site_.findTrigger(row) != nullptr;
    };
    const auto present = [&](Strings ids) {
      std::erase_if(ids, [&](const std::string& row) { return !exists(row); });
      return ids;
    };
    if (random() % 4 == 0) {
      const Table table = std::array{Table::Zone, Table::System, Table::Trigger}[random() % 3];
      if (auto plan = planErase(site_, table, rowId(table, n)); plan.ok()) {
        writes = std::move(*plan);
      }
    } else {
      model::System room = system(n, present(some(Table::Zone, 3)));
      const bool isNew = site_.findSystem(room.id) == nullptr;
      writes.push_back({isNew ? Kind::Insert : Kind::Update, std::move(room)});
      const int z = static_cast<int>(random() % 3) + 1;
      const bool isNewZone = site_.findZone(rowId(Table::Zone, z)) == nullptr;
      model::Zone place = isNewZone ? sample::zone(z) : *site_.findZone(rowId(Table::Zone, z));
      place.triggers = present(some(Table::Trigger, 3));
      writes.push_back({isNewZone ? Kind::Insert : Kind::Update, std::move(place)});
      if (site_.findTrigger(rowId(Table::Trigger, n)) == nullptr) {
        writes.push_back({Kind::Insert, sample::trigger(n)});
      }
    }
    completeInstances(site_, writes, make_);
    for (const ConfigWrite& write : writes) {
      site_.apply({site_.position() + 1, write.kind, write.record});
    }
    std::multiset<Strings> wanted;
    for (const model::System* room : site_.systems()) {
      for (const std::string& zoneId : room->zones) {
        for (const std::string& triggerId : site_.findZone(zoneId)->triggers) {
          wanted.insert({room->id, zoneId, triggerId});
        }
      }
    }
    std::multiset<Strings> there;
    for (const model::TriggerInstance* instance : site_.triggerInstances()) {
      ASSERT_NE(site_.findSystem(instance->systemId), nullptr);
      ASSERT_NE(site_.findTrigger(instance->triggerId), nullptr);
      EXPECT_TRUE(instance->zoneId.empty() || isAskedFor(site_, *instance));
      if (!instance->zoneId.empty()) {
        there.insert({instance->systemId, instance->zoneId, instance->triggerId});
      }
    }
    ASSERT_EQ(there, wanted) << "in round " << round;
  }
}

}  // namespace
}  // namespace busbar
