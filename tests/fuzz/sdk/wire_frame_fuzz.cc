// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/wire/messages.h"
#include "sdk/wire/service_messages.h"

namespace {

size_t decodeServices(std::string_view payload) {
  using namespace busbar::wire;
  HttpRequest http;
  StoreRequest store;
  ModuleCall call;
  Subscribe subscribe;
  Schedule schedule;
  HttpTaken taken;
  ServiceEvent event;
  HttpPart part;
  uint64_t token = 0;
  size_t used = 0;
  used += decode(payload, http) ? http.url.size() + http.body.size() : 0;
  used += decode(payload, store) ? store.value.size() : 0;
  used += decode(payload, call) ? call.args.size() : 0;
  used += decode(payload, subscribe) ? subscribe.key.size() : 0;
  used += decode(payload, schedule) ? schedule.cron.size() : 0;
  used += decode(payload, taken) ? taken.bytes : 0;
  used += decode(payload, event) ? event.doc.size() + event.error.message.size() : 0;
  used += decode(payload, part) ? part.bytes.size() : 0;
  used += decodeRelease(payload, token) ? 1U : 0U;
  return used;
}

// Everything that either side decodes; results are views into the payload, which sanitizers watch.
void decodeAll(std::string_view payload) {
  using namespace busbar::wire;
  Create create;
  Execute execute;
  Complete complete;
  std::vector<StatePoint> points;
  Log log;
  LinkDown down;
  LinkUp up;
  LinkRequest request;
  SettingsUpdate settings;
  Ready ready;
  Hello hello;
  Stop stop;
  WireError error;
  size_t used = 0;
  used += decode(payload, create) ? create.moduleId.size() + create.settings.size() : 0;
  used += decode(payload, execute) ? execute.args.size() : 0;
  used += decode(payload, complete) ? complete.result.size() : 0;
  used += decodeState(payload, points) ? points.size() : 0;
  used += decode(payload, log) ? log.message.size() : 0;
  used += decode(payload, down) ? down.error.message.size() : 0;
  used += decode(payload, up) ? up.peer.size() : 0;
  used += decode(payload, request) ? 1U : 0U;
  used += decode(payload, settings) ? settings.settings.size() : 0;
  used += decode(payload, ready) ? 1U : 0U;
  used += decode(payload, hello) ? 1U : 0U;
  used += decode(payload, stop) ? 1U : 0U;
  used += decodeOutcome(payload, error) ? error.code.size() : 0;
  used += decodeServices(payload);
  volatile size_t sink = used;
  static_cast<void>(sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decodeAll(bytes);
  busbar::wire::FrameReader reader(busbar::wire::kMaxToHostBytes, false);
  std::memcpy(reader.prepare(size), data, size);
  reader.commit(size);
  busbar::wire::Frame frame;
  while (reader.next(frame) == busbar::wire::FrameReader::Next::Frame) {
    decodeAll(frame.payload);
  }
  return 0;
}
