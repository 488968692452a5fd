/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A sample of the corpus: process_init, timer, post from an own thread, stop with PENDING, every
 * scalar type of status, log with fields, progress, clocks. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

#define TOKEN_TICK 1u
#define TOKEN_POST 2u
#define TOKEN_STOP 3u

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  int64_t total;
  busbar_id open_call;
  pthread_t worker;
  int has_worker;
};

static const busbar_host* process_host;

static busbar_status counter_process_init(const busbar_host* host) {
  process_host = host;
  return BUSBAR_HAS(host, extension) ? BUSBAR_OK : BUSBAR_E_UNSUPPORTED;
}

static busbar_str text(const char* literal) {
  const busbar_str made = {literal, strlen(literal)};
  return made;
}

static busbar_status counter_create(const busbar_host* host, busbar_instance* instance,
                                    const busbar_create_info* info, busbar_state** state) {
  if (host != process_host || info->module_id.len == 0 || info->settings.len == 0) {
    return BUSBAR_E_INVALID;
  }
  *state = calloc(1, sizeof(**state));
  if (*state == NULL) {
    return BUSBAR_E_INTERNAL;
  }
  (*state)->host = host;
  (*state)->instance = instance;
  return host->extension(instance, "busbar.absent/1") == NULL ? BUSBAR_OK : BUSBAR_E_INTERNAL;
}

static busbar_status counter_start(busbar_state* state) {
  static const char kFields[] = "{\"phase\":\"start\"}";
  busbar_log_record record = {.struct_size = sizeof(record), .level = BUSBAR_LOG_INFO};
  record.message = text("counting begins");
  record.fields.ptr = (const uint8_t*)kFields;
  record.fields.len = sizeof(kFields) - 1;
  state->host->log(state->instance, &record);
  return BUSBAR_OK;
}

static busbar_status publish(busbar_state* state) {
  busbar_point points[4];
  memset(points, 0, sizeof(points));
  for (int i = 0; i < 4; i++) {
    points[i].struct_size = sizeof(points[i]);
  }
  points[0].key = text("total");
  points[0].value.type = BUSBAR_V_INT;
  points[0].value.u.i = state->total;
  points[1].key = text("half");
  points[1].value.type = BUSBAR_V_DOUBLE;
  points[1].value.u.d = (double)state->total / 2;
  points[2].key = text("label");
  points[2].value.type = BUSBAR_V_STR;
  points[2].value.u.s = text("counted");
  points[3].key = text("even");
  points[3].value.type = BUSBAR_V_BOOL;
  points[3].value.u.i = state->total % 2 == 0;
  points[3].time_ns = state->host->time_ns(state->instance, BUSBAR_CLOCK_UTC);
  return state->host->status_set(state->instance, points, 4, sizeof(points[0]));
}

static void* work(void* argument) {
  busbar_state* state = argument;
  const busbar_bytes bytes = {(const uint8_t*)"\x01", 1};
  (void)state->host->post(state->instance, TOKEN_POST, bytes);
  return NULL;
}

static busbar_status finish(busbar_state* state, busbar_id call, const char* result) {
  busbar_completion completion = {.struct_size = sizeof(completion), .call_id = call};
  completion.result.ptr = (const uint8_t*)result;
  completion.result.len = strlen(result);
  return state->host->complete(state->instance, &completion);
}

static int is(const busbar_call* call, const char* name) {
  return call->function.len == strlen(name) && memcmp(call->function.ptr, name, strlen(name)) == 0;
}

static busbar_status counter_execute(busbar_state* state, const busbar_call* call) {
  if (is(call, "tick")) {
    if (state->open_call != 0) {
      return BUSBAR_E_AGAIN;
    }
    busbar_timer timer = {.struct_size = sizeof(timer), .token = TOKEN_TICK, .first_ns = 1000000};
    const busbar_status status = state->host->timer(state->instance, &timer);
    if (status < 0) {
      return status;
    }
    state->open_call = call->call_id;
    return BUSBAR_PENDING;
  }
  if (is(call, "total")) {
    char number[32];
    (void)snprintf(number, sizeof(number), "%lld", (long long)state->total);
    return finish(state, call->call_id, number);
  }
  if (is(call, "clock")) {
    const int64_t now = state->host->time_ns(state->instance, BUSBAR_CLOCK_BOOT);
    return finish(state, call->call_id, now > 0 && now < call->deadline_ns ? "true" : "false");
  }
  return BUSBAR_E_NOTFOUND;
}

static void counter_event(busbar_state* state, const busbar_event* event) {
  if (event->type == BUSBAR_EV_TIMER && event->token == TOKEN_TICK) {
    static const char kProgress[] = "{\"percent\":50}";
    busbar_doc doc = {(const uint8_t*)kProgress, sizeof(kProgress) - 1, BUSBAR_ENC_JSON, 0};
    (void)state->host->progress(state->instance, state->open_call, &doc);
    if (state->has_worker) {
      (void)pthread_join(state->worker, NULL);
    }
    state->has_worker = pthread_create(&state->worker, NULL, work, state) == 0;
  } else if (event->type == BUSBAR_EV_POST && event->token == TOKEN_POST && event->bytes.len == 1) {
    state->total += event->bytes.ptr[0];
    (void)publish(state);
    (void)finish(state, state->open_call, "null");
    state->open_call = 0;
  } else if (event->type == BUSBAR_EV_TIMER && event->token == TOKEN_STOP) {
    (void)state->host->stop_done(state->instance, BUSBAR_OK);
  }
}

static busbar_status counter_stop(busbar_state* state, const busbar_stop_info* info) {
  busbar_timer timer = {.struct_size = sizeof(timer), .token = TOKEN_STOP, .first_ns = 1000000};
  if (info->deadline_ns == 0) {
    return BUSBAR_E_INVALID;
  }
  if (state->has_worker) {
    (void)pthread_join(state->worker, NULL);
    state->has_worker = 0;
  }
  return state->host->timer(state->instance, &timer) < 0 ? BUSBAR_OK : BUSBAR_PENDING;
}

static void counter_destroy(busbar_state* state) {
  free(state);
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver driver = {.struct_size = sizeof(busbar_driver),
                                 .abi_minor = BUSBAR_TARGET_MINOR,
                                 .process_init = counter_process_init,
                                 .create = counter_create,
                                 .start = counter_start,
                                 .stop = counter_stop,
                                 .destroy = counter_destroy,
                                 .execute = counter_execute,
                                 .event = counter_event};
  (void)host_minor;
  (void)host_flags;
  driver.manifest = busbar_manifest();
  return &driver;
}
