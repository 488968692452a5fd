// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_reference.h"

#include <vector>

#include <strings.h>

#include "tools/busbar/output.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/suggest.h"

namespace busbar::cli {
namespace {

bool isSame(const std::string& a, const std::string& b) {
  return !a.empty() && strcasecmp(a.c_str(), b.c_str()) == 0;
}

Result<InstanceReference> byId(Client& client, const std::string& id) {
  auto explanation =
      client.get(std::string(kBusbar) + "/trigger_instances/" + encoded(id) + "/explain");
  if (!explanation) {
    return explanation.error();
  }
  return InstanceReference{id, cellText(*explanation, "system_id")};
}

Result<InstanceReference> onlyOneOf(Client& client, const std::string& reference) {
  auto trigger = resolveTrigger(client, reference);
  if (!trigger) {
    return trigger.error();
  }
  auto rows = client.list(kTriggers + "/" + encoded(*trigger) + "/instances");
  if (!rows) {
    return rows.error();
  }
  for (json::Value& row : *rows) {
    if (row.asObject() != nullptr) {
      row.asObject()->set("trigger_id", *trigger);
    }
  }
  return pickInstance(*rows, *trigger, "");
}

}  // namespace

std::string InstanceReference::path() const {
  return std::string(kEngine) + "/systems/" + encoded(systemId) + "/triggers/" + encoded(id);
}

std::string systemOf(const json::Value& row) {
  const std::string id = cellText(row, "control_system_id");
  const json::Value* system = row.find("control_system");
  return id.empty() && system != nullptr ? cellText(*system, "id") : id;
}

Result<std::string> resolveTrigger(Client& client, const std::string& reference) {
  if (reference.starts_with("trigger-")) {
    return reference;
  }
  auto rows = client.list(kTriggers);
  if (!rows) {
    return rows.error();
  }
  return pickByName(*rows, "trigger", reference, {"name"});
}

Result<InstanceReference> pickInstance(const json::Array& rows, const std::string& trigger,
                                       const std::string& place) {
  std::vector<InstanceReference> found;
  std::vector<std::string> names;
  for (const json::Value& row : rows) {
    const std::string name = cellText(row, "name");
    const std::string id = cellText(row, "trigger_id");
    if (isSame(name, trigger) || (!id.empty() && id == trigger)) {
      found.push_back({cellText(row, "id"), systemOf(row)});
    }
    if (!name.empty()) {
      names.push_back(name);
    }
  }
  if (found.size() == 1) {
    return found.front();
  }
  const std::string where = place.empty() ? "any system" : "system '" + place + "'";
  if (found.empty()) {
    const std::string near = suggest(trigger, names);
    return Error::of(
        ErrorCode::NotFound,
        "trigger '" + trigger + "' is not at work in " + where +
            (near.empty() ? "" : "; did you mean '" + near + "'?") +
            (place.empty()
                 ? "\nput it to work with: busbar triggers attach TRIGGER SYSTEM"
                 : "\nthis lists what is: busbar triggers instances --system '" + place + "'"));
  }
  std::string message = "trigger '" + trigger + "' is at work more than once; give the id:";
  for (const InstanceReference& instance : found) {
    message += "\n" + instance.id + " in " + instance.systemId;
  }
  return Error::of(ErrorCode::Aborted, std::move(message));
}

Result<InstanceReference> resolveInstance(Client& client, const std::string& trigger,
                                          const std::string& system) {
  auto systemId = resolveSystem(client, system);
  if (!systemId) {
    return systemId.error();
  }
  auto rows = client.list(std::string(kEngine) + "/systems/" + encoded(*systemId) + "/triggers");
  if (!rows) {
    return rows.error();
  }
  auto picked = pickInstance(*rows, trigger, system);
  if (picked) {
    picked->systemId = *systemId;
  }
  return picked;
}

Result<InstanceReference> resolveInstance(Client& client, const std::string& reference) {
  if (reference.starts_with("trig-")) {
    return byId(client, reference);
  }
  const size_t slash = reference.find('/');
  if (slash != std::string::npos && slash > 0 && slash + 1 < reference.size()) {
    return resolveInstance(client, reference.substr(slash + 1), reference.substr(0, slash));
  }
  return onlyOneOf(client, reference);
}

}  // namespace busbar::cli
