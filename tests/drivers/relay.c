/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A logic module that passes calls on and follows keys; its manifest says what each function does.
 * Built with GREEDY it misbehaves when it starts: it calls itself again and again and subscribes
 * 10,000 times. Arguments are read as its callers in the tests write them: compact JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

enum { OPEN = 256, GREED = 10000, FIRST_TOKEN = 100 };
enum kind { FREE, PASSED_ON, STORM, WATCH };

struct request {
  enum kind kind;
  busbar_id token;
  busbar_id call;
};

struct storm {
  busbar_id call;
  long left;
  long open;
  long ok;
  long failed;
  char* args; /* of the call of storm itself */
  size_t args_length;
};

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  const busbar_modules* modules;
  busbar_id next_token;
  struct request requests[OPEN];
  struct storm storm;
  long self_calls;
};

static busbar_str text_of(const char* text) {
  const busbar_str out = {text, strlen(text)};
  return out;
}

static const char* past_string(const char* at, const char* end) {
  for (++at; at < end && *at != '"'; ++at) {
    at += *at == '\\';
  }
  return at < end ? at + 1 : end;
}

static const char* past_value(const char* at, const char* end) {
  int depth = 0;
  while (at < end) {
    if (depth == 0 && (*at == ',' || *at == '}' || *at == ']')) {
      break;
    }
    if (*at == '"') {
      at = past_string(at, end);
      continue;
    }
    depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    ++at;
  }
  return at;
}

/* The text of a member of an object; empty when it has none. */
static busbar_str member(const char* object, size_t length, const char* name) {
  const char* end = object + length;
  const char* at = object + 1;
  busbar_str none = {NULL, 0};
  while (at < end && *at == '"') {
    const char* key = at + 1;
    at = past_string(at, end);
    const size_t key_length = (size_t)(at - key) - 1;
    const char* value = at + 1;
    at = past_value(value, end);
    if (key_length == strlen(name) && memcmp(key, name, key_length) == 0) {
      const busbar_str found = {value, (size_t)(at - value)};
      return found;
    }
    ++at;
  }
  return none;
}

static busbar_str member_text(const char* object, size_t length, const char* name) {
  busbar_str value = member(object, length, name);
  if (value.len >= 2 && value.ptr[0] == '"') {
    ++value.ptr;
    value.len -= 2;
  }
  return value;
}

static long member_number(const char* object, size_t length, const char* name) {
  const busbar_str value = member(object, length, name);
  return value.len == 0 ? 0 : strtol(value.ptr, NULL, 10);
}

static void complete(busbar_state* s, busbar_id call, busbar_doc result, busbar_status status,
                     const busbar_error* error) {
  busbar_completion done;
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call;
  done.status = status;
  done.result = result;
  done.error = error;
  (void)s->host->complete(s->instance, &done);
}

static void complete_text(busbar_state* s, busbar_id call, const char* json) {
  const busbar_doc doc = {(const uint8_t*)json, strlen(json), BUSBAR_ENC_JSON, 0};
  complete(s, call, doc, BUSBAR_OK, NULL);
}

static void publish(busbar_state* s, const char* key, const char* json, size_t length) {
  busbar_point point;
  memset(&point, 0, sizeof point);
  point.struct_size = sizeof point;
  point.key = text_of(key);
  point.value.type = BUSBAR_V_DOC;
  point.value.u.b.ptr = (const uint8_t*)json;
  point.value.u.b.len = length;
  (void)s->host->status_set(s->instance, &point, 1, sizeof point);
}

static struct request* find(busbar_state* s, busbar_id token) {
  for (size_t i = 0; i < OPEN; ++i) {
    if (s->requests[i].kind != FREE && s->requests[i].token == token) {
      return &s->requests[i];
    }
  }
  return NULL;
}

static struct request* begin(busbar_state* s, enum kind kind, busbar_id call) {
  for (size_t i = 0; i < OPEN; ++i) {
    if (s->requests[i].kind == FREE) {
      s->requests[i].kind = kind;
      s->requests[i].token = s->next_token++;
      s->requests[i].call = call;
      return &s->requests[i];
    }
  }
  return NULL;
}

struct target {
  busbar_str module;
  busbar_str function;
  busbar_str args;
  uint32_t timeout_ms;
  busbar_id parent;
};

static busbar_status pass_on(busbar_state* s, enum kind kind, busbar_id call,
                             const struct target* to) {
  struct request* request = begin(s, kind, call);
  busbar_module_call out;
  if (request == NULL) {
    return BUSBAR_E_AGAIN;
  }
  memset(&out, 0, sizeof out);
  out.struct_size = sizeof out;
  out.token = request->token;
  out.parent_call = to->parent;
  out.timeout_ms = to->timeout_ms;
  out.target = to->module;
  out.function = to->function;
  out.args.ptr = (const uint8_t*)to->args.ptr;
  out.args.len = to->args.len;
  const busbar_status status = s->modules->call(s->instance, &out);
  if (status < 0) {
    request->kind = FREE;
  }
  return status;
}

