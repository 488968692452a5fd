// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/module_lifecycle.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

using S = ModuleState;
using E = ModuleEvent;
using A = ModuleAction;

struct Row {
  S from;
  E event;
  bool wanted;
  bool failed;
  std::optional<ModuleStep> expected;
};

// The table of module_lifecycle.h, cell by cell.
const Row kRows[] = {
    {S::Stopped, E::Run, true, false, {{S::Placed, A::Attach}}},
    {S::Stopped, E::Halt, false, false, {{S::Stopped, A::None}}},
    {S::Stopped, E::Ready, false, false, std::nullopt},
    {S::Stopped, E::Lost, false, false, std::nullopt},
    {S::Stopped, E::Done, false, false, std::nullopt},
    {S::Stopped, E::Quarantine, false, false, std::nullopt},
    {S::Placed, E::Ready, true, false, {{S::Creating, A::Create}}},
    {S::Placed, E::Halt, false, false, {{S::Stopped, A::Detach}}},
    {S::Placed, E::Quarantine, true, false, {{S::Quarantined, A::Detach}}},
    {S::Placed, E::Lost, true, false, {{S::Placed, A::None}}},
    {S::Placed, E::Done, true, false, std::nullopt},
    {S::Creating, E::Done, true, false, {{S::Starting, A::Start}}},
    {S::Creating, E::Done, false, false, {{S::Destroying, A::Destroy}}},
    {S::Creating, E::Refused, true, true, {{S::Failed, A::ScheduleRetry}}},
    {S::Creating, E::Refused, false, true, {{S::Stopped, A::Detach}}},
    {S::Creating, E::Expired, true, false, {{S::Creating, A::KillRunner}}},
    {S::Creating, E::Lost, true, false, {{S::Placed, A::None}}},
    {S::Creating, E::Halt, false, false, {{S::Creating, A::None}}},
    {S::Creating, E::Failed, true, false, std::nullopt},
    {S::Starting, E::Done, true, false, {{S::Running, A::Announce}}},
    {S::Starting, E::Done, false, false, {{S::Stopping, A::Stop}}},
    {S::Starting, E::Refused, true, true, {{S::Destroying, A::Destroy}}},
    {S::Starting, E::Failed, true, true, {{S::Stopping, A::Stop}}},
    {S::Starting, E::Expired, true, false, {{S::Starting, A::KillRunner}}},
    {S::Starting, E::Lost, false, false, {{S::Stopped, A::Detach}}},
    {S::Running, E::Halt, false, false, {{S::Stopping, A::Stop}}},
    {S::Running, E::Failed, true, true, {{S::Stopping, A::Stop}}},
    {S::Running, E::Lost, true, false, {{S::Placed, A::None}}},
    {S::Running, E::Run, true, false, {{S::Running, A::None}}},
    {S::Running, E::Ready, true, false, std::nullopt},
    {S::Stopping, E::Done, false, false, {{S::Destroying, A::Destroy}}},
    {S::Stopping, E::Refused, true, true, {{S::Destroying, A::Destroy}}},
    {S::Stopping, E::Expired, false, false, {{S::Destroying, A::Destroy}}},
    {S::Stopping, E::Lost, true, true, {{S::Failed, A::ScheduleRetry}}},
    {S::Destroying, E::Done, false, false, {{S::Stopped, A::Detach}}},
    {S::Destroying, E::Done, true, false, {{S::Placed, A::Attach}}},
    {S::Destroying, E::Done, true, true, {{S::Failed, A::ScheduleRetry}}},
    {S::Destroying, E::Expired, true, false, {{S::Destroying, A::KillRunner}}},
    {S::Destroying, E::Lost, true, false, {{S::Placed, A::None}}},
    {S::Failed, E::Retry, true, true, {{S::Placed, A::Attach}}},
    {S::Failed, E::Run, true, true, {{S::Placed, A::Attach}}},
    {S::Failed, E::Halt, false, true, {{S::Stopped, A::None}}},
    {S::Failed, E::Quarantine, true, true, {{S::Quarantined, A::None}}},
    {S::Failed, E::Ready, true, true, std::nullopt},
    {S::Quarantined, E::Retry, true, false, {{S::Placed, A::Attach}}},
    {S::Quarantined, E::Halt, false, false, {{S::Stopped, A::None}}},
    {S::Quarantined, E::Run, true, false, {{S::Quarantined, A::None}}},
    {S::Quarantined, E::Lost, true, false, std::nullopt},
};

class ModuleLifecycle : public testing::TestWithParam<Row> {};
TEST_P(ModuleLifecycle, TakesTheStepOfTheTable) {
  const Row& row = GetParam();
  EXPECT_EQ(nextStep(row.from, row.event, {row.wanted, row.failed}), row.expected)
      << toString(row.from) << " on " << toString(row.event);
}
INSTANTIATE_TEST_SUITE_P(Table, ModuleLifecycle, testing::ValuesIn(kRows));

// Whatever comes in whatever order, a module that is no longer wanted reaches rest once its runner
// is gone.
TEST(ModuleLifecycleInvariant, EveryStateLeadsToStoppedWhenHaltedAndLost) {
  for (int i = 0; i <= static_cast<int>(S::Quarantined); ++i) {
    S state = static_cast<S>(i);
    for (const E event : {E::Halt, E::Lost}) {
      if (const auto step = nextStep(state, event, {false, false})) {
        state = step->to;
      }
    }
    EXPECT_EQ(state, S::Stopped) << "from " << toString(static_cast<S>(i));
  }
}

}  // namespace
}  // namespace busbar
