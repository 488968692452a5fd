// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"

namespace busbar {

// What a first start writes, as one transaction: the default domain, "localhost", where there is no
// domain yet; and into it, users from before there were domains. Nothing when both are settled.
// Pure but for the id.
std::vector<ConfigWrite> planDefaultDomain(const Site& site, model::IdGenerator& ids);

}  // namespace busbar
