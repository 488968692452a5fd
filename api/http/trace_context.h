// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busbar::http {

// W3C Trace Context, version 00. Lower-case hex text as it stands in logs and in `traceparent`.
struct TraceContext {
  std::array<char, 32> traceId{};  // not all zero
  std::array<char, 16> spanId{};   // of the caller, or fresh when we began the trace
  bool sampled = false;

  std::string_view traceIdText() const { return {traceId.data(), traceId.size()}; }
  std::string_view spanIdText() const { return {spanId.data(), spanId.size()}; }
  // "00-<trace id>-<span id>-0x"
  std::string toHeader() const;
  bool operator==(const TraceContext&) const = default;
};

// Strict: version ff, upper case, zero ids and wrong lengths are refused; a higher version may
// carry more after the flags (Trace Context 1, section 3.2).
std::optional<TraceContext> parseTraceparent(std::string_view text);

// Makes ids. Not for secrets: seeded once from the kernel, then xoshiro256**. Thread-compatible.
class TraceIds {
 public:
  TraceIds();
  TraceContext begin();                   // a new trace
  void freshSpan(TraceContext& context);  // the same trace, our own span

 private:
  uint64_t next();
  std::array<uint64_t, 4> state_{};
};

}  // namespace busbar::http
