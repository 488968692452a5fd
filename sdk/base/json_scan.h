// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __SSE2__  // on every x86-64; elsewhere a byte at a time
#include <immintrin.h>
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

inline const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

// A bit for each of 32 bytes that is a stop.
__attribute__((target("avx2"))) inline unsigned stopsOf32(const char* at) {
  __m256i block;
  std::memcpy(&block, at, sizeof block);
  const __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), block);
  const __m256i quote = _mm256_cmpeq_epi8(block, _mm256_set1_epi8('"'));
  const __m256i escape = _mm256_cmpeq_epi8(block, _mm256_set1_epi8('\\'));
  const __m256i any = _mm256_or_si256(low, _mm256_or_si256(quote, escape));
  return static_cast<unsigned>(_mm256_movemask_epi8(any));
}

// Passes over blocks of 64 bytes in which there is no stop.
__attribute__((target("avx2"))) inline const char* passBlocks(const char* at, const char* end) {
  while (end - at >= 64 && (stopsOf32(at) | stopsOf32(at + 32)) == 0) {
    at += 64;
  }
  return at;
}
#endif

// The first stop in [at, end), or end.
inline const char* findStop(const char* at, const char* end) {
#ifdef __SSE2__
  const char* const first = at;
  if (end - at >= 64 && kHasAvx2) {
    at = passBlocks(at, end);
  }
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
