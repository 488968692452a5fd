// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/syscall.h>

// A system call without errno: answers -errnum. For code that shares its memory and its
// thread-local storage with another process.
namespace busbar::sandbox {

inline long rawSyscall6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory", "cc");
  return x0;
#else
#error "rawSyscall6 knows x86-64 and AArch64"
#endif
}

inline long asLong(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}
inline long asLong(long value) {
  return value;
}

template <class... Args>
long rawSyscall(long number, Args... args) {
  static_assert(sizeof...(Args) <= 6);
  const long values[7] = {asLong(args)..., 0};
  long a[6] = {};
  for (unsigned i = 0; i < sizeof...(Args); ++i) {
    a[i] = values[i];
  }
  return rawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // namespace busbar::sandbox
