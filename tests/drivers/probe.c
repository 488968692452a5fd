/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Does what a call says and logs all that it is told, so that a test sees both sides of the ABI. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  pthread_t thread;
  int has_thread;
  int pend_stop;
};

static void say(busbar_state* s, const char* text) {
  busbar_log_record record;
  memset(&record, 0, sizeof record);
  record.struct_size = sizeof record;
  record.level = BUSBAR_LOG_INFO;
  record.message.ptr = text;
  record.message.len = strlen(text);
  s->host->log(s->instance, &record);
}

/* Line ends as JSON writes them. */
static void unescape(char* text) {
  char* to = text;
  for (const char* from = text; *from != '\0'; ++from) {
    const int is_line = from[0] == '\\' && from[1] == 'n';
    *to++ = is_line ? '\n' : *from;
    from += is_line;
  }
  *to = '\0';
}

/* The text between the quotes after "name": in a flat object, copied; empty when absent. */
static void text_arg(const busbar_doc* args, const char* name, char* out, size_t size) {
  char key[64];
  char buffer[70000];
  const size_t n = args->len < sizeof buffer - 1 ? args->len : sizeof buffer - 1;
  out[0] = '\0';
  if (args->ptr == NULL) {
    return;
  }
  memcpy(buffer, args->ptr, n);
  buffer[n] = '\0';
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char* at = strstr(buffer, key);
  if (at != NULL) {
    at += strlen(key);
    const char* end = strchr(at, '"');
    const size_t len = end != NULL ? (size_t)(end - at) : 0;
    if (len < size) {
      memcpy(out, at, len);
      out[len] = '\0';
      unescape(out);
    }
  }
}

static long number_arg(const busbar_doc* args, const char* name, long otherwise) {
  char key[64];
  char buffer[4096];
  const size_t n = args->len < sizeof buffer - 1 ? args->len : sizeof buffer - 1;
  if (args->ptr == NULL) {
    return otherwise;
  }
  memcpy(buffer, args->ptr, n);
  buffer[n] = '\0';
  snprintf(key, sizeof key, "\"%s\":", name);
  const char* at = strstr(buffer, key);
  return at != NULL ? strtol(at + strlen(key), NULL, 10) : otherwise;
}

static void answer(busbar_state* s, busbar_id call, busbar_status status) {
  busbar_completion done;
  char text[32];
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call;
  snprintf(text, sizeof text, "%d", (int)status);
  done.result.ptr = (const uint8_t*)text;
  done.result.len = strlen(text);
  (void)s->host->complete(s->instance, &done);
}

static void* post_from_thread(void* state) {
  busbar_state* s = state;
  const busbar_bytes bytes = {(const uint8_t*)"hello", 5};
  (void)s->host->post(s->instance, 77, bytes);
  return NULL;
}

static void* finish_stop(void* state) {
  busbar_state* s = state;
  (void)s->host->stop_done(s->instance, BUSBAR_OK);
  return NULL;
}

static busbar_status do_send(busbar_state* s, const busbar_call* call) {
  static char text[70000];
  char peer[64];
  busbar_send send;
  text_arg(&call->args, "t", text, sizeof text);
  memset(&send, 0, sizeof send);
  send.struct_size = sizeof send;
  send.link_id = (uint32_t)number_arg(&call->args, "l", 1);
  text_arg(&call->args, "peer", peer, sizeof peer);
  send.peer.ptr = peer;
  send.peer.len = strlen(peer);
  send.generation = (uint32_t)number_arg(&call->args, "g", 0);
  send.bytes.ptr = (const uint8_t*)text;
  send.bytes.len = strlen(text);
  return s->host->send(s->instance, &send);
}

static busbar_status do_enqueue(busbar_state* s, const busbar_call* call) {
  char text[256];
  char name[64];
  busbar_command c;
  text_arg(&call->args, "t", text, sizeof text);
  text_arg(&call->args, "n", name, sizeof name);
  memset(&c, 0, sizeof c);
  c.struct_size = sizeof c;
  c.link_id = (uint32_t)number_arg(&call->args, "l", 1);
  c.flags = number_arg(&call->args, "wait", 0) ? BUSBAR_COMMAND_WAIT : 0;
  c.priority = (int32_t)number_arg(&call->args, "prio", BUSBAR_PRIORITY_DEFAULT);
  c.name.ptr = name;
  c.name.len = strlen(name);
  c.payload.ptr = (const uint8_t*)text;
  c.payload.len = strlen(text);
  c.timeout_ms = (uint32_t)number_arg(&call->args, "timeout", 0);
  c.retries = (uint32_t)number_arg(&call->args, "retries", 0);
  c.delay_ms = (uint32_t)number_arg(&call->args, "delay", 0);
  c.token = (busbar_id)number_arg(&call->args, "token", 1);
  return s->host->enqueue(s->instance, &c);
}

static busbar_status do_link(busbar_state* s, const busbar_call* call, uint32_t action) {
  char peer[64];
  busbar_link_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.link_id = (uint32_t)number_arg(&call->args, "l", 1);
  text_arg(&call->args, "peer", peer, sizeof peer);
  request.peer.ptr = peer;
  request.peer.len = strlen(peer);
  request.action = action;
  request.options = call->args;
  return s->host->link(s->instance, &request);
}

static busbar_status do_timer(busbar_state* s, const busbar_call* call) {
  busbar_timer timer;
  memset(&timer, 0, sizeof timer);
  timer.struct_size = sizeof timer;
  timer.token = (busbar_id)number_arg(&call->args, "token", 1);
  timer.first_ns = number_arg(&call->args, "first", 0) * 1000000;
  timer.period_ns = number_arg(&call->args, "period", 0) * 1000000;
  return s->host->timer(s->instance, &timer);
}

