// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/ids.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "sdk/base/result.h"

namespace busbar::model {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32
constexpr size_t kUlidLength = 26;
constexpr uint64_t kMaxMs = (uint64_t{1} << 48) - 1;

// Adds one to a big-endian number. False when it wraps to zero.
bool increment(std::array<uint8_t, 10>& number) {
  for (size_t i = number.size(); i-- > 0;) {
    if (++number[i] != 0) {
      return true;
    }
  }
  return false;
}

std::string encode(uint64_t ms, const std::array<uint8_t, 10>& tail) {
  std::string out(kUlidLength, '0');
  for (size_t i = 10; i-- > 0; ms >>= 5) {
    out[i] = kAlphabet[ms & 31];
  }
  // 80 bits are 16 groups of 5: two runs of 5 bytes into 8 characters.
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 5; ++i) {
      bits = bits << 8 | tail[half * 5 + i];
    }
    for (size_t i = 8; i-- > 0; bits >>= 5) {
      out[10 + half * 8 + i] = kAlphabet[bits & 31];
    }
  }
  return out;
}

}  // namespace

void systemRandom(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    BUSBAR_CHECK(got > 0 || errno == EINTR);
    if (got > 0) {
      out = out.subspan(static_cast<size_t>(got));
    }
  }
}

std::string IdGenerator::nextUlid() {
  const int64_t utcMs = clock_.utcNs() / 1'000'000;
  const uint64_t now = std::min(kMaxMs, static_cast<uint64_t>(std::max<int64_t>(0, utcMs)));
  if (now > lastMs_) {
    lastMs_ = now;
    random_(tail_);
  } else if (!increment(tail_)) {
    ++lastMs_;  // 2^80 ids in one millisecond, or a random tail of all ones
  }
  return encode(lastMs_, tail_);
}

std::string IdGenerator::next(Table table) {
  return std::string(idPrefix(table)) + nextUlid();
}

bool isId(Table table, std::string_view text) {
  const std::string_view prefix = idPrefix(table);
  if (!text.starts_with(prefix) || text.size() != prefix.size() + kUlidLength) {
    return false;
  }
  const std::string_view ulid = text.substr(prefix.size());
  // 26 characters hold 130 bits; the first may only use three of its five.
  return ulid[0] <= '7' && ulid.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace busbar::model
