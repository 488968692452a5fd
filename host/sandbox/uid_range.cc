// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/uid_range.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "host/sandbox/small_file.h"

namespace busbar::sandbox {

UidRange fitUids(UidRange wanted, std::string_view uidMap) {
  std::istringstream lines{std::string(uidMap)};
  uint64_t bestFirst = 0;
  uint64_t bestCount = 0;
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t length = 0;
  while (lines >> inside >> outside >> length) {
    if (wanted.first >= inside && uint64_t{wanted.first} + wanted.count <= inside + length) {
      return wanted;
    }
    if (length > bestCount) {
      bestFirst = inside;
      bestCount = length;
    }
  }
  const uint64_t usable = bestFirst == 0 && bestCount > 0 ? bestCount - 1 : bestCount;
  const auto count = static_cast<uint32_t>(std::min<uint64_t>(usable / 2, wanted.count));
  return {static_cast<uid_t>(bestFirst + bestCount - count), count};
}

UidRange usableUids(UidRange wanted) {
  return fitUids(wanted, readSmallFile("/proc/self/uid_map").value_or(std::string()));
}

std::optional<uid_t> UidPool::take() {
  for (uint32_t tried = 0; tried < range_.count; ++tried) {
    const uint32_t index = next_;
    next_ = (next_ + 1) % range_.count;
    if (!used_[index]) {
      used_[index] = true;
      return range_.first + index;
    }
  }
  return std::nullopt;
}

void UidPool::release(uid_t uid) {
  if (uid >= range_.first && uid - range_.first < range_.count) {
    used_[uid - range_.first] = false;
  }
}

}  // namespace busbar::sandbox
