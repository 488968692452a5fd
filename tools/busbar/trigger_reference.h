// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/json.h"
#include "sdk/base/result.h"
#include "tools/busbar/client.h"

namespace busbar::cli {

// The id of a trigger, by its id or name; errors as in resolve.h.
Result<std::string> resolveTrigger(Client& client, const std::string& reference);

// A trigger at work in a system.
struct InstanceReference {
  std::string id;
  std::string systemId;
  // Of the API: /systems/…/triggers/…
  std::string path() const;
};
// "trig-…"; "SYSTEM/TRIGGER", each by id or name; or a trigger alone, by id or name, that is at
// work in one system only. NotFound, or Aborted with the ids when there are several.
Result<InstanceReference> resolveInstance(Client& client, const std::string& reference);
Result<InstanceReference> resolveInstance(Client& client, const std::string& trigger,
                                          const std::string& system);

// The instance of a trigger among the rows of a system (or the only one among those of the trigger,
// with an empty system); exposed for tests. `place` says where was looked, for errors.
Result<InstanceReference> pickInstance(const json::Array& rows, const std::string& trigger,
                                       const std::string& place);
// The system that a row belongs to.
std::string systemOf(const json::Value& row);

}  // namespace busbar::cli
