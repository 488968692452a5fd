/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* What a driver may do wrong with the peers of a link, once per FAULT; "none" is the twin that
 * answers each message and breaks no rule. The fault happens at each message, after the answer. */
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

#define IS(name) (strcmp(FAULT, name) == 0)
#define FLOOD 20000

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
};

static busbar_status send_to(busbar_state* s, busbar_str peer, const char* text, size_t length) {
  busbar_send send;
  memset(&send, 0, sizeof send);
  send.struct_size = sizeof send;
  send.link_id = 1;
  send.bytes.ptr = (const uint8_t*)text;
  send.bytes.len = length;
  send.peer = peer;
  return s->host->send(s->instance, &send);
}

static void say(busbar_state* s, const char* text) {
  busbar_log_record record;
  memset(&record, 0, sizeof record);
  record.struct_size = sizeof record;
  record.level = BUSBAR_LOG_INFO;
  record.message.ptr = text;
  record.message.len = strlen(text);
  s->host->log(s->instance, &record);
}

static busbar_str text_of(const char* text) {
  const busbar_str out = {text, strlen(text)};
  return out;
}

static void close_unknown(busbar_state* s) {
  busbar_link_request request;
  int refused = 0;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.link_id = 1;
  request.action = BUSBAR_LINK_CLOSE_PEER;
  for (int i = 0; i < 1000; ++i) {
    request.peer = text_of(i % 2 == 0 ? "127.0.0.1:1" : "nobody");
    refused += s->host->link(s->instance, &request) == BUSBAR_E_NOTFOUND;
  }
  say(s, refused == 1000 ? "all refused" : "not all refused");
}

static busbar_status fault_received(busbar_state* s, const busbar_received* in) {
  static char much[4096];
  (void)send_to(s, in->peer, "answer\n", 7);
  if (IS("stranger")) {
    for (int i = 0; i < 1000; ++i) {
      (void)send_to(s, text_of("127.0.0.99:9"), "x", 1);
    }
    say(s, "sent to a stranger");
  } else if (IS("flood")) {
    int full = 0;
    memset(much, 'x', sizeof much);
    for (int i = 0; i < FLOOD; ++i) {
      full += send_to(s, in->peer, much, sizeof much) < 0;
    }
    say(s, full > 0 ? "the flood was stopped" : "the flood went through");
  } else if (IS("close_unknown")) {
    close_unknown(s);
  }
  return BUSBAR_OK;
}

static busbar_status fault_create(const busbar_host* host, busbar_instance* instance,
                                  const busbar_create_info* info, busbar_state** state) {
  (void)info;
  *state = calloc(1, sizeof **state);
  (*state)->host = host;
  (*state)->instance = instance;
  return BUSBAR_OK;
}

static busbar_status fault_start(busbar_state* s) {
  (void)s;
  return BUSBAR_OK;
}

static busbar_status fault_stop(busbar_state* s, const busbar_stop_info* info) {
  (void)s;
  (void)info;
  return BUSBAR_OK;
}

static void fault_destroy(busbar_state* s) {
  free(s);
}

static busbar_status fault_execute(busbar_state* s, const busbar_call* call) {
  (void)s;
  (void)call;
  return BUSBAR_E_UNSUPPORTED;
}

BUSBAR_EXPORT const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table;
  (void)host_minor;
  (void)host_flags;
  table.struct_size = sizeof table;
  table.abi_minor = BUSBAR_TARGET_MINOR;
  table.manifest = busbar_manifest();
  table.create = fault_create;
  table.start = fault_start;
  table.stop = fault_stop;
  table.destroy = fault_destroy;
  table.received = fault_received;
  table.execute = fault_execute;
  return &table;
}
