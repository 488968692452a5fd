// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace busbar::sandbox {

// User ids first .. first + count - 1 that runners may get. A plain value.
struct UidRange {
  uid_t first = 2'000'000'000;
  uint32_t count = 10'000;
};

// `wanted` when all of it exists in this user namespace (text of /proc/self/uid_map), else the
// upper part of the largest range there is, never including id 0.
UidRange fitUids(UidRange wanted, std::string_view uidMap);
UidRange usableUids(UidRange wanted);  // with /proc/self/uid_map

// Hands out ids; a released one comes back last. Thread-compatible.
class UidPool {
 public:
  explicit UidPool(UidRange range) : range_(range), used_(range.count, false) {}
  std::optional<uid_t> take();
  void release(uid_t uid);

 private:
  UidRange range_;
  std::vector<bool> used_;
  uint32_t next_ = 0;
};

}  // namespace busbar::sandbox
