// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/layers.h"

#include <array>

namespace busbar::sandbox {

std::string_view toString(Layer layer) {
  constexpr std::array<std::string_view, kLayerCount> kNames = {
      "own_uid",      "user_ns",      "mount_ns",     "pid_ns",   "ipc_ns",      "uts_ns",
      "net_ns",       "cgroup_ns",    "close_fds",    "rlimits",  "cgroup",      "capabilities",
      "no_new_privs", "parent_death", "not_dumpable", "landlock", "wide_filter", "tight_filter"};
  return kNames.at(static_cast<size_t>(layer));
}

}  // namespace busbar::sandbox
