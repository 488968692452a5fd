// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/driver_under_test.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "sdk/base/result.h"

namespace busbar::test {
namespace {

DriverUnderTest& self(busbar_instance* instance) {
  return *reinterpret_cast<DriverUnderTest*>(instance);
}

std::string toString(busbar_str text) {
  return text.len == 0 ? "" : std::string(text.ptr, text.len);
}
std::string toString(const uint8_t* ptr, size_t len) {
  return len == 0 ? "" : std::string(reinterpret_cast<const char*>(ptr), len);
}

busbar_str toStr(const std::string& text) {
  return {text.data(), text.size()};
}
busbar_doc toDoc(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), BUSBAR_ENC_JSON, 0};
}

void log(busbar_instance* instance, const busbar_log_record* record) {
  if (instance != nullptr) {
    self(instance).logged.push_back(toString(record->message));
  }
}

busbar_status complete(busbar_instance* instance, const busbar_completion* completion) {
  DriverUnderTest::Completion copy{
      completion->status, toString(completion->result.ptr, completion->result.len), {}, {}};
  if (completion->error != nullptr) {
    copy.code = toString(completion->error->code);
    copy.message = toString(completion->error->message);
  }
  self(instance).completions[completion->call_id].push_back(copy);
  return BUSBAR_OK;
}

busbar_status progress(busbar_instance*, busbar_id, const busbar_doc*) {
  return BUSBAR_OK;
}

std::string valueText(const busbar_value& value) {
  switch (value.type) {
    case BUSBAR_V_BOOL:
      return value.u.i != 0 ? "true" : "false";
    case BUSBAR_V_INT:
      return std::to_string(value.u.i);
    case BUSBAR_V_DOUBLE:
      return std::to_string(value.u.d);
    case BUSBAR_V_STR:
      return toString(value.u.s);
    case BUSBAR_V_DOC:
      return toString(value.u.b.ptr, value.u.b.len);
    default:
      return {};
  }
}

busbar_status statusSet(busbar_instance* instance, const busbar_point* points, uint32_t count,
                        uint32_t stride) {
  DriverUnderTest& test = self(instance);
  if (test.answer < 0) {
    return test.answer;
  }
  const auto* at = reinterpret_cast<const char*>(points);
  for (uint32_t i = 0; i < count; ++i, at += stride) {
    const auto& point = *reinterpret_cast<const busbar_point*>(at);
    test.published.push_back({toString(point.key), point.value.type, valueText(point.value)});
  }
  return BUSBAR_OK;
}

busbar_status send(busbar_instance* instance, const busbar_send* send) {
  if (self(instance).answer >= 0) {
    const std::string peer = toString(send->peer);
    self(instance).sent.push_back((peer.empty() ? peer : peer + ": ") +
                                  toString(send->bytes.ptr, send->bytes.len));
  }
  return self(instance).answer;
}

busbar_status enqueue(busbar_instance* instance, const busbar_command* command) {
  if (self(instance).answer >= 0) {
    self(instance).queued.push_back(
        {*command, toString(command->name), toString(command->payload.ptr, command->payload.len)});
  }
  return self(instance).answer;
}

busbar_status commandDone(busbar_instance* instance, const busbar_command_result* result) {
  self(instance).commandsDone.emplace_back(result->task, result->status);
  return BUSBAR_OK;
}

busbar_status link(busbar_instance* instance, const busbar_link_request* request) {
  const bool hasPeer = request->struct_size >= sizeof *request;  // of minor 1
  const std::string peer = hasPeer ? toString(request->peer) : std::string();
  self(instance).linkRequests.push_back(std::to_string(request->action) +
                                        (peer.empty() ? peer : " " + peer));
  return self(instance).linkAnswer;
}

busbar_status setTimer(busbar_instance* instance, const busbar_timer* timer) {
  self(instance).timers[timer->token] = *timer;
  return BUSBAR_OK;
}

busbar_status cancel(busbar_instance* instance, busbar_id token) {
  return self(instance).timers.erase(token) != 0 ? BUSBAR_OK : BUSBAR_E_NOTFOUND;
}

busbar_status post(busbar_instance* instance, busbar_id token, busbar_bytes) {
  if (self(instance).answer >= 0) {
    self(instance).posts.push_back(token);
  }
  return self(instance).answer;
}

busbar_status stopDone(busbar_instance*, busbar_status) {
  return BUSBAR_OK;
}
int64_t timeNs(busbar_instance*, uint32_t clock) {
  return clock <= BUSBAR_CLOCK_UTC ? 1 : -1;
}
const void* extension(busbar_instance* instance, const char* id) {
  const auto& granted = self(instance).extensions;
  const auto found = granted.find(id);
  return found == granted.end() ? nullptr : found->second;
}

}  // namespace