static busbar_status do_done(busbar_state* s, const busbar_call* call) {
  busbar_command_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.task = (busbar_id)number_arg(&call->args, "token", 1);
  result.status = (busbar_status)number_arg(&call->args, "status", 0);
  return s->host->command_done(s->instance, &result);
}

static int is(const busbar_call* call, const char* name) {
  return call->function.len == strlen(name) &&
         memcmp(call->function.ptr, name, call->function.len) == 0;
}

static busbar_status probe_execute(busbar_state* s, const busbar_call* call) {
  busbar_status status = BUSBAR_E_INVALID;
  if (is(call, "send")) {
    status = do_send(s, call);
  } else if (is(call, "enqueue")) {
    status = do_enqueue(s, call);
  } else if (is(call, "done")) {
    status = do_done(s, call);
  } else if (is(call, "framing")) {
    status = do_link(s, call, BUSBAR_LINK_SET_FRAMING);
  } else if (is(call, "link")) {
    status = do_link(s, call, (uint32_t)number_arg(&call->args, "a", 0));
  } else if (is(call, "timer")) {
    status = do_timer(s, call);
  } else if (is(call, "cancel")) {
    status = s->host->cancel(s->instance, (busbar_id)number_arg(&call->args, "token", 1));
  } else if (is(call, "pend_stop")) {
    s->pend_stop = (int)number_arg(&call->args, "how", 1);
    status = BUSBAR_OK;
  } else if (is(call, "post")) {
    s->has_thread = pthread_create(&s->thread, NULL, post_from_thread, s) == 0;
    status = BUSBAR_OK;
  }
  answer(s, call->call_id, status);
  return BUSBAR_OK;
}

static busbar_status probe_received(busbar_state* s, const busbar_received* in) {
  char text[300];
  snprintf(text, sizeof text, "received %.*s task %llu%s%.*s",
           (int)(in->bytes.len < 100 ? in->bytes.len : 100), (const char*)in->bytes.ptr,
           (unsigned long long)in->task, in->peer.len > 0 ? " from " : "", (int)in->peer.len,
           in->peer.len > 0 ? in->peer.ptr : "");
  say(s, text);
  return in->bytes.len == 4 && memcmp(in->bytes.ptr, "fail", 4) == 0 ? BUSBAR_E_INTERNAL
                                                                     : BUSBAR_OK;
}

/* Frames of the driver's own: a digit, then as many bytes; a dot is dropped. */
static int64_t probe_frame(busbar_state* s, const busbar_frame_input* in) {
  (void)s;
  if (in->bytes.ptr[0] == '.') {
    return -1;
  }
  const size_t length = 1 + (size_t)(in->bytes.ptr[0] - '0');
  return in->bytes.len < length ? 0 : (int64_t)length;
}

static void probe_connected(busbar_state* s, const busbar_link_info* info) {
  char text[160];
  snprintf(text, sizeof text, "connected %.*s generation %u", (int)info->peer.len,
           info->peer.len > 0 ? info->peer.ptr : "", info->generation);
  if (info->kind > BUSBAR_LINK_UDP) {
    snprintf(text + strlen(text), sizeof text - strlen(text), " kind %u", info->kind);
  }
  say(s, text);
}

static void probe_disconnected(busbar_state* s, const busbar_link_info* info) {
  char text[160];
  snprintf(text, sizeof text, "disconnected %.*s",
           info->error != NULL ? (int)info->error->code.len : 4,
           info->error != NULL ? info->error->code.ptr : "none");
  say(s, text);
}

static void probe_event(busbar_state* s, const busbar_event* event) {
  char text[160];
  snprintf(text, sizeof text, "event %u token %llu status %d %.*s", event->type,
           (unsigned long long)event->token, (int)event->status, (int)event->bytes.len,
           event->bytes.ptr != NULL ? (const char*)event->bytes.ptr : "");
  say(s, text);
  if (event->type == BUSBAR_EV_POST && s->has_thread) {
    pthread_join(s->thread, NULL);
    s->has_thread = 0;
  }
}

static busbar_status probe_settings(busbar_state* s, const busbar_settings* settings) {
  (void)s;
  return settings->settings.len > 2 ? BUSBAR_OK : BUSBAR_E_INVALID;
}

static busbar_status probe_create(const busbar_host* host, busbar_instance* instance,
                                  const busbar_create_info* info, busbar_state** state) {
  (void)info;
  *state = calloc(1, sizeof **state);
  (*state)->host = host;
  (*state)->instance = instance;
  return BUSBAR_OK;
}

static busbar_status probe_start(busbar_state* s) {
  (void)s;
  return BUSBAR_OK;
}

static busbar_status probe_stop(busbar_state* s, const busbar_stop_info* info) {
  (void)info;
  if (s->pend_stop == 1) {
    s->has_thread = pthread_create(&s->thread, NULL, finish_stop, s) == 0;
  }
  return s->pend_stop ? BUSBAR_PENDING : BUSBAR_OK;
}

static void probe_destroy(busbar_state* s) {
  if (s->has_thread) {
    pthread_join(s->thread, NULL);
  }
  free(s);
}

BUSBAR_EXPORT const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table;
  (void)host_minor;
  (void)host_flags;
  table.struct_size = sizeof table;
  table.abi_minor = BUSBAR_TARGET_MINOR;
  table.manifest = busbar_manifest();
  table.create = probe_create;
  table.start = probe_start;
  table.stop = probe_stop;
  table.destroy = probe_destroy;
  table.on_settings = probe_settings;
  table.connected = probe_connected;
  table.disconnected = probe_disconnected;
  table.frame = probe_frame;
  table.received = probe_received;
  table.execute = probe_execute;
  table.event = probe_event;
  return &table;
}
