// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "registry/model/records.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"

namespace busbar::model {

// Fills the span with random bytes fit for keys.
using RandomBytes = Callback<void(std::span<uint8_t>)>;

// The kernel's generator (man 2 getrandom). Aborts when the kernel has none.
void systemRandom(std::span<uint8_t> out);

// Makes row ids: the prefix of the table and a ULID (48 bits of UTC milliseconds, 80 random bits)
// in 26 characters of Crockford's base 32, upper case: "mod-01J9ZQ4X0N8R2T6V3C5B7D9F1G". Ids of one
// generator rise strictly, also within a millisecond and when the clock is set back, so they sort
// by creation. Thread-compatible.
class IdGenerator {
 public:
  explicit IdGenerator(const Clock& clock, RandomBytes random = &systemRandom)
      : clock_(clock), random_(std::move(random)) {}

  std::string next(Table table);
  // The 26 characters alone, under any other prefix.
  std::string nextUlid();

 private:
  const Clock& clock_;
  RandomBytes random_;
  uint64_t lastMs_ = 0;
  std::array<uint8_t, 10> tail_{};
};

// True if `text` has the form of an id of `table`. Says nothing of whether the row exists.
bool isId(Table table, std::string_view text);

}  // namespace busbar::model
