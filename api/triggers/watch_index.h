// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/triggers/evaluator.h"

namespace busbar::triggers {

class Instance;

// From a status to the conditions that look at it, so that a change touches nothing else.
// Loop-only.
class WatchIndex {
 public:
  struct Watcher {
    Instance* instance = nullptr;
    uint32_t watch = 0;  // of its binding
  };
  // Of one module that somebody watches.
  struct Module {
    std::string epoch;
    uint64_t sequence = 0;  // of the last update that was seen, of any status
    const std::vector<Watcher>* find(std::string_view status) const;

   private:
    friend class WatchIndex;
    struct Hash {
      using is_transparent = void;
      size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    std::unordered_map<std::string, std::vector<Watcher>, Hash, std::equal_to<>> statuses_;
  };

  // Not during a walk over what find() gave.
  void add(Instance& instance, const Binding& binding);
  void remove(Instance& instance, const Binding& binding);

  Module* find(std::string_view moduleId);
  // The watched statuses of a module.
  std::vector<std::string> statusesOf(std::string_view moduleId) const;
  size_t modules() const { return modules_.size(); }

 private:
  std::unordered_map<std::string, Module, Module::Hash, std::equal_to<>> modules_;
};

}  // namespace busbar::triggers
