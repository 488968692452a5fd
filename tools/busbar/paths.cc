// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/paths.h"

#include <map>

#include "tools/busbar/output.h"

namespace busbar::cli {
namespace {

// custom_name, else the module's own name, else its driver's module_name.
std::string resolvedName(const json::Value& row) {
  for (const char* member : {"custom_name", "name"}) {
    if (std::string name = cellText(row, member); !name.empty()) {
      return name;
    }
  }
  const json::Value* driver = row.find("driver");
  return driver == nullptr ? std::string() : cellText(*driver, "module_name");
}

}  // namespace

ModuleSlots numberModules(const json::Value& system, const json::Array& modules) {
  std::map<std::string, std::string> names;
  for (const json::Value& row : modules) {
    names[cellText(row, "id")] = resolvedName(row);
  }
  ModuleSlots slots;
  std::map<std::string, int> counts;
  const json::Value* ids = system.find("modules");
  if (ids == nullptr || ids->asArray() == nullptr) {
    return slots;
  }
  for (const json::Value& id : *ids->asArray()) {
    const auto found = id.asString() == nullptr ? names.end() : names.find(*id.asString());
    if (found != names.end() && !found->second.empty()) {
      const int number = ++counts[found->second];
      slots.emplace_back(found->second + "_" + std::to_string(number), found->first);
    }
  }
  return slots;
}

Result<ModuleSlots> modulesOfSystem(Client& client, const std::string& systemId) {
  auto system = client.get(std::string(kEngine) + "/systems/" + encoded(systemId));
  if (!system) {
    return system.error();
  }
  auto modules =
      client.list(std::string(kEngine) + "/modules?control_system_id=" + encoded(systemId));
  if (!modules) {
    return modules.error();
  }
  return numberModules(*system, *modules);
}

}  // namespace busbar::cli
