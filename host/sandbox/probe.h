// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/sandbox/cgroups.h"
#include "host/sandbox/launcher.h"
#include "host/sandbox/tiers.h"
#include "host/sandbox/uid_range.h"

namespace busbar::sandbox {

// probeSandbox() with the parts that the spawner keeps.
Result<SandboxFacts> probeSandbox(Launcher& launcher, const Cgroups& cgroups,
                                  const std::string& whyNoCgroups, UidRange uids);

}  // namespace busbar::sandbox
