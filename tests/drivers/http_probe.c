/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Sends the HTTP requests that a call describes, and answers with what became of them. In "headers"
 * and "auth" single quotes stand for double ones. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

#define FIRST_TOKEN 1000
#define BODY_BYTES (2U << 20)

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  const busbar_http* http;
  busbar_id call; /* 0: none */
  char args[16384];
  char method[64], url[4096], headers[4096], auth[1024], code[80], text[300];
  busbar_http_request request;
  busbar_id next_token;
  long total, delay_us;                       /* requests in all; how slow a part is taken */
  long taken, again, invalid, denied, others; /* what request() answered */
  long answers, failed, open;
  unsigned long long bytes;
  int http_status, status;
};

static uint8_t body[BODY_BYTES];

static void text_arg(const busbar_state* s, const char* name, char* out, size_t size) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char* at = strstr(s->args, key);
  out[0] = '\0';
  if (at == NULL) {
    return;
  }
  at += strlen(key);
  size_t n = 0;
  for (; *at != '\0' && *at != '"' && n < size - 1; ++at) {
    out[n++] = *at == '\'' ? '"' : *at;
  }
  out[n] = '\0';
}

static long number_arg(const busbar_state* s, const char* name, long otherwise) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char* at = strstr(s->args, key);
  return at != NULL ? strtol(at + strlen(key), NULL, 10) : otherwise;
}

static busbar_str str(const char* text) {
  const busbar_str out = {text, strlen(text)};
  return out;
}

static busbar_doc doc(const char* text) {
  const busbar_doc out = {(const uint8_t*)text, strlen(text), BUSBAR_ENC_JSON, 0};
  return out;
}

static void finish(busbar_state* s) {
  char result[2048];
  busbar_completion done;
  if (s->call == 0 || s->open > 0) {
    return;
  }
  snprintf(result, sizeof result,
           "{\"taken\":%ld,\"again\":%ld,\"invalid\":%ld,\"denied\":%ld,\"others\":%ld,"
           "\"answers\":%ld,\"failed\":%ld,\"bytes\":%llu,\"http\":%d,\"status\":%d,"
           "\"code\":\"%s\",\"text\":\"%s\"}",
           s->taken, s->again, s->invalid, s->denied, s->others, s->answers, s->failed, s->bytes,
           s->http_status, s->status, s->code, s->text);
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = s->call;
  done.result = doc(result);
  s->call = 0;
  (void)s->host->complete(s->instance, &done);
}

static void ask(busbar_state* s) {
  s->request.token = s->next_token++;
  const busbar_status status = s->http->request(s->instance, &s->request);
  --s->total;
  if (status >= 0) {
    ++s->taken;
    ++s->open;
  } else if (status == BUSBAR_E_AGAIN) {
    ++s->again;
  } else if (status == BUSBAR_E_INVALID) {
    ++s->invalid;
  } else {
    ++s->others;
  }
}

static busbar_status execute(busbar_state* s, const busbar_call* call) {
  const size_t n = call->args.len < sizeof s->args - 1 ? call->args.len : sizeof s->args - 1;
  if (s->call != 0 || s->http == NULL) {
    return BUSBAR_E_DENIED;
  }
  memcpy(s->args, call->args.ptr, n);
  s->args[n] = '\0';
  text_arg(s, "method", s->method, sizeof s->method);
  text_arg(s, "url", s->url, sizeof s->url);
  text_arg(s, "headers", s->headers, sizeof s->headers);
  text_arg(s, "auth", s->auth, sizeof s->auth);
  memset(&s->request, 0, sizeof s->request);
  s->request.struct_size = sizeof s->request;
  s->request.flags = (uint32_t)number_arg(s, "flags", 0);
  s->request.parent_call = number_arg(s, "parent", 0) != 0 ? call->call_id : 0;
  s->request.method = str(s->method[0] != '\0' ? s->method : "GET");
  s->request.url = str(s->url);
  s->request.headers = doc(s->headers);
  s->request.auth = doc(s->auth);
  s->request.body.ptr = body;
  s->request.body.len = (size_t)number_arg(s, "body_bytes", 0);
  s->request.timeout_ms = (uint32_t)number_arg(s, "timeout_ms", 0);
  s->request.max_bytes = (uint32_t)number_arg(s, "max_bytes", 0);
  s->request.max_redirects = (uint32_t)number_arg(s, "redirects", 0);
  s->taken = s->again = s->invalid = s->denied = s->others = s->answers = s->failed = s->open = 0;
  s->bytes = 0;
  s->http_status = s->status = 0;
  s->code[0] = s->text[0] = '\0';
  s->delay_us = number_arg(s, "delay_us", 0);
  s->total = number_arg(s, "total", 1);
  s->call = call->call_id;
  for (long at_once = number_arg(s, "at_once", 1); at_once > 0 && s->total > 0; --at_once) {
    ask(s);
  }
  finish(s);
  return BUSBAR_PENDING;
}

static void keep(char* out, size_t size, const char* text, size_t length) {
  size_t n = 0;
  for (; n < length && n < size - 1; ++n) {
    out[n] = text[n] < ' ' || text[n] == '"' || text[n] == '\\' ? '\'' : text[n];
  }
  out[n] = '\0';
}

static void take(busbar_state* s, const busbar_http_part* part) {
  s->bytes += part->bytes.len;
  if ((part->flags & BUSBAR_HTTP_HEAD) != 0) {
    s->http_status = (int)part->http_status;
  }
  if (part->bytes.len > 0) {
    keep(s->text, sizeof s->text, (const char*)part->bytes.ptr, part->bytes.len);
  }
  if (s->delay_us > 0) {
    const struct timespec delay = {s->delay_us / 1000000, s->delay_us % 1000000 * 1000};
    nanosleep(&delay, NULL);
  }
}

static void event(busbar_state* s, const busbar_event* in) {
  if (in->type != BUSBAR_EV_HTTP) {
    return;
  }
  int is_last = 1;
  if (in->status < 0) {
    ++s->failed;
    s->status = in->status;
    keep(s->code, sizeof s->code, in->error->code.ptr, in->error->code.len);
    keep(s->text, sizeof s->text, in->error->message.ptr, in->error->message.len);
  } else {
    take(s, in->http);
    is_last = (in->http->flags & BUSBAR_HTTP_END) != 0;
    s->answers += is_last;
  }
  if (is_last) {
    --s->open;
    if (s->total > 0) {
      ask(s);
    }
    finish(s);
  }
}

/* The requests of a cancelled call end by themselves only when they were on its behalf. */
static void cancelled(busbar_state* s, busbar_id call) {
  if (call == s->call) {
    s->call = 0;
    s->total = 0;
  }
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
  s->http = host->extension(instance, "busbar.http/1");
  *state = s;
  return BUSBAR_OK;
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

static void destroy(busbar_state* s) {
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
