// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The part of Instance that has to do with services of the host, on both sides.
#include <algorithm>
#include <string>
#include <string_view>

#include "host/runner/blocks.h"
#include "host/runner/instance.h"
#include "sdk/wire/service_messages.h"

namespace busbar::runner {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxUrlBytes = 8U << 10U;
constexpr size_t kMaxBodyBytes = 1U << 20U;
constexpr uint32_t kHttpFlags = BUSBAR_HTTP_STREAM | BUSBAR_HTTP_NO_COOKIES;

}  // namespace

// ---- any thread, mutex held

bool Instance::isGranted(std::string_view extension) const {
  return std::find(extensions_.begin(), extensions_.end(), extension) != extensions_.end();
}

// Registers a request and fills its head; `m` is sent when that went well.
template <class Message>
busbar_status Instance::request(std::string_view what, size_t bytes, bool replaces, Message& m) {
  if (!isActive()) {
    return illegal(std::string(what) + ": the module is not running");
  }
  const busbar_id token = m.head.token;
  const busbar_id parent = m.head.parentCall;
  if (parent != 0 && !calls_.isOpen(parent)) {
    return BUSBAR_E_STATE;
  }
  m.head.deadlineNs = calls_.deadlineNs(parent);
  if (m.head.deadlineNs <= process_.nowNs()) {
    return BUSBAR_E_TIMEOUT;
  }
  if (!process_.outbox.hasRoom(wire::kHeaderBytes + 64 + bytes)) {
    return BUSBAR_E_AGAIN;
  }
  const OpenRequests::Opened opened = requests_.open(token, parent, replaces);
  if (opened.status != BUSBAR_OK) {
    return opened.status == BUSBAR_E_INVALID
               ? invalid(std::string(what) + ": token 0, or a token that is in use")
               : opened.status;
  }
  if (opened.replaced != 0) {
    sendRelease(opened.replaced);
  }
  m.head.token = opened.id;
  wire::encode(process_.outbox.bulk(), number_, m);
  process_.touch();
  return BUSBAR_OK;
}

busbar_status Instance::httpRequest(const busbar_http_request* request) {
  busbar_http_request in{};
  wire::HttpRequest m;
  if (!readBlock(request, in) || (in.flags & ~kHttpFlags) != 0 ||
      !viewText(in.method, 32, m.method) || !viewText(in.url, kMaxUrlBytes, m.url) ||
      !viewDoc(in.headers, m.headers) || !viewDoc(in.auth, m.auth) || in.body.len > kMaxBodyBytes ||
      (in.body.ptr == nullptr && in.body.len != 0)) {
    return invalid("http: malformed request, or a body over 1 MiB");
  }
  m.head = {in.token, in.parent_call, 0};
  m.flags = in.flags;
  m.timeoutMs = in.timeout_ms;
  m.maxBytes = in.max_bytes;
  m.maxRedirects = in.max_redirects;
  m.body = {reinterpret_cast<const char*>(in.body.ptr), in.body.len};
  return this->request("http", m.url.size() + m.headers.size() + m.auth.size() + m.body.size(),
                       false, m);
}

busbar_status Instance::storeRequest(const busbar_store_request* request) {
  busbar_store_request in{};
  wire::StoreRequest m;
  if (!readBlock(request, in) || in.operation < BUSBAR_STORE_GET ||
      in.operation > BUSBAR_STORE_LIST || !viewText(in.key, kMaxNameBytes, m.key) ||
      !viewDoc(in.value, m.value)) {
    return invalid("store: unknown operation, malformed value, or a key over 128 bytes");
  }
  m.head = {in.token, in.parent_call, 0};
  m.operation = in.operation;
  return this->request("store", m.key.size() + m.value.size(), false, m);
}

busbar_status Instance::moduleCall(const busbar_module_call* call) {
  busbar_module_call in{};
  wire::ModuleCall m;
  if (!readBlock(call, in) || !viewText(in.target, kMaxNameBytes, m.target) ||
      !viewText(in.function, kMaxNameBytes, m.function) || !viewDoc(in.args, m.args)) {
    return invalid("modules: call without target or function, or with malformed arguments");
  }
  m.head = {in.token, in.parent_call, 0};
  m.timeoutMs = in.timeout_ms;
  return request("modules", m.target.size() + m.function.size() + m.args.size(), false, m);
}

