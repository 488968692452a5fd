// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <busbar/driver.h>

namespace busbar::runner {

class Instance;

// The live instances by the host's number and by the handle that drivers hold. A handle is a slot
// and a generation, never an address: one that a driver kept too long finds nothing. Changed on the
// loop with the process's mutex held; find() wants the mutex on other threads.
class InstanceTable {
 public:
  InstanceTable();
  InstanceTable(const InstanceTable&) = delete;
  InstanceTable& operator=(const InstanceTable&) = delete;
  ~InstanceTable();

  // Reserves a slot for `number`; nullptr when the number is taken.
  busbar_instance* reserve(uint32_t number);
  void put(busbar_instance* handle, std::unique_ptr<Instance> instance);
  // Frees the slot; its handle is void from now on.
  std::unique_ptr<Instance> take(uint32_t number);

  Instance* find(uint32_t number) const;
  Instance* find(const busbar_instance* handle) const;
  size_t size() const { return slotOf_.size(); }

 private:
  struct Slot {
    uint64_t generation = 1;
    std::unique_ptr<Instance> instance;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::unordered_map<uint32_t, uint32_t> slotOf_;
};

}  // namespace busbar::runner
