// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// How strings in JSON text are passed over quickly. Private to sdk/base.
namespace busbar::json {

// True of a byte that a plain run within a string ends at: a quote, a backslash, a control, or one
// of a character beyond ASCII.
inline bool isStop(char c) {
  return static_cast<signed char>(c) < 0x20 || c == '"' || c == '\\';
}

#ifdef __SSE2__
// A bit for each of 16 bytes that is a stop.
inline unsigned stopsOf(const char* at) {
  __m128i block;
  std::memcpy(&block, at, sizeof block);
  // Signed: bytes from 0x80 on are below 0x20 too.
  const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
  const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
  const __m128i escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, escape))));
}
#endif

// The first stop in [at, end), or end.
inline const char* findStop(const char* at, const char* end) {
#ifdef __SSE2__  // on every x86-64; elsewhere a byte at a time
  const char* const first = at;
  for (; end - at >= 32; at += 32) {
    if (const unsigned stops = stopsOf(at) | stopsOf(at + 16) << 16U; stops != 0) {
      return at + std::countr_zero(stops);
    }
  }
  if (end - at >= 16) {
    if (const unsigned stops = stopsOf(at); stops != 0) {
      return at + std::countr_zero(stops);
    }
    at += 16;
  }
  if (end - first >= 16) {  // the last block once more, without what is known of it
    const auto known = static_cast<unsigned>(16 - (end - at));
    const unsigned stops = stopsOf(end - 16) >> known;
    return stops != 0 ? at + std::countr_zero(stops) : end;
  }
#endif
  while (at != end && !isStop(*at)) {
    ++at;
  }
  return at;
}

}  // namespace busbar::json
