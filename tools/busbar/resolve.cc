// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/resolve.h"

#include <utility>
#include <vector>

#include <strings.h>

#include "tools/busbar/output.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/suggest.h"

namespace busbar::cli {
namespace {

struct Kind {
  std::string_view name;    // "system"
  std::string_view prefix;  // "sys-"
  const char* path;
  std::vector<std::string_view> members;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds{
      {"system", "sys-", "/systems", {"name", "display_name", "email"}},
      {"zone", "zone-", "/zones", {"name", "display_name"}},
      {"driver", "driver-", "/drivers", {"name", "package_id", "module_name"}},
      {"module", "mod-", "/modules", {"custom_name", "name"}}};
  return kKinds;
}

const Kind& kindOf(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name) {
      return kind;
    }
  }
  checkFailed("a kind of the table", __FILE__, __LINE__);
}

Result<std::string> resolve(Client& client, const Kind& kind, const std::string& reference) {
  if (reference.starts_with(kind.prefix)) {
    return reference;
  }
  auto rows = client.list(std::string(kEngine) + kind.path);
  if (!rows) {
    return rows.error();
  }
  return pickByName(*rows, kind.name, reference, kind.members);
}

// "Demo room/Echo_1": the module's place in the system, as the server counts it.
Result<std::string> moduleInSystem(Client& client, const std::string& systemReference,
                                   const std::string& slug) {
  auto system = resolveSystem(client, systemReference);
  if (!system) {
    return system;
  }
  auto slots = modulesOfSystem(client, *system);
  if (!slots) {
    return slots.error();
  }
  std::vector<std::string> names;
  for (const auto& [name, id] : *slots) {
    if (name == slug || name == slug + "_1") {
      return id;
    }
    names.push_back(name);
  }
  const std::string near = suggest(slug, names);
  return Error::of(ErrorCode::NotFound,
                   "no module '" + slug + "' in system '" + systemReference + "'" +
                       (near.empty() ? "" : "; did you mean '" + near + "'?") +
                       "\nthis lists them: busbar systems show '" + systemReference + "'");
}

}  // namespace

Result<std::string> pickByName(const json::Array& rows, std::string_view kind,
                               const std::string& reference,
                               const std::vector<std::string_view>& members) {
  std::vector<std::string> ids;
  std::vector<std::string> names;
  for (const json::Value& row : rows) {
    bool isMatch = false;
    for (const std::string_view member : members) {
      const std::string text = cellText(row, member);
      isMatch = isMatch || (!text.empty() && strcasecmp(text.c_str(), reference.c_str()) == 0) ||
                (member == "package_id" && text.ends_with("." + reference));
      if (!text.empty()) {
        names.push_back(text);
      }
    }
    if (isMatch) {
      ids.push_back(cellText(row, "id"));
    }
  }
  if (ids.size() == 1) {
    return ids.front();
  }
  const std::string what = std::string(kind) + " '" + reference + "'";
  if (ids.empty()) {
    const std::string near = suggest(reference, names);
    return Error::of(ErrorCode::NotFound,
                     "there is no " + what +
                         (near.empty() ? "" : "; did you mean '" + near + "'?") +
                         "\nthis lists them: busbar " + std::string(kind) + "s list");
  }
  std::string message = "more than one " + what + "; give the id:";
  for (const std::string& id : ids) {
    message += "\n" + id;
  }
  return Error::of(ErrorCode::Aborted, std::move(message));
}

Result<std::string> resolveSystem(Client& client, const std::string& reference) {
  return resolve(client, kindOf("system"), reference);
}

Result<std::string> resolveZone(Client& client, const std::string& reference) {
  return resolve(client, kindOf("zone"), reference);
}

Result<std::string> resolveDriver(Client& client, const std::string& reference) {
  return resolve(client, kindOf("driver"), reference);
}

Result<std::string> resolveModule(Client& client, const std::string& reference) {
  const size_t slash = reference.rfind('/');
  if (slash != std::string::npos && slash > 0 && slash + 1 < reference.size()) {
    return moduleInSystem(client, reference.substr(0, slash), reference.substr(slash + 1));
  }
  return resolve(client, kindOf("module"), reference);
}

Result<std::string> resolveDomain(Client& client, const std::string& reference) {
  auto rows = client.list(std::string(kEngine) + "/domains");
  if (!rows) {
    return rows.error();
  }
  return pickByName(*rows, "domain", reference, {"id", "name", "domain"});
}

Result<std::string> resolveAny(Client& client, const std::string& reference) {
  for (const Kind& kind : kinds()) {
    if (reference.starts_with(kind.prefix)) {
      return reference;
    }
    const std::string label = std::string(kind.name) + ":";
    if (reference.starts_with(label)) {
      return resolve(client, kind, reference.substr(label.size()));
    }
  }
  if (reference.find('/') != std::string::npos) {
    return resolveModule(client, reference);
  }
  for (const Kind& kind : kinds()) {
    auto id = resolve(client, kind, reference);
    if (id.ok() || id.error().code != ErrorCode::NotFound) {
      return id;
    }
  }
  return Error::of(ErrorCode::NotFound, "there is no system, zone, driver or module '" + reference +
                                            "'\ngive its id, or its name as `list` shows it");
}

}  // namespace busbar::cli
