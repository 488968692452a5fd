// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace busbar::sandbox {

// One wall around a runner, in the order in which it is built. The last four are raised inside the
// runner by enter.h, all others by the spawner before exec.
enum class Layer : uint8_t {
  OwnUid,   // a uid and gid of its own (only when busbard runs as root)
  UserNs,   // user namespace; without it no other namespace for an ordinary user
  MountNs,  // mount namespace and a read-only root
  PidNs,
  IpcNs,
  UtsNs,
  NetNs,
  CgroupNs,
  CloseFds,  // close_range
  Rlimits,
  Cgroup,        // memory, pids, cpu
  Capabilities,  // all dropped, bounding set too
  NoNewPrivs,
  ParentDeath,  // PDEATHSIG
  NotDumpable,
  Landlock,
  WideFilter,   // seccomp, from before dlopen
  TightFilter,  // seccomp, from before the driver's entry
};
constexpr int kLayerCount = 18;

// Stable lower_snake name, "mount_ns".
std::string_view toString(Layer layer);

// A set of layers. A plain value.
class LayerSet {
 public:
  constexpr LayerSet() = default;
  constexpr LayerSet(std::initializer_list<Layer> layers) {
    for (const Layer layer : layers) {
      add(layer);
    }
  }
  static constexpr LayerSet all() {
    LayerSet set;
    set.bits_ = (1U << kLayerCount) - 1;
    return set;
  }
  constexpr bool has(Layer layer) const { return (bits_ & bit(layer)) != 0; }
  constexpr void add(Layer layer) { bits_ |= bit(layer); }
  constexpr void remove(Layer layer) { bits_ &= ~bit(layer); }
  constexpr bool operator==(const LayerSet&) const = default;

 private:
  static constexpr uint32_t bit(Layer layer) { return 1U << static_cast<uint8_t>(layer); }
  uint32_t bits_ = 0;
};

}  // namespace busbar::sandbox
