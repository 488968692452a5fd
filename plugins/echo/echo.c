/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* The smallest driver: no device, no state but a status that someone set. */
#include <stdlib.h>
#include <string.h>

#include "args.h"

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
};

static busbar_status echo_create(const busbar_host* host, busbar_instance* instance,
                                 const busbar_create_info* info, busbar_state** state) {
  (void)info;
  *state = malloc(sizeof(**state));
  if (*state == NULL) {
    return BUSBAR_E_INTERNAL;
  }
  (*state)->host = host;
  (*state)->instance = instance;
  return BUSBAR_OK;
}

static void echo_destroy(busbar_state* state) {
  free(state);
}

static busbar_status echo_start(busbar_state* state) {
  (void)state;
  return BUSBAR_OK;
}

static busbar_status echo_stop(busbar_state* state, const busbar_stop_info* info) {
  (void)state;
  (void)info;
  return BUSBAR_OK;
}

/* Nothing depends on the settings. */
static busbar_status echo_on_settings(busbar_state* state, const busbar_settings* settings) {
  (void)state;
  (void)settings;
  return BUSBAR_OK;
}

static busbar_status finish(busbar_state* state, busbar_id call_id, busbar_status status,
                            busbar_doc result, const busbar_error* error) {
  const busbar_completion completion = {.struct_size = sizeof(completion),
                                        .status = status,
                                        .call_id = call_id,
                                        .result = result,
                                        .error = error};
  (void)state->host->complete(state->instance, &completion);
  return BUSBAR_OK;
}

static const busbar_doc kNothing = {NULL, 0, BUSBAR_ENC_JSON, 0};

static busbar_status set(busbar_state* state, const busbar_call* call) {
  char key[128];
  const int64_t length = args_string(args_find(call->args, "key"), key, sizeof(key));
  const busbar_doc value = args_find(call->args, "value");
  if (length < 0 || value.ptr == NULL) {
    return BUSBAR_E_INVALID;
  }
  busbar_point point = {
      .struct_size = sizeof(point), .quality = BUSBAR_QUALITY_GOOD, .key = {key, (size_t)length}};
  if (value.len == 4 && memcmp(value.ptr, "null", 4) == 0) {
    point.value.type = BUSBAR_V_NULL;
  } else {
    point.value.type = BUSBAR_V_DOC;
    point.value.u.b.ptr = value.ptr;
    point.value.u.b.len = value.len;
  }
  const busbar_status status = state->host->status_set(state->instance, &point, 1, sizeof(point));
  return status < 0 ? status : finish(state, call->call_id, BUSBAR_OK, kNothing, NULL);
}

/* The call's id is the timer's token too, so nothing has to be remembered. */
static busbar_status sleep_ms(busbar_state* state, const busbar_call* call) {
  const int64_t ms = args_count(args_find(call->args, "ms"));
  if (ms < 0 || ms > 3600000) {
    return BUSBAR_E_INVALID;
  }
  const busbar_timer timer = {.struct_size = sizeof(timer),
                              .token = call->call_id,
                              .first_ns = ms * 1000000,
                              .parent_call = call->call_id};
  const busbar_status status = state->host->timer(state->instance, &timer);
  return status < 0 ? status : BUSBAR_PENDING;
}

static busbar_status fail(busbar_state* state, const busbar_call* call) {
  char message[4096];
  const int64_t length = args_string(args_find(call->args, "message"), message, sizeof(message));
  if (length < 0) {
    return BUSBAR_E_INVALID;
  }
  const busbar_log_record record = {.struct_size = sizeof(record),
                                    .level = BUSBAR_LOG_WARN,
                                    .message = {message, (size_t)length},
                                    .parent_call = call->call_id};
  state->host->log(state->instance, &record);
  const busbar_error error = {.struct_size = sizeof(error),
                              .status = BUSBAR_E_DEVICE,
                              .code = {"echo_failed", 11},
                              .message = {message, (size_t)length}};
  return finish(state, call->call_id, BUSBAR_E_DEVICE, kNothing, &error);
}

static void crash(void) {
  volatile int* volatile nowhere = NULL;
  *nowhere = 1;
}

static void hang(void) {
  volatile int forever = 1;
  while (forever) {
  }
}

static int is(const busbar_call* call, const char* name) {
  return call->function.len == strlen(name) && memcmp(call->function.ptr, name, strlen(name)) == 0;
}

static busbar_status echo_execute(busbar_state* state, const busbar_call* call) {
  if (is(call, "echo")) {
    return finish(state, call->call_id, BUSBAR_OK, args_find(call->args, "value"), NULL);
  }
  if (is(call, "set")) {
    return set(state, call);
  }
  if (is(call, "sleep")) {
    return sleep_ms(state, call);
  }
  if (is(call, "fail")) {
    return fail(state, call);
  }
  if (is(call, "crash")) {
    crash();
  }
  if (is(call, "hang")) {
    hang();
  }
  return BUSBAR_E_NOTFOUND;
}

static void echo_cancelled(busbar_state* state, busbar_id call_id) {
  (void)state->host->cancel(state->instance, call_id);
}

static void echo_event(busbar_state* state, const busbar_event* event) {
  if (event->type == BUSBAR_EV_TIMER) {
    (void)finish(state, event->token, BUSBAR_OK, kNothing, NULL);
  }
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver driver = {.struct_size = sizeof(busbar_driver),
                                 .abi_minor = BUSBAR_TARGET_MINOR,
                                 .create = echo_create,
                                 .start = echo_start,
                                 .stop = echo_stop,
                                 .destroy = echo_destroy,
                                 .on_settings = echo_on_settings,
                                 .execute = echo_execute,
                                 .cancelled = echo_cancelled,
                                 .event = echo_event};
  (void)host_minor;
  (void)host_flags;
  driver.manifest = busbar_manifest();
  return &driver;
}
