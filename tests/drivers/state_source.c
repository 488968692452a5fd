/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Publishes as fast as it may: run with {"updates":N} sets k0, k1, … k2499, k0, … in turn, N times
 * in all, each to the number of updates of this module before. Run again adds to what is left; 0
 * stops. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

enum { KEYS = 2500, BATCH = 100, BATCHES_PER_EVENT = 20 };

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  int64_t done;
  int64_t left;
  char keys[KEYS][8];
};

static busbar_status create(const busbar_host* host, busbar_instance* instance,
                            const busbar_create_info* info, busbar_state** state) {
  (void)info;
  busbar_state* s = calloc(1, sizeof *s);
  if (s == NULL) {
    return BUSBAR_E_INTERNAL;
  }
  s->host = host;
  s->instance = instance;
  for (int i = 0; i < KEYS; ++i) {
    snprintf(s->keys[i], sizeof s->keys[i], "k%d", i);
  }
  *state = s;
  return BUSBAR_OK;
}

static void destroy(busbar_state* s) {
  free(s);
}

static busbar_status start(busbar_state* s) {
  (void)s;
  return BUSBAR_OK;
}

static busbar_status stop(busbar_state* s, const busbar_stop_info* info) {
  (void)s;
  (void)info;
  return BUSBAR_OK;
}

static busbar_status publish(busbar_state* s) {
  busbar_point points[BATCH];
  memset(points, 0, sizeof points);
  const uint32_t count = s->left < BATCH ? (uint32_t)s->left : BATCH;
  for (uint32_t i = 0; i < count; ++i) {
    const char* key = s->keys[(s->done + i) % KEYS];
    points[i].struct_size = sizeof points[i];
    points[i].key.ptr = key;
    points[i].key.len = strlen(key);
    points[i].value.type = BUSBAR_V_INT;
    points[i].value.u.i = s->done + i;
  }
  const busbar_status status = s->host->status_set(s->instance, points, count, sizeof points[0]);
  if (status >= 0) {
    s->done += count;
    s->left -= count;
  }
  return status;
}

static void again(busbar_state* s, int64_t first_ns) {
  busbar_timer timer;
  memset(&timer, 0, sizeof timer);
  timer.struct_size = sizeof timer;
  timer.token = 1;
  timer.first_ns = first_ns;
  (void)s->host->timer(s->instance, &timer);
}

/* The channel being full is no fault: what is left goes later. */
static void event(busbar_state* s, const busbar_event* in) {
  (void)in;
  busbar_status status = BUSBAR_OK;
  for (int i = 0; i < BATCHES_PER_EVENT && s->left > 0 && status >= 0; ++i) {
    status = publish(s);
  }
  if (s->left > 0) {
    again(s, status < 0 ? 1000000 : 0);
  }
}

static busbar_status execute(busbar_state* s, const busbar_call* call) {
  char text[64];
  busbar_completion done;
  const size_t length = call->args.len < sizeof text - 1 ? call->args.len : sizeof text - 1;
  memset(text, 0, sizeof text);
  memcpy(text, call->args.ptr, length);
  const char* digits = strpbrk(text, "0123456789");
  const int64_t updates = digits == NULL ? 0 : strtoll(digits, NULL, 10);
  s->left = updates == 0 ? 0 : s->left + updates;
  snprintf(text, sizeof text, "%lld", (long long)(s->done + s->left));
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call->call_id;
  done.result.ptr = (const uint8_t*)text;
  done.result.len = strlen(text);
  (void)s->host->complete(s->instance, &done);
  again(s, 0);
  return BUSBAR_OK;
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table = {.struct_size = sizeof table,
                                .abi_minor = BUSBAR_TARGET_MINOR,
                                .create = create,
                                .start = start,
                                .stop = stop,
                                .destroy = destroy,
                                .execute = execute,
                                .event = event};
  (void)host_minor;
  (void)host_flags;
  table.manifest = busbar_manifest();
  return &table;
}
