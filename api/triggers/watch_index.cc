// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/watch_index.h"

#include <algorithm>

namespace busbar::triggers {

const std::vector<WatchIndex::Watcher>* WatchIndex::Module::find(std::string_view status) const {
  const auto it = statuses_.find(status);
  return it == statuses_.end() ? nullptr : &it->second;
}

void WatchIndex::add(Instance& instance, const Binding& binding) {
  for (uint32_t i = 0; i < binding.watches.size(); ++i) {
    const Watch& watch = binding.watches[i];
    modules_[watch.moduleId].statuses_[watch.status].push_back({&instance, i});
  }
}

void WatchIndex::remove(Instance& instance, const Binding& binding) {
  for (const Watch& watch : binding.watches) {
    const auto mod = modules_.find(watch.moduleId);
    if (mod == modules_.end()) {
      continue;
    }
    const auto status = mod->second.statuses_.find(watch.status);
    if (status == mod->second.statuses_.end()) {
      continue;
    }
    std::erase_if(status->second, [&](const Watcher& w) { return w.instance == &instance; });
    if (status->second.empty()) {
      mod->second.statuses_.erase(status);
    }
    if (mod->second.statuses_.empty()) {
      modules_.erase(mod);
    }
  }
}

WatchIndex::Module* WatchIndex::find(std::string_view moduleId) {
  const auto it = modules_.find(moduleId);
  return it == modules_.end() ? nullptr : &it->second;
}

std::vector<std::string> WatchIndex::statusesOf(std::string_view moduleId) const {
  std::vector<std::string> out;
  if (const auto it = modules_.find(moduleId); it != modules_.end()) {
    for (const auto& [status, watchers] : it->second.statuses_) {
      out.push_back(status);
    }
  }
  return out;
}

}  // namespace busbar::triggers
