/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A library for LD_PRELOAD under which the time of day is CLOCK_SHIFT_S seconds later (or, when it
 * is negative, earlier) than it is. Clocks that measure are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

typedef int clock_gettime_fn(clockid_t, struct timespec*);

static clock_gettime_fn* next;
static time_t shift_s;

__attribute__((constructor)) static void begin(void) {
  const char* text = getenv("CLOCK_SHIFT_S");
  *(void**)&next = dlsym(RTLD_NEXT, "clock_gettime");
  shift_s = text != NULL ? (time_t)strtoll(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  if (next == NULL) { /* another constructor came first */
    begin();
  }
  if (next == NULL) {
    errno = ENOSYS;
    return -1;
  }
  const int done = next(clock, now);
  if (done == 0 && clock == CLOCK_REALTIME) {
    now->tv_sec += shift_s;
  }
  return done;
}
