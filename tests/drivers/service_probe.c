/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Uses store and schedules as a call says. `flood` is how a driver misbehaves; everything else is
 * its twin. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

#define FLOOD_TOKEN ((busbar_id)1 << 40) /* and beyond */
#define CALL_TOKEN ((busbar_id)1 << 50)  /* plus the id of the call that waits for the event */
#define MAX_TOKEN 64                     /* of cron and at */

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  const busbar_store* store;
  const busbar_schedule* schedule;
  int64_t fired[MAX_TOKEN];
  long events_ok;
  long events_failed;
  char zone[64];
};

/* The text between the quotes after "name": in a flat object, copied; empty when absent. */
static busbar_str text_arg(const busbar_doc* args, const char* name, char* out, size_t size) {
  char key[64];
  busbar_str text = {out, 0};
  const int length = snprintf(key, sizeof key, "\"%s\":\"", name);
  const char* at = args->ptr == NULL ? NULL : memmem(args->ptr, args->len, key, (size_t)length);
  if (at != NULL) {
    at += length;
    const char* end = memchr(at, '"', (size_t)((const char*)args->ptr + args->len - at));
    if (end != NULL && (size_t)(end - at) < size) {
      text.len = (size_t)(end - at);
      memcpy(out, at, text.len);
    }
  }
  out[text.len] = '\0';
  return text;
}

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

static void complete(busbar_state* s, busbar_id call, busbar_status status, busbar_str result,
                     const busbar_error* error) {
  busbar_completion done;
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call;
  done.status = status;
  done.error = error;
  done.result.ptr = (const uint8_t*)result.ptr;
  done.result.len = result.len;
  (void)s->host->complete(s->instance, &done);
}

static void answer(busbar_state* s, busbar_id call, const char* json) {
  const busbar_str text = {json, strlen(json)};
  complete(s, call, BUSBAR_OK, text, NULL);
}

static void publish(busbar_state* s, busbar_id token, int64_t number) {
  char key[24];
  busbar_point point;
  memset(&point, 0, sizeof point);
  point.struct_size = sizeof point;
  point.key.ptr = key;
  point.key.len = (size_t)snprintf(key, sizeof key, "k%llu", (unsigned long long)token);
  point.value.type = BUSBAR_V_INT;
  point.value.u.i = number;
  (void)s->host->status_set(s->instance, &point, 1, sizeof point);
}

static busbar_status ask_store(busbar_state* s, busbar_id token, uint32_t operation, busbar_str key,
                               const char* value) {
  char json[70000];
  busbar_store_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.operation = operation;
  request.token = token;
  request.key = key;
  if (value != NULL) {
    request.value.len = (size_t)snprintf(json, sizeof json, "\"%s\"", value);
    request.value.ptr = (const uint8_t*)json;
  }
  return s->store->request(s->instance, &request);
}

static busbar_status ask_schedule(busbar_state* s, busbar_id token, busbar_str cron,
                                  busbar_str zone, int64_t at_ns) {
  busbar_schedule_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.token = token;
  request.cron = cron;
  request.time_zone = zone;
  request.at_ns = at_ns;
  return s->schedule->set(s->instance, &request);
}

static int is(const busbar_str* text, const char* name) {
  return text->len == strlen(name) && memcmp(text->ptr, name, text->len) == 0;
}

static busbar_status flood_once(busbar_state* s, const busbar_str* what, int64_t n) {
  char key[200];
  const busbar_id token = FLOOD_TOKEN + (busbar_id)n;
  const busbar_str none = {NULL, 0};
  const busbar_str always = {"* * * * * *", 11};
  const busbar_str yearly = {"@yearly", 7};
  const busbar_str nowhere = {"Mars/Olympus", 12};
  busbar_str name = {key, (size_t)snprintf(key, sizeof key, "flood%d", (int)(n % 4))};
  if (is(what, "sets")) {
    return ask_store(s, token, BUSBAR_STORE_SET, name, "x");
  }
  if (is(what, "long_keys")) {
    memset(key, 'k', sizeof key);
    name.len = sizeof key;
    return ask_store(s, token, BUSBAR_STORE_SET, name, "x");
  }
  if (is(what, "bad_keys")) {
    key[0] = (char)0xFF;
    return ask_store(s, token, BUSBAR_STORE_SET, name, "x");
  }
  if (is(what, "zones")) {
    return ask_schedule(s, token, always, nowhere, 0);
  }
  const busbar_status status = ask_schedule(s, token, yearly, none, 0);
  return is(what, "given_up") && status == BUSBAR_OK ? s->host->cancel(s->instance, token) : status;
}

static void flood(busbar_state* s, const busbar_call* call) {
  char what[32];
  char json[96];
  long taken = 0;
  long again = 0;
  long invalid = 0;
  const busbar_str kind = text_arg(&call->args, "what", what, sizeof what);
  const int64_t count = number_arg(&call->args, "count");
  for (int64_t n = 0; n < count; ++n) {
    const busbar_status status = flood_once(s, &kind, n);
    taken += status == BUSBAR_OK;
    again += status == BUSBAR_E_AGAIN;
    invalid += status == BUSBAR_E_INVALID;
  }
  snprintf(json, sizeof json, "{\"taken\":%ld,\"again\":%ld,\"invalid\":%ld}", taken, again,
           invalid);
  answer(s, call->call_id, json);
}

