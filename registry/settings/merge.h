// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "registry/model/records.h"
#include "registry/settings/connection.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

// Which settings a module gets. Pure; secrets are in clear here, so the results stay in memory.
namespace busbar {

// The documents that concern a module, lowest priority first: its driver's; for a logic module
// those of its system's zones in the system's order, then of the system; its own. Of one parent:
// none, support, admin, never_display. So the last zone wins over the first.
std::vector<const model::Settings*> settingsChain(const Site& site, const model::Module& mod);

struct MergedSettings {
  json::Object values;    // what the driver gets
  Connection connection;  // what was below kConnectionKey
  // Top-level keys whose value came from a document above EncryptionLevel::None.
  std::set<std::string> secretKeys;
  // Every scalar below those keys as text, long enough to be masked in logs (kMinMaskedBytes).
  std::vector<std::string> secretValues;
};
constexpr size_t kMinMaskedBytes = 6;

// Joins documents by top-level keys; later ones replace whole values. InvalidArgument names the
// document that does not parse, or has the pointer "/busbar/…" in `field`.
Result<MergedSettings> mergeSettings(std::span<const model::Settings* const> chain);

// Appends the scalars within `value` that are long enough to be masked: for values that are secret
// for another reason, such as x-secret in the driver's schema.
void collectSecretValues(const json::Value& value, std::vector<std::string>& out);

}  // namespace busbar
