// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/instance_table.h"

#include "host/runner/instance.h"

namespace busbar::runner {
namespace {

constexpr unsigned kSlotBits = 24;
constexpr unsigned kAlignBits = 4;  // drivers may expect an opaque pointer to look aligned

busbar_instance* toHandle(uint64_t generation, uint32_t slot) {
  // Not an address: nothing dereferences it.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<busbar_instance*>(((generation << kSlotBits) | slot) << kAlignBits);
}

uint32_t slotOf(const busbar_instance* handle) {
  return static_cast<uint32_t>((reinterpret_cast<uintptr_t>(handle) >> kAlignBits) &
                               ((1U << kSlotBits) - 1));
}

}  // namespace

InstanceTable::InstanceTable() = default;
InstanceTable::~InstanceTable() = default;

busbar_instance* InstanceTable::reserve(uint32_t number) {
  if (slotOf_.find(number) != slotOf_.end() || slots_.size() >> kSlotBits != 0) {
    return nullptr;
  }
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t slot = free_.back();
  free_.pop_back();
  slotOf_.emplace(number, slot);
  return toHandle(slots_[slot].generation, slot);
}

void InstanceTable::put(busbar_instance* handle, std::unique_ptr<Instance> instance) {
  slots_[runner::slotOf(handle)].instance = std::move(instance);
}

std::unique_ptr<Instance> InstanceTable::take(uint32_t number) {
  const auto it = slotOf_.find(number);
  if (it == slotOf_.end()) {
    return nullptr;
  }
  Slot& slot = slots_[it->second];
  ++slot.generation;
  free_.push_back(it->second);
  slotOf_.erase(it);
  return std::move(slot.instance);
}

Instance* InstanceTable::find(uint32_t number) const {
  const auto it = slotOf_.find(number);
  return it == slotOf_.end() ? nullptr : slots_[it->second].instance.get();
}

Instance* InstanceTable::find(const busbar_instance* handle) const {
  const uint32_t slot = runner::slotOf(handle);
  if (slot >= slots_.size() || toHandle(slots_[slot].generation, slot) != handle) {
    return nullptr;
  }
  return slots_[slot].instance.get();
}

}  // namespace busbar::runner
