// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/version.h"

namespace busbar {

std::string_view versionText() {
  return BUSBAR_VERSION;
}

}  // namespace busbar
