// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/triggers/action_runner.h"

namespace busbar::triggers {

// The engine as steps see it: remembers what it was told.
class FakeInside final : public ActionRunner::Inside {
 public:
  Status setStatus(std::string_view, std::string_view, const std::string& name,
                   json::Value value) override {
    statuses.emplace_back(name, json::write(value));
    return refusal ? Status(*refusal) : Status();
  }
  Status callTrigger(std::string_view, const std::string& triggerId, std::string_view) override {
    triggers.push_back(triggerId);
    return refusal ? Status(*refusal) : Status();
  }
  std::string moduleOf(std::string_view, const std::string& slug) override {
    return slug == "Gone_1" ? "" : "mod-" + slug;
  }
  std::vector<std::string> modulesOf(std::string_view, const std::string&) override {
    return interfaceModules;
  }
  void callBegins(std::string_view, const std::string&) override { ++begun; }
  void callEnded(std::string_view, const std::string&) override { ++ended; }

  std::vector<std::pair<std::string, std::string>> statuses;
  std::vector<std::string> triggers;
  std::vector<std::string> interfaceModules;
  std::optional<Error> refusal;
  int begun = 0;
  int ended = 0;
};

}  // namespace busbar::triggers