/* What the arguments of call and storm name. */
static struct target read_target(const char* args, size_t length, busbar_id call) {
  struct target to;
  to.module = member_text(args, length, "target");
  to.function = member_text(args, length, "function");
  to.args = member(args, length, "args");
  to.timeout_ms = (uint32_t)member_number(args, length, "timeout_ms");
  to.parent = member(args, length, "own").len == 0 ? call : 0;
  return to;
}

static void storm_on(busbar_state* s) {
  struct storm* storm = &s->storm;
  const struct target to = read_target(storm->args, storm->args_length, storm->call);
  while (storm->left > 0 && pass_on(s, STORM, storm->call, &to) >= 0) {
    --storm->left;
    ++storm->open;
  }
  if (storm->open == 0) {
    char text[64];
    snprintf(text, sizeof text, "{\"ok\":%ld,\"failed\":%ld}", storm->ok, storm->failed);
    complete_text(s, storm->call, text);
    free(storm->args);
    memset(storm, 0, sizeof *storm);
  }
}

static busbar_status begin_storm(busbar_state* s, const busbar_call* call) {
  if (s->storm.call != 0) {
    return BUSBAR_E_STATE;
  }
  s->storm.call = call->call_id;
  s->storm.left = member_number((const char*)call->args.ptr, call->args.len, "count");
  s->storm.args = malloc(call->args.len);
  s->storm.args_length = call->args.len;
  memcpy(s->storm.args, call->args.ptr, call->args.len);
  storm_on(s);
  return BUSBAR_OK;
}

/* The other of two relays, with the roles swapped: for ever, but for the limit. */
static busbar_status bounce(busbar_state* s, const busbar_call* call) {
  char args[256];
  struct target to;
  const char* text = (const char*)call->args.ptr;
  const busbar_str a = member_text(text, call->args.len, "a");
  const busbar_str b = member_text(text, call->args.len, "b");
  snprintf(args, sizeof args, "{\"a\":\"%.*s\",\"b\":\"%.*s\"}", (int)b.len, b.ptr, (int)a.len,
           a.ptr);
  memset(&to, 0, sizeof to);
  to.module = a;
  to.function = text_of("bounce");
  to.args = text_of(args);
  to.parent = call->call_id;
  return pass_on(s, PASSED_ON, call->call_id, &to);
}

static busbar_status subscribe(busbar_state* s, busbar_id token, busbar_str target,
                               busbar_str key) {
  busbar_subscription in;
  memset(&in, 0, sizeof in);
  in.struct_size = sizeof in;
  in.token = token;
  in.target = target;
  in.key = key;
  return s->modules->subscribe(s->instance, &in);
}

static busbar_status watch(busbar_state* s, const busbar_call* call) {
  const char* text = (const char*)call->args.ptr;
  struct request* request = begin(s, WATCH, 0);
  if (request == NULL) {
    return BUSBAR_E_AGAIN;
  }
  const busbar_status status =
      subscribe(s, request->token, member_text(text, call->args.len, "target"),
                member_text(text, call->args.len, "key"));
  if (status < 0) {
    request->kind = FREE;
    return status;
  }
  complete_text(s, call->call_id, "null");
  return BUSBAR_OK;
}

/* Subscribes and gives up at once, many times. */
static busbar_status churn(busbar_state* s, const busbar_call* call) {
  char text[32];
  long refused = 0;
  long count = member_number((const char*)call->args.ptr, call->args.len, "count");
  for (; count > 0; --count) {
    const busbar_id token = s->next_token++;
    const busbar_status taken = subscribe(s, token, text_of("Echo_1"), text_of("power"));
    refused += taken < 0 || s->host->cancel(s->instance, token) < 0;
  }
  snprintf(text, sizeof text, "%ld", refused);
  complete_text(s, call->call_id, text);
  return BUSBAR_OK;
}

static busbar_status unwatch(busbar_state* s, const busbar_call* call) {
  for (size_t i = 0; i < OPEN; ++i) {
    if (s->requests[i].kind == WATCH) {
      (void)s->host->cancel(s->instance, s->requests[i].token);
      s->requests[i].kind = FREE;
    }
  }
  complete_text(s, call->call_id, "null");
  return BUSBAR_OK;
}

static int is(const busbar_call* call, const char* name) {
  return call->function.len == strlen(name) &&
         memcmp(call->function.ptr, name, call->function.len) == 0;
}

