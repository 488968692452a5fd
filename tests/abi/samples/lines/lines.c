/* SPDX-FileCopyrightText: The Busbar authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A sample of the corpus: a link with its own framing (lines), the command queue, send, and command
 * events. Lines hold letters only, so that they need no escaping. */
#include <stdlib.h>
#include <string.h>

#include <busbar/driver.h>

struct busbar_state {
  const busbar_host* host;
  busbar_instance* instance;
  uint32_t link_id;
  uint32_t generation;
  busbar_id asking;
};

static busbar_status lines_create(const busbar_host* host, busbar_instance* instance,
                                  const busbar_create_info* info, busbar_state** state) {
  if (info->link_count != 1 || info->link_stride < sizeof(busbar_create_link)) {
    return BUSBAR_E_INVALID;
  }
  *state = calloc(1, sizeof(**state));
  if (*state == NULL) {
    return BUSBAR_E_INTERNAL;
  }
  (*state)->host = host;
  (*state)->instance = instance;
  (*state)->link_id = info->links[0].link_id;
  return BUSBAR_OK;
}

static void lines_destroy(busbar_state* state) {
  free(state);
}

static busbar_status lines_start(busbar_state* state) {
  (void)state;
  return BUSBAR_OK;
}

static busbar_status lines_stop(busbar_state* state, const busbar_stop_info* info) {
  (void)state;
  return info->reason >= BUSBAR_STOP_USER ? BUSBAR_OK : BUSBAR_E_INVALID;
}

static void lines_connected(busbar_state* state, const busbar_link_info* info) {
  const busbar_link_request healthy = {
      .struct_size = sizeof(healthy), .link_id = info->link_id, .action = BUSBAR_LINK_HEALTHY};
  state->generation = info->generation;
  (void)state->host->link(state->instance, &healthy);
}

static void lines_disconnected(busbar_state* state, const busbar_link_info* info) {
  (void)info;
  state->generation = 0;
}

static int64_t lines_frame(busbar_state* state, const busbar_frame_input* input) {
  const uint8_t* end = memchr(input->bytes.ptr, '\n', input->bytes.len);
  (void)state;
  return end == NULL ? 0 : end - input->bytes.ptr + 1;
}

/* "line" with quotes instead of the line's end. */
static busbar_doc quoted(busbar_bytes line, char* out, size_t capacity) {
  busbar_doc doc = {NULL, 0, BUSBAR_ENC_JSON, 0};
  const size_t length = line.len > 0 ? line.len - 1 : 0;
  if (length + 2 <= capacity) {
    out[0] = '"';
    memcpy(out + 1, line.ptr, length);
    out[length + 1] = '"';
    doc.ptr = (const uint8_t*)out;
    doc.len = length + 2;
  }
  return doc;
}

static busbar_status lines_received(busbar_state* state, const busbar_received* received) {
  char out[300];
  const busbar_doc line = quoted(received->bytes, out, sizeof(out));
  if (received->task != 0 && received->task == state->asking) {
    const busbar_completion completion = {
        .struct_size = sizeof(completion), .call_id = state->asking, .result = line};
    const busbar_command_result done = {.struct_size = sizeof(done), .task = received->task};
    state->asking = 0;
    (void)state->host->command_done(state->instance, &done);
    return state->host->complete(state->instance, &completion);
  }
  busbar_point point = {.struct_size = sizeof(point), .key = {"said", 4}};
  point.value.type = BUSBAR_V_STR;
  point.value.u.s.ptr = (const char*)received->bytes.ptr;
  point.value.u.s.len = received->bytes.len - 1;
  return state->host->status_set(state->instance, &point, 1, sizeof(point));
}

static busbar_status ask(busbar_state* state, const busbar_call* call) {
  const busbar_command command = {.struct_size = sizeof(command),
                                  .link_id = state->link_id,
                                  .flags = BUSBAR_COMMAND_WAIT,
                                  .priority = BUSBAR_PRIORITY_DEFAULT,
                                  .name = {"ask", 3},
                                  .payload = {(const uint8_t*)"ask\n", 4},
                                  .timeout_ms = 2000,
                                  .token = call->call_id,
                                  .parent_call = call->call_id};
  const busbar_status status = state->host->enqueue(state->instance, &command);
  if (status < 0) {
    return status;
  }
  state->asking = call->call_id;
  return BUSBAR_PENDING;
}

static busbar_status tell(busbar_state* state, const busbar_call* call) {
  const busbar_send send = {.struct_size = sizeof(send),
                            .link_id = state->link_id,
                            .generation = state->generation,
                            .bytes = {(const uint8_t*)"tell\n", 5},
                            .parent_call = call->call_id};
  const busbar_completion completion = {.struct_size = sizeof(completion),
                                        .call_id = call->call_id};
  const busbar_status status = state->host->send(state->instance, &send);
  return status < 0 ? status : state->host->complete(state->instance, &completion);
}

static busbar_status lines_execute(busbar_state* state, const busbar_call* call) {
  if (call->function.len == 3 && memcmp(call->function.ptr, "ask", 3) == 0) {
    return ask(state, call);
  }
  if (call->function.len == 4 && memcmp(call->function.ptr, "tell", 4) == 0) {
    return tell(state, call);
  }
  return BUSBAR_E_NOTFOUND;
}

/* A command that timed out or was dropped ends its call. */
static void lines_event(busbar_state* state, const busbar_event* event) {
  if (event->type == BUSBAR_EV_COMMAND && event->status < 0 && event->token == state->asking) {
    const busbar_completion completion = {.struct_size = sizeof(completion),
                                          .status = event->status,
                                          .call_id = event->token,
                                          .error = event->error};
    state->asking = 0;
    (void)state->host->complete(state->instance, &completion);
  }
}

const busbar_driver* busbar_entry_1(uint32_t host_minor, uint32_t host_flags) {
  static busbar_driver driver = {.struct_size = sizeof(busbar_driver),
                                 .abi_minor = BUSBAR_TARGET_MINOR,
                                 .create = lines_create,
                                 .start = lines_start,
                                 .stop = lines_stop,
                                 .destroy = lines_destroy,
                                 .connected = lines_connected,
                                 .disconnected = lines_disconnected,
                                 .frame = lines_frame,
                                 .received = lines_received,
                                 .execute = lines_execute,
                                 .event = lines_event};
  (void)host_minor;
  (void)host_flags;
  driver.manifest = busbar_manifest();
  return &driver;
}
