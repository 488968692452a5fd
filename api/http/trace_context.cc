// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/trace_context.h"

#include <sys/random.h>

#include <algorithm>
#include <bit>

#include "sdk/base/result.h"

namespace busbar::http {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool isLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool isZero(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

void writeHex(uint64_t value, char* out) {
  for (int i = 15; i >= 0; --i) {
    out[i] = kHex[value & 0xf];
    value >>= 4;
  }
}

}  // namespace

std::string TraceContext::toHeader() const {
  std::string out = "00-";
  out.append(traceIdText()).append("-").append(spanIdText()).append(sampled ? "-01" : "-00");
  return out;
}

std::optional<TraceContext> parseTraceparent(std::string_view text) {
  constexpr size_t kLength = 55;
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = text.substr(0, 2);
  const std::string_view traceId = text.substr(3, 32);
  const std::string_view spanId = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!isLowerHex(version) || version == "ff" || !isLowerHex(traceId) || isZero(traceId) ||
      !isLowerHex(spanId) || isZero(spanId) || !isLowerHex(flags)) {
    return std::nullopt;
  }
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) {
    return std::nullopt;
  }
  TraceContext context;
  std::copy(traceId.begin(), traceId.end(), context.traceId.begin());
  std::copy(spanId.begin(), spanId.end(), context.spanId.begin());
  context.sampled = (kHex.find(flags[1]) & 1) != 0;
  return context;
}

TraceIds::TraceIds() {
  const ssize_t n = getrandom(state_.data(), sizeof state_, 0);
  BUSBAR_CHECK(n == static_cast<ssize_t>(sizeof state_));  // never short below 256 bytes
}

TraceContext TraceIds::begin() {
  TraceContext context;
  writeHex(next() | 1, context.traceId.data());
  writeHex(next(), context.traceId.data() + 16);
  writeHex(next() | 1, context.spanId.data());
  context.sampled = true;
  return context;
}

void TraceIds::freshSpan(TraceContext& context) {
  writeHex(next() | 1, context.spanId.data());
}

// xoshiro256** (Blackman and Vigna, 2018).
uint64_t TraceIds::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace busbar::http
