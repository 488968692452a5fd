// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/control/command.h"
#include "api/triggers/trigger_states.h"
#include "host/client/host_client.h"
#include "registry/site/site.h"

namespace busbar::api {

class ControlSession;
struct Variable;

// One socket's wish to know a variable.
struct Binding {
  ControlSession& session;
  std::string id;                // of the first bind, JSON text
  Variable* variable = nullptr;  // while attached
  size_t place = 0;              // among the variable's watchers
  bool isWaiting = false;        // in the session's outbox
};

// A status as clients name it, shared by all who bind it: by module name and number in a system.
// Which module that is may change; none may answer to it yet.
struct Variable {
  std::string meta;  // metaOf() the first command; names it
  std::string systemId;
  std::string slug;  // "Display_1"
  std::string name;
  bool isProtected = false;
  std::string moduleId;  // what it means now; empty: nothing. Or a trigger's instance
  bool isTrigger = false;
  std::optional<bool> connected;  // what was told last when the host answers for `connected`
  std::vector<Binding*> watchers;
};

// All variables that are bound, and what each means: statuses of modules, and the states of
// triggers. Loop-only.
class VariableTable {
 public:
  // Both must outlive this.
  VariableTable(const Site& site, HostClient& host) : site_(site), host_(host) {}
  VariableTable(const VariableTable&) = delete;
  VariableTable& operator=(const VariableTable&) = delete;

  // Where the states of triggers come from; null: there are none.
  void setTriggers(const triggers::TriggerStates* states) { triggers_ = states; }

  // The variable that `meta` names, if somebody binds it.
  Variable* find(const std::string& meta) const;
  void attach(Binding& binding, const Command& command, const std::string& meta);
  // Its variable is gone with its last watcher.
  void detach(Binding& binding);

  // Those that mean this status now.
  const std::vector<Variable*>& meaning(std::string_view moduleId, std::string_view name);
  // The present value as JSON text; empty when there is none. `connected`, of a driver that does
  // not publish such a status, is the host's word.
  std::string valueOf(Variable& variable);

  // Whether the change may give a variable another meaning.
  bool touches(const ConfigChange& change) const;
  // Looks all touched ones up again. Those whose module is another now; `hadMeaning` tells whether
  // there was one before.
  struct Moved {
    Variable* variable;
    bool hadMeaning;
  };
  void touch(const ConfigChange& change);
  std::vector<Moved> remap();

  size_t bindings() const { return bindings_; }

 private:
  std::string lookUp(const Variable& variable) const;
  void addMeaning(Variable& variable);
  void removeMeaning(Variable& variable);
  void touchModule(std::string_view moduleId);

  const Site& site_;
  HostClient& host_;
  const triggers::TriggerStates* triggers_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Variable>> byMeta_;
  std::unordered_map<std::string, std::vector<Variable*>> byStatus_;  // see statusKey()
  std::unordered_map<std::string, std::vector<Variable*>> bySystem_;
  std::set<std::string, std::less<>> touched_;  // systems
  std::string key_;                             // scratch
  size_t bindings_ = 0;
};

}  // namespace busbar::api