busbar_host DriverUnderTest::makeHost() {
  busbar_host host{};
  host.struct_size = sizeof(host);
  host.abi_minor = BUSBAR_ABI_MINOR_LATEST;
  host.host_version = {"test", 4};
  host.log = log;
  host.complete = test::complete;
  host.progress = progress;
  host.status_set = statusSet;
  host.send = test::send;
  host.enqueue = enqueue;
  host.command_done = commandDone;
  host.link = test::link;
  host.timer = setTimer;
  host.cancel = cancel;
  host.post = post;
  host.stop_done = stopDone;
  host.time_ns = timeNs;
  host.extension = test::extension;
  return host;
}

DriverUnderTest::DriverUnderTest(const std::string& path) : host_(makeHost()) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  BUSBAR_CHECK(library != nullptr);
  using Entry = const busbar_driver* (*)(uint32_t, uint32_t);
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "busbar_entry_1"));
  BUSBAR_CHECK(entry != nullptr);
  table_ = entry(BUSBAR_ABI_MINOR_LATEST, 0);
  BUSBAR_CHECK(table_ != nullptr);
}

DriverUnderTest::~DriverUnderTest() {
  destroy();
}

busbar_status DriverUnderTest::create(const std::string& settings) {
  busbar_create_link main{};
  main.struct_size = sizeof(main);
  main.link_id = 1;
  main.kind = BUSBAR_LINK_TCP;
  main.role = {"main", 4};
  busbar_create_info info{};
  info.struct_size = sizeof(info);
  info.module_id = {"mod-1", 5};
  info.settings = toDoc(settings);
  info.links = &main;
  info.link_count = 1;
  info.link_stride = sizeof(main);
  return table_->create(&host_, instance(), &info, &state_);
}

busbar_status DriverUnderTest::start() {
  return table_->start(state_);
}

busbar_status DriverUnderTest::stop() {
  busbar_stop_info info{};
  info.struct_size = sizeof(info);
  info.reason = BUSBAR_STOP_USER;
  return table_->stop(state_, &info);
}

void DriverUnderTest::destroy() {
  if (state_ != nullptr) {
    table_->destroy(state_);
    state_ = nullptr;
  }
}

busbar_status DriverUnderTest::execute(busbar_id id, const std::string& function,
                                       const std::string& args) {
  busbar_call call{};
  call.struct_size = sizeof(call);
  call.call_id = id;
  call.function = toStr(function);
  call.args = toDoc(args);
  return table_->execute(state_, &call);
}

busbar_status DriverUnderTest::settings(const std::string& settings, const std::string& changed) {
  busbar_settings block{};
  block.struct_size = sizeof(block);
  block.settings = toDoc(settings);
  block.changed_keys = toDoc(changed);
  return table_->on_settings(state_, &block);
}

void DriverUnderTest::connected(bool up, uint32_t kind, const std::string& peer, uint32_t link) {
  busbar_link_info info{};
  info.struct_size = sizeof(info);
  info.link_id = link;
  info.generation = 1;
  info.kind = kind;
  info.peer = {peer.data(), peer.size()};
  up ? table_->connected(state_, &info) : table_->disconnected(state_, &info);
}

busbar_status DriverUnderTest::received(const std::string& bytes, busbar_id task,
                                        const std::string& peer) {
  busbar_received block{};
  block.struct_size = sizeof(block);
  block.link_id = 1;
  block.bytes = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  block.task = task;
  block.peer = {peer.data(), peer.size()};
  return table_->received(state_, &block);
}

void DriverUnderTest::cancelled(busbar_id id) {
  table_->cancelled(state_, id);
}

void DriverUnderTest::event(const busbar_event& event) {
  table_->event(state_, &event);
}

void DriverUnderTest::fireTimer(busbar_id token) {
  busbar_event event{};
  event.struct_size = sizeof(event);
  event.type = BUSBAR_EV_TIMER;
  event.token = token;
  table_->event(state_, &event);
}

void DriverUnderTest::endCommand(busbar_id token, busbar_status status,
                                 const std::string& message) {
  busbar_error error{};
  error.struct_size = sizeof(error);
  error.status = status;
  error.message = toStr(message);
  busbar_event event{};
  event.struct_size = sizeof(event);
  event.type = BUSBAR_EV_COMMAND;
  event.token = token;
  event.status = status;
  event.error = status < 0 ? &error : nullptr;
  table_->event(state_, &event);
}

void DriverUnderTest::deliverPosts() {
  std::vector<busbar_id> waiting;
  waiting.swap(posts);
  for (const busbar_id token : waiting) {
    busbar_event event{};
    event.struct_size = sizeof(event);
    event.type = BUSBAR_EV_POST;
    event.token = token;
    table_->event(state_, &event);
  }
}

std::string builtFile(const std::string& path) {
  const char* build = ::getenv("BUSBAR_BUILD");
  return std::string(build != nullptr ? build : ".") + "/" + path;
}

}  // namespace busbar::test