static busbar_status execute(busbar_state* s, const busbar_call* call) {
  const char* text = (const char*)call->args.ptr;
  if (is(call, "echo")) {
    struct target to;
    memset(&to, 0, sizeof to);
    to.module = text_of("Echo_1");
    to.function = call->function;
    to.args.ptr = text;
    to.args.len = call->args.len;
    to.parent = call->call_id;
    return pass_on(s, PASSED_ON, call->call_id, &to);
  }
  if (is(call, "call")) {
    const struct target to = read_target(text, call->args.len, call->call_id);
    return pass_on(s, PASSED_ON, call->call_id, &to);
  }
  if (is(call, "bounce")) {
    return bounce(s, call);
  }
  if (is(call, "storm")) {
    return begin_storm(s, call);
  }
  if (is(call, "watch")) {
    return watch(s, call);
  }
  return is(call, "churn") ? churn(s, call) : unwatch(s, call);
}

/* The runner has given up what was asked on behalf of the call. */
static void cancelled(busbar_state* s, busbar_id call) {
  for (size_t i = 0; i < OPEN; ++i) {
    if (s->requests[i].call == call) {
      s->requests[i].kind = FREE;
    }
  }
  if (s->storm.call == call) {
    free(s->storm.args);
    memset(&s->storm, 0, sizeof s->storm);
  }
}

static void value(busbar_state* s, const busbar_event* in) {
  char text[4096];
  if (in->status < 0) {
    find(s, in->token)->kind = FREE;
    snprintf(text, sizeof text, "\"%.*s\"", (int)in->error->code.len, in->error->code.ptr);
    publish(s, "ended", text, strlen(text));
    return;
  }
  snprintf(text, sizeof text, "{\"source\":\"%.*s\",\"value\":%.*s}", (int)in->source.len,
           in->source.ptr, in->doc.len > 0 ? (int)in->doc.len : 7,
           in->doc.len > 0 ? (const char*)in->doc.ptr : "\"unset\"");
  publish(s, "seen", text, strlen(text));
}

#ifdef GREEDY
static void call_self(busbar_state* s) {
  struct target to;
  memset(&to, 0, sizeof to);
  to.module = text_of("Relay_1");
  to.function = text_of("unwatch");
  ++s->self_calls;
  (void)pass_on(s, STORM, 0, &to);
}

static void be_greedy(busbar_state* s) {
  char text[32];
  long taken = 0;
  call_self(s);
  for (int i = 0; i < GREED; ++i) {
    taken += subscribe(s, s->next_token++, text_of("Echo_1"), text_of("power")) >= 0;
  }
  snprintf(text, sizeof text, "%ld", taken);
  publish(s, "taken", text, strlen(text));
}
#endif

static void event(busbar_state* s, const busbar_event* in) {
  if (in->type == BUSBAR_EV_MODULES) {
    publish(s, "modules", (const char*)in->doc.ptr, in->doc.len);
    return;
  }
  struct request* request = find(s, in->token);
  if (request == NULL) {
    return;
  }
  if (in->type == BUSBAR_EV_VALUE) {
    value(s, in);
    return;
  }
  const busbar_id call = request->call;
  const enum kind kind = request->kind;
  request->kind = FREE;
  if (kind == PASSED_ON) {
    complete(s, call, in->doc, in->status, in->error);
  } else if (s->storm.call != 0) {
    --s->storm.open;
    s->storm.ok += in->status >= 0;
    s->storm.failed += in->status < 0;
    storm_on(s);
  }
#ifdef GREEDY
  if (kind == STORM && s->self_calls < GREED) {
    call_self(s);
  }
#endif
}

static busbar_status create(const busbar_host* host, busbar_instance* instance,
                            const busbar_create_info* info, busbar_state** state) {
  (void)info;
  busbar_state* s = calloc(1, sizeof *s);
  if (s == NULL) {
    return BUSBAR_E_INTERNAL;
  }
  s->host = host;
  s->instance = instance;
  s->next_token = FIRST_TOKEN;
  s->modules = host->extension(instance, "busbar.modules/1");
  *state = s;
  return s->modules != NULL ? BUSBAR_OK : BUSBAR_E_DENIED;
}

static busbar_status start(busbar_state* s) {
#ifdef GREEDY
  be_greedy(s);
#else
  (void)s;
#endif
  return BUSBAR_OK;
}

static busbar_status stop(busbar_state* s, const busbar_stop_info* info) {
  (void)s;
  (void)info;
  return BUSBAR_OK;
}

static void destroy(busbar_state* s) {
  free(s->storm.args);
  free(s);
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table = {.struct_size = sizeof table,
                                .abi_minor = BUSBAR_TARGET_MINOR,
                                .create = create,
                                .start = start,
                                .stop = stop,
                                .destroy = destroy,
                                .execute = execute,
                                .cancelled = cancelled,
                                .event = event};
  (void)host_minor;
  (void)host_flags;
  table.manifest = busbar_manifest();
  return &table;
}
