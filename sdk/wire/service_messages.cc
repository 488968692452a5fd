// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/service_messages.h"

#include "sdk/wire/bytes.h"
#include "sdk/wire/error_codec.h"

namespace busbar::wire {
namespace {

void put(Writer& w, const RequestHead& head) {
  w.raw(head.token, head.parentCall, head.deadlineNs);
}

RequestHead takeHead(Reader& r) {
  RequestHead head;
  head.token = r.u64();
  head.parentCall = r.u64();
  head.deadlineNs = r.i64();
  return head;
}

}  // namespace

void encode(std::string& out, uint64_t instance, const HttpRequest& m) {
  const FrameBuilder frame(out, Type::HttpRequest, instance);
  Writer w(out);
  put(w, m.head);
  w.raw(m.flags, m.timeoutMs, m.maxBytes, m.maxRedirects);
  for (const std::string_view s : {m.method, m.url, m.headers, m.auth, m.body}) {
    w.str(s);
  }
}

bool decode(std::string_view payload, HttpRequest& m) {
  Reader r(payload);
  m.head = takeHead(r);
  m.flags = r.u32();
  m.timeoutMs = r.u32();
  m.maxBytes = r.u32();
  m.maxRedirects = r.u32();
  for (std::string_view* s : {&m.method, &m.url, &m.headers, &m.auth, &m.body}) {
    *s = r.str();
  }
  return r.done();
}

void encode(std::string& out, uint64_t instance, const StoreRequest& m) {
  const FrameBuilder frame(out, Type::StoreRequest, instance);
  Writer w(out);
  put(w, m.head);
  w.u32(m.operation);
  w.str(m.key);
  w.str(m.value);
}

bool decode(std::string_view payload, StoreRequest& m) {
  Reader r(payload);
  m.head = takeHead(r);
  m.operation = r.u32();
  m.key = r.str();
  m.value = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const ModuleCall& m) {
  FrameInPlace frame(out, Type::ModuleCall, instance,
                     40 + m.target.size() + m.function.size() + m.args.size());
  frame.raw(m.head.token, m.head.parentCall, m.head.deadlineNs, m.timeoutMs);
  for (const std::string_view s : {m.target, m.function, m.args}) {
    frame.str(s);
  }
}

bool decode(std::string_view payload, ModuleCall& m) {
  Reader r(payload);
  m.head = takeHead(r);
  m.timeoutMs = r.u32();
  for (std::string_view* s : {&m.target, &m.function, &m.args}) {
    *s = r.str();
  }
  return r.done();
}

void encode(std::string& out, uint64_t instance, const Subscribe& m) {
  const FrameBuilder frame(out, Type::Subscribe, instance);
  Writer w(out);
  put(w, m.head);
  w.str(m.target);
  w.str(m.key);
}

bool decode(std::string_view payload, Subscribe& m) {
  Reader r(payload);
  m.head = takeHead(r);
  m.target = r.str();
  m.key = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const Schedule& m) {
  const FrameBuilder frame(out, Type::Schedule, instance);
  Writer w(out);
  put(w, m.head);
  w.raw(m.flags, m.atNs);
  w.str(m.cron);
  w.str(m.timeZone);
}

bool decode(std::string_view payload, Schedule& m) {
  Reader r(payload);
  m.head = takeHead(r);
  m.flags = r.u32();
  m.atNs = r.i64();
  m.cron = r.str();
  m.timeZone = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const HttpTaken& m) {
  const FrameBuilder frame(out, Type::HttpTaken, instance);
  Writer(out).raw(m.token, m.bytes);
}

bool decode(std::string_view payload, HttpTaken& m) {
  Reader r(payload);
  m.token = r.u64();
  m.bytes = r.u32();
  return r.done();
}

void encodeRelease(std::string& out, uint64_t instance, uint64_t token) {
  const FrameBuilder frame(out, Type::Release, instance);
  Writer(out).u64(token);
}

bool decodeRelease(std::string_view payload, uint64_t& token) {
  Reader r(payload);
  token = r.u64();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const ServiceEvent& m) {
  const WireError& e = m.error;
  FrameInPlace frame(out, Type::ServiceEvent, instance,
                     49 + m.source.size() + m.key.size() + m.doc.size() + e.code.size() +
                         e.message.size() + e.details.size());
  frame.raw(m.type, m.token, static_cast<uint8_t>(m.ends ? 1 : 0));
  for (const std::string_view s : {m.source, m.key, m.doc}) {
    frame.str(s);
  }
  frame.raw(e.status);
  frame.str(e.code);
  frame.str(e.message);
  frame.raw(e.flags, e.retryAfterMs);
  frame.str(e.details);
}

bool decode(std::string_view payload, ServiceEvent& m) {
  Reader r(payload);
  m.type = r.u32();
  m.token = r.u64();
  const uint8_t ends = r.u8();
  m.ends = ends == 1;
  for (std::string_view* s : {&m.source, &m.key, &m.doc}) {
    *s = r.str();
  }
  m.error = takeError(r);
  return r.done() && ends <= 1;
}

void encode(std::string& out, uint64_t instance, const HttpPart& m) {
  const FrameBuilder frame(out, Type::HttpPart, instance);
  Writer w(out);
  w.raw(m.token, m.flags, m.httpStatus);
  for (const std::string_view s : {m.url, m.headers, m.bytes}) {
    w.str(s);
  }
}

bool decode(std::string_view payload, HttpPart& m) {
  Reader r(payload);
  m.token = r.u64();
  m.flags = r.u32();
  m.httpStatus = r.u32();
  for (std::string_view* s : {&m.url, &m.headers, &m.bytes}) {
    *s = r.str();
  }
  return r.done();
}

}  // namespace busbar::wire