static busbar_status store_call(busbar_state* s, const busbar_call* call, uint32_t operation) {
  char key[256];
  char value[66000];
  const busbar_str name = text_arg(&call->args, "key", key, sizeof key);
  text_arg(&call->args, "value", value, sizeof value);
  const busbar_status status = ask_store(s, CALL_TOKEN + call->call_id, operation, name,
                                         operation == BUSBAR_STORE_SET ? value : NULL);
  return status == BUSBAR_OK ? BUSBAR_PENDING : status;
}

static void schedule_call(busbar_state* s, const busbar_call* call) {
  char cron[128];
  char zone[64];
  char json[32];
  const busbar_id token = (busbar_id)number_arg(&call->args, "token");
  busbar_status status = BUSBAR_E_INVALID;
  if (token == 0 || token >= MAX_TOKEN) {
    status = BUSBAR_E_INVALID;
  } else if (is(&call->function, "cancel")) {
    status = s->host->cancel(s->instance, token);
  } else {
    s->fired[token] = 0;
    status = ask_schedule(
        s, token, text_arg(&call->args, "cron", cron, sizeof cron),
        text_arg(&call->args, "zone", zone, sizeof zone),
        s->host->time_ns(s->instance, BUSBAR_CLOCK_UTC) + number_arg(&call->args, "ms") * 1000000);
  }
  snprintf(json, sizeof json, "%d", (int)status);
  answer(s, call->call_id, json);
}

static busbar_status probe_execute(busbar_state* s, const busbar_call* call) {
  char json[64];
  if (is(&call->function, "get")) {
    return store_call(s, call, BUSBAR_STORE_GET);
  }
  if (is(&call->function, "set")) {
    return store_call(s, call, BUSBAR_STORE_SET);
  }
  if (is(&call->function, "remove")) {
    return store_call(s, call, BUSBAR_STORE_REMOVE);
  }
  if (is(&call->function, "list")) {
    return store_call(s, call, BUSBAR_STORE_LIST);
  }
  if (is(&call->function, "flood")) {
    flood(s, call);
  } else if (is(&call->function, "events")) {
    snprintf(json, sizeof json, "[%ld,%ld]", s->events_ok, s->events_failed);
    answer(s, call->call_id, json);
  } else {
    schedule_call(s, call);
  }
  return BUSBAR_OK;
}

static void probe_event(busbar_state* s, const busbar_event* event) {
  if (event->token >= CALL_TOKEN) {
    const busbar_str doc = {(const char*)event->doc.ptr, event->doc.len};
    complete(s, event->token - CALL_TOKEN, event->status, doc, event->error);
  } else if (event->token >= FLOOD_TOKEN) {
    s->events_ok += event->status >= 0;
    s->events_failed += event->status < 0;
  } else if (event->type == BUSBAR_EV_TIMER && event->token < MAX_TOKEN) {
    s->fired[event->token] = event->status < 0 ? event->status : s->fired[event->token] + 1;
    publish(s, event->token, s->fired[event->token]);
  }
}

static busbar_status probe_settings(busbar_state* s, const busbar_settings* settings) {
  (void)s;
  (void)settings;
  return BUSBAR_OK;
}

static busbar_status probe_create(const busbar_host* host, busbar_instance* instance,
                                  const busbar_create_info* info, busbar_state** state) {
  busbar_state* s = calloc(1, sizeof *s);
  s->host = host;
  s->instance = instance;
  s->store = host->extension(instance, "busbar.store/1");
  s->schedule = host->extension(instance, "busbar.schedule/1");
  snprintf(s->zone, sizeof s->zone, "%.*s", (int)info->time_zone.len, info->time_zone.ptr);
  *state = s;
  return s->store != NULL && s->schedule != NULL ? BUSBAR_OK : BUSBAR_E_DENIED;
}

static busbar_status probe_start(busbar_state* s) {
  busbar_log_record record;
  memset(&record, 0, sizeof record);
  record.struct_size = sizeof record;
  record.level = BUSBAR_LOG_INFO;
  record.message.ptr = s->zone;
  record.message.len = strlen(s->zone);
  s->host->log(s->instance, &record);
  return BUSBAR_OK;
}

static busbar_status probe_stop(busbar_state* s, const busbar_stop_info* info) {
  (void)s;
  (void)info;
  return BUSBAR_OK;
}

static void probe_destroy(busbar_state* s) {
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
  table.create = probe_create;
  table.start = probe_start;
  table.stop = probe_stop;
  table.destroy = probe_destroy;
  table.on_settings = probe_settings;
  table.execute = probe_execute;
  table.event = probe_event;
  return &table;
}