busbar_status Instance::subscribe(const busbar_subscription* subscription) {
  busbar_subscription in{};
  wire::Subscribe m;
  if (!readBlock(subscription, in) || in.flags != 0 ||
      !viewText(in.target, kMaxNameBytes, m.target) || !viewText(in.key, kMaxNameBytes, m.key)) {
    return invalid("modules: subscription without target or key");
  }
  m.head.token = in.token;
  return request("modules", m.target.size() + m.key.size(), false, m);
}

busbar_status Instance::schedule(const busbar_schedule_request* request) {
  busbar_schedule_request in{};
  wire::Schedule m;
  if (!readBlock(request, in) || (in.flags & ~BUSBAR_SCHEDULE_CATCH_UP) != 0 ||
      !viewText(in.cron, 256, m.cron) || !viewText(in.time_zone, kMaxNameBytes, m.timeZone)) {
    return invalid("schedule: unknown flags, or an expression over 256 bytes");
  }
  m.head.token = in.token;
  m.flags = in.flags;
  m.atNs = in.at_ns;
  return this->request("schedule", m.cron.size() + m.timeZone.size(), true, m);
}

bool Instance::releaseRequest(busbar_id token) {
  const uint64_t id = requests_.end(token);
  if (id != 0) {
    sendRelease(id);
  }
  return id != 0;
}

// Behind the request, which may still wait, and whether or not there is room: there are no more
// releases than requests.
void Instance::sendRelease(uint64_t id) {
  wire::encodeRelease(process_.outbox.bulk(), number_, id);
  process_.touch();
}

void Instance::endChildren(busbar_id call) {
  timers_.endCall(call);
  for (const uint64_t id : requests_.endCall(call)) {
    sendRelease(id);
  }
}

// ---- strand

// 0 when the driver has given the request up, or it never was.
busbar_id Instance::takeToken(uint64_t id, bool ends) {
  const ProcessLock lock(process_);
  return requests_.take(id, ends);
}

void Instance::serviceEvent(const wire::ServiceEvent& m) {
  if (!isActive() || process_.driver.event == nullptr) {
    return;
  }
  const busbar_id token = m.token != 0 ? takeToken(m.token, m.ends) : 0;
  if (m.token != 0 && token == 0) {
    return;
  }
  busbar_error error{};
  error.struct_size = sizeof error;
  error.status = m.error.status;
  error.code = toStr(m.error.code);
  error.message = toStr(m.error.message);
  error.flags = m.error.flags;
  error.retry_after_ms = m.error.retryAfterMs;
  error.details = toDoc(m.error.details);
  busbar_event event{};
  event.struct_size = sizeof event;
  event.type = m.type;
  event.token = token;
  event.status = m.error.status;
  event.key = toStr(m.key);
  event.doc = toDoc(m.doc);
  event.error = m.error.status < 0 ? &error : nullptr;
  event.source = toStr(m.source);
  const CallScope scope(process_, Entry::Event, number_, 0);
  process_.driver.event(driverState_, &event);
}

void Instance::httpPart(const wire::HttpPart& m) {
  if (!isActive() || process_.driver.event == nullptr) {
    return;
  }
  const busbar_id token = takeToken(m.token, (m.flags & BUSBAR_HTTP_END) != 0);
  if (token == 0) {
    return;
  }
  busbar_http_part part{};
  part.struct_size = sizeof part;
  part.flags = m.flags;
  part.http_status = m.httpStatus;
  part.url = toStr(m.url);
  part.headers = toDoc(m.headers);
  part.bytes = {reinterpret_cast<const uint8_t*>(m.bytes.data()), m.bytes.size()};
  busbar_event event{};
  event.struct_size = sizeof event;
  event.type = BUSBAR_EV_HTTP;
  event.token = token;
  event.http = &part;
  {
    const CallScope scope(process_, Entry::Event, number_, 0);
    process_.driver.event(driverState_, &event);
  }
  if ((m.flags & BUSBAR_HTTP_END) == 0 && !m.bytes.empty()) {
    const ProcessLock lock(process_);
    wire::encode(process_.outbox.priority(), number_,
                 wire::HttpTaken{m.token, static_cast<uint32_t>(m.bytes.size())});
    process_.touch();
  }
}

}  // namespace busbar::runner
