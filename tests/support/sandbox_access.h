// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/sandbox/spawner.h"
#include "host/sandbox/spawner_core.h"

namespace busbar::sandbox {

// The one way to start runners with walls left out, to see what each wall holds back. Lives under
// tests/, which no product code may include.
struct SandboxTestAccess {
  static void leaveOut(Spawner& spawner, LayerSet layers) { spawner.core_->leaveOut(layers); }
};

}  // namespace busbar::sandbox
