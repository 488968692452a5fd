/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* Counts the messages of its link. Each says its length in 4 bytes and then, in 8, how many of this
 * connection went before it, both big-endian. count answers [messages, those out of order]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

busbar_str busbar_manifest(void);

enum { HEAD_BYTES = 12 };

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  uint64_t messages;
  uint64_t wrong;
  uint64_t next;
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

static void connected(busbar_state* s, const busbar_link_info* info) {
  (void)info;
  s->next = 0;
}

static busbar_status received(busbar_state* s, const busbar_received* in) {
  uint64_t place = 0;
  for (size_t i = 4; i < HEAD_BYTES && i < in->bytes.len; ++i) {
    place = place << 8 | in->bytes.ptr[i];
  }
  s->wrong += in->bytes.len < HEAD_BYTES || place != s->next;
  ++s->next;
  ++s->messages;
  return BUSBAR_OK;
}

static busbar_status execute(busbar_state* s, const busbar_call* call) {
  char text[64];
  busbar_completion done;
  memset(&done, 0, sizeof done);
  done.struct_size = sizeof done;
  done.call_id = call->call_id;
  done.result.ptr = (const uint8_t*)text;
  done.result.len = (size_t)snprintf(text, sizeof text, "[%llu,%llu]",
                                     (unsigned long long)s->messages, (unsigned long long)s->wrong);
  return s->host->complete(s->instance, &done);
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver table = {.struct_size = sizeof table,
                                .abi_minor = BUSBAR_TARGET_MINOR,
                                .create = create,
                                .start = start,
                                .stop = stop,
                                .destroy = destroy,
                                .connected = connected,
                                .received = received,
                                .execute = execute};
  (void)host_minor;
  (void)host_flags;
  table.manifest = busbar_manifest();
  return &table;
}
