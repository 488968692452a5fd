/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Arms timers and schedules, and says how late each was. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

#define MAX_TIMERS 600

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  const busbar_schedule* schedule;
  int64_t due_ns[MAX_TIMERS]; /* of token - 1 */
  uint32_t clock[MAX_TIMERS];
  int64_t late_us[MAX_TIMERS];
  size_t armed;
  size_t fired;
  unsigned seed;
};

static int64_t number_arg(const busbar_doc* args, const char* name) {
  char key[64];
  char digits[32] = "0";
  const int length = snprintf(key, sizeof key, "\"%s\":", name);
  const char* at = args->ptr == NULL ? NULL : memmem(args->ptr, args->len, key, (size_t)length);
  if (at != NULL) {
    const size_t left = (size_t)((const char*)args->ptr + args->len - at) - (size_t)length;
    const size_t n = left < sizeof digits - 1 ? left : sizeof digits - 1;
    memcpy(digits, at + length, n);
    digits[n] = '\0';
  }
  return strtoll(digits, NULL, 10);
}

static busbar_str text_arg(const busbar_doc* args, const char* name) {
  char key[64];
  busbar_str text = {NULL, 0};
  const int length = snprintf(key, sizeof key, "\"%s\":\"", name);
  const char* at = args->ptr == NULL ? NULL : memmem(args->ptr, args->len, key, (size_t)length);
  if (at != NULL) {
    text.ptr = at + length;
    const char* end =
        memchr(text.ptr, '"', (size_t)((const char*)args->ptr + args->len - text.ptr));
    text.len = end != NULL ? (size_t)(end - text.ptr) : 0;
  }
  return text;
}

static void answer(busbar_state* s, busbar_id call, busbar_status status, const char* json) {
  busbar_completion done;
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call;
  done.status = status;
  done.result.ptr = (const uint8_t*)json;
  done.result.len = strlen(json);
  (void)s->host->complete(s->instance, &done);
}

static int64_t spread(busbar_state* s, const busbar_doc* args) {
  const int64_t span_ns = number_arg(args, "span_ms") * 1000000;
  s->seed = s->seed * 1103515245u + 12345u;
  return number_arg(args, "from_ms") * 1000000 +
         (int64_t)((double)span_ns * (s->seed / 4294967296.0));
}

static busbar_status arm_timer(busbar_state* s, int64_t wait_ns) {
  busbar_timer timer;
  memset(&timer, 0, sizeof timer);
  timer.struct_size = sizeof timer;
  timer.token = s->armed + 1;
  timer.first_ns = wait_ns;
  s->clock[s->armed] = BUSBAR_CLOCK_BOOT;
  s->due_ns[s->armed++] = s->host->time_ns(s->instance, BUSBAR_CLOCK_BOOT) + wait_ns;
  return s->host->timer(s->instance, &timer);
}

static busbar_status arm_schedule(busbar_state* s, busbar_str cron, int64_t due_ns) {
  busbar_schedule_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.token = s->armed + 1;
  request.cron = cron;
  request.at_ns = due_ns;
  s->clock[s->armed] = BUSBAR_CLOCK_UTC;
  s->due_ns[s->armed++] = due_ns;
  return s->schedule->set(s->instance, &request);
}

static void arm(busbar_state* s, const busbar_call* call) {
  const busbar_doc* args = &call->args;
  const int64_t timers = number_arg(args, "timers");
  const int64_t moments = number_arg(args, "moments");
  const int64_t crons = number_arg(args, "crons");
  const busbar_str none = {NULL, 0};
  busbar_status status = BUSBAR_OK;
  s->armed = 0;
  s->fired = 0;
  for (int64_t n = 0; n < timers && status == BUSBAR_OK; ++n) {
    status = arm_timer(s, spread(s, args));
  }
  for (int64_t n = 0; n < moments && status == BUSBAR_OK; ++n) {
    status =
        arm_schedule(s, none, s->host->time_ns(s->instance, BUSBAR_CLOCK_UTC) + spread(s, args));
  }
  for (int64_t n = 0; n < crons && status == BUSBAR_OK; ++n) {
    status = arm_schedule(s, text_arg(args, "cron"), number_arg(args, "due_ns"));
  }
  answer(s, call->call_id, status, "null");
}

static busbar_status source_execute(busbar_state* s, const busbar_call* call) {
  char json[MAX_TIMERS * 12 + 8] = "[";
  size_t length = 1;
  if (call->function.len == 3) {
    arm(s, call);
    return BUSBAR_OK;
  }
  for (size_t n = 0; n < s->fired; ++n) {
    length += (size_t)snprintf(json + length, sizeof json - length, "%s%lld", n > 0 ? "," : "",
                               (long long)s->late_us[n]);
  }
  snprintf(json + length, sizeof json - length, "]");
  answer(s, call->call_id, BUSBAR_OK, json);
  return BUSBAR_OK;
}

static void source_event(busbar_state* s, const busbar_event* event) {
  if (event->type == BUSBAR_EV_TIMER && event->status >= 0 && event->token - 1 < s->armed &&
      s->fired < MAX_TIMERS) {
    const int64_t now = s->host->time_ns(s->instance, s->clock[event->token - 1]);
    s->late_us[s->fired++] = (now - s->due_ns[event->token - 1]) / 1000;
  }
}

static busbar_status source_create(const busbar_host* host, busbar_instance* instance,
                                   const busbar_create_info* info, busbar_state** state) {
  busbar_state* s = calloc(1, sizeof *s);
  s->host = host;
  s->instance = instance;
  s->schedule = host->extension(instance, "busbar.schedule/1");
  for (size_t n = 0; n < info->module_id.len; ++n) {
    s->seed = s->seed * 31u + (unsigned char)info->module_id.ptr[n];
  }
  *state = s;
  return s->schedule != NULL ? BUSBAR_OK : BUSBAR_E_DENIED;
}

static busbar_status source_start(busbar_state* s) {
  (void)s;
  return BUSBAR_OK;
}

static busbar_status source_stop(busbar_state* s, const busbar_stop_info* info) {
  (void)s;
  (void)info;
  return BUSBAR_OK;
}

static void source_destroy(busbar_state* s) {
  free(s);
}

BUSBAR_EXPORT const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table;
  (void)host_flags;
  if (host_minor < BUSBAR_TARGET_MINOR) {
    return NULL;
  }
  table.struct_size = sizeof table;
  table.abi_minor = BUSBAR_TARGET_MINOR;
  table.manifest = busbar_manifest();
  table.create = source_create;
  table.start = source_start;
  table.stop = source_stop;
  table.destroy = source_destroy;
  table.execute = source_execute;
  table.event = source_event;
  return &table;
}
