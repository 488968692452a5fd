// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/messages.h"

#include <busbar/driver.h>

#include "sdk/wire/bytes.h"
#include "sdk/wire/error_codec.h"

namespace busbar::wire {

void put(Writer& w, const WireError& e) {
  if (e.code.empty() && e.message.empty() && e.details.empty()) {
    w.raw(e.status, uint32_t{0}, uint32_t{0}, e.flags, e.retryAfterMs, uint32_t{0});
    return;
  }
  w.i32(e.status);
  w.str(e.code);
  w.str(e.message);
  w.u32(e.flags);
  w.u32(e.retryAfterMs);
  w.str(e.details);
}

namespace {

void putValue(Writer& w, const StatePoint& p) {
  switch (p.type) {
    case BUSBAR_V_BOOL:
      w.u8(p.i != 0 ? 1 : 0);
      break;
    case BUSBAR_V_INT:
      w.i64(p.i);
      break;
    case BUSBAR_V_DOUBLE:
      w.f64(p.d);
      break;
    case BUSBAR_V_STR:
    case BUSBAR_V_DOC:
      w.str(p.text);
      break;
    default:
      break;
  }
}

bool takeValue(Reader& r, StatePoint& p) {
  switch (p.type) {
    case BUSBAR_V_NULL:
      return true;
    case BUSBAR_V_BOOL:
      p.i = r.u8();
      return p.i <= 1;
    case BUSBAR_V_INT:
      p.i = r.i64();
      return true;
    case BUSBAR_V_DOUBLE:
      p.d = r.f64();
      return true;
    case BUSBAR_V_STR:
    case BUSBAR_V_DOC:
      p.text = r.str();
      return true;
    default:
      return false;
  }
}

}  // namespace

void encode(std::string& out, const Hello& m) {
  const FrameBuilder frame(out, Type::Hello, 0);
  Writer w(out);
  w.u32(m.wire);
  w.u32(m.strandHardMs);
  w.u32(m.logBytesPerS);
  w.str(m.hostVersion);
}

bool decode(std::string_view payload, Hello& m) {
  Reader r(payload);
  m.wire = r.u32();
  m.strandHardMs = r.u32();
  m.logBytesPerS = r.u32();
  m.hostVersion = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const Create& m) {
  const FrameBuilder frame(out, Type::Create, instance);
  Writer w(out);
  for (const std::string_view s :
       {m.moduleId, m.systemId, m.driverId, m.epoch, m.timeZone, m.locale, m.settings}) {
    w.str(s);
  }
  w.u8(m.logLevel);
  w.u32(m.slot);
  w.u32(static_cast<uint32_t>(m.links.size()));
  for (const CreateLink& link : m.links) {
    w.u32(link.linkId);
    w.u32(link.kind);
    w.str(link.role);
    w.str(link.framing);
    w.u32(link.maxFrameBytes);
    w.u32(link.idleCloseMs);
    w.u8(link.mayStartTls ? 1 : 0);
  }
  w.u32(static_cast<uint32_t>(m.extensions.size()));
  for (const std::string_view id : m.extensions) {
    w.str(id);
  }
  w.u32(static_cast<uint32_t>(m.status.size()));
  for (const CreateStatus& status : m.status) {
    w.u8(status.isPattern ? 1 : 0);
    w.str(status.key);
  }
}

bool decode(std::string_view payload, Create& m) {
  Reader r(payload);
  for (std::string_view* s :
       {&m.moduleId, &m.systemId, &m.driverId, &m.epoch, &m.timeZone, &m.locale, &m.settings}) {
    *s = r.str();
  }
  m.logLevel = r.u8();
  m.slot = r.u32();
  m.links.resize(r.count(25));
  for (CreateLink& link : m.links) {
    link.linkId = r.u32();
    link.kind = r.u32();
    link.role = r.str();
    link.framing = r.str();
    link.maxFrameBytes = r.u32();
    link.idleCloseMs = r.u32();
    link.mayStartTls = r.u8() != 0;
  }
  m.extensions.resize(r.count(4));
  for (std::string_view& id : m.extensions) {
    id = r.str();
  }
  m.status.resize(r.count(5));
  for (CreateStatus& status : m.status) {
    status.isPattern = r.u8() != 0;
    status.key = r.str();
  }
  return r.done();
}

void encode(std::string& out, uint64_t instance, const Stop& m) {
  const FrameBuilder frame(out, Type::Stop, instance);
  Writer w(out);
  w.u32(m.reason);
  w.i64(m.deadlineNs);
}

bool decode(std::string_view payload, Stop& m) {
  Reader r(payload);
  m.reason = r.u32();
  m.deadlineNs = r.i64();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const SettingsUpdate& m) {
  const FrameBuilder frame(out, Type::Settings, instance);
  Writer w(out);
  w.str(m.settings);
  w.str(m.changedKeys);
}

bool decode(std::string_view payload, SettingsUpdate& m) {
  Reader r(payload);
  m.settings = r.str();
  m.changedKeys = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const LinkUp& m) {
  const FrameBuilder frame(out, Type::LinkUp, instance, 1);
  Writer w(out);
  w.u32(m.linkId);
  w.u32(m.generation);
  w.u32(m.kind);
  w.str(m.peer);
}

bool decode(std::string_view payload, LinkUp& m) {
  Reader r(payload);
  m.linkId = r.u32();
  m.generation = r.u32();
  m.kind = r.u32();
  m.peer = r.str();
  return r.done();
}

void encode(std::string& out, Type linkDownOrLost, uint64_t instance, const LinkDown& m) {
  const FrameBuilder frame(out, linkDownOrLost, instance);
  Writer w(out);
  w.u32(m.linkId);
  w.u32(m.generation);
  put(w, m.error);
}

bool decode(std::string_view payload, LinkDown& m) {
  Reader r(payload);
  m.linkId = r.u32();
  m.generation = r.u32();
  m.error = takeError(r);
  return r.done();
}

void encode(std::string& out, uint64_t call, const Execute& m) {
  FrameInPlace frame(out, Type::Execute, call,
                     32 + m.function.size() + m.args.size() + m.userId.size() + m.trace.size());
  frame.raw(m.instance, m.role, m.deadlineNs);
  for (const std::string_view s : {m.function, m.args, m.userId, m.trace}) {
    frame.str(s);
  }
}

bool decode(std::string_view payload, Execute& m) {
  Reader r(payload);
  m.instance = r.u32();
  m.role = r.u32();
  m.deadlineNs = r.i64();
  m.function = r.str();
  m.args = r.str();
  m.userId = r.str();
  m.trace = r.str();
  return r.done();
}

void encodeCancel(std::string& out, uint64_t call, uint32_t instance) {
  const FrameBuilder frame(out, Type::Cancel, call);
  Writer(out).u32(instance);
}

bool decodeCancel(std::string_view payload, uint32_t& instance) {
  Reader r(payload);
  instance = r.u32();
  return r.done();
}

void encodeLogLevel(std::string& out, uint64_t instance, uint8_t level) {
  const FrameBuilder frame(out, Type::LogLevel, instance);
  Writer(out).u8(level);
}

bool decodeLogLevel(std::string_view payload, uint8_t& level) {
  Reader r(payload);
  level = r.u8();
  return r.done();
}

void encodeEmpty(std::string& out, Type type, uint64_t id) {
  const FrameBuilder frame(out, type, id);
}

void encode(std::string& out, const Ready& m) {
  const FrameBuilder frame(out, Type::Ready, 0);
  Writer w(out);
  w.u32(m.wire);
  w.u32(m.abiMajor);
  w.u32(m.abiMinor);
  put(w, m.error);
}

bool decode(std::string_view payload, Ready& m) {
  Reader r(payload);
  m.wire = r.u32();
  m.abiMajor = r.u32();
  m.abiMinor = r.u32();
  m.error = takeError(r);
  return r.done();
}

void encodeOutcome(std::string& out, Type type, uint64_t instance, const WireError& error) {
  const FrameBuilder frame(out, type, instance);
  Writer w(out);
  put(w, error);
}

bool decodeOutcome(std::string_view payload, WireError& error) {
  Reader r(payload);
  error = takeError(r);
  return r.done();
}

void encode(std::string& out, uint64_t call, const Complete& m) {
  const WireError& e = m.error;
  FrameInPlace frame(out, Type::Complete, call,
                     32 + m.result.size() + e.code.size() + e.message.size() + e.details.size());
  frame.raw(m.httpStatus);
  frame.str(m.result);
  frame.raw(e.status);
  frame.str(e.code);
  frame.str(e.message);
  frame.raw(e.flags, e.retryAfterMs);
  frame.str(e.details);
}

bool decode(std::string_view payload, Complete& m) {
  Reader r(payload);
  m.httpStatus = r.u32();
  m.result = r.str();
  m.error = takeError(r);
  return r.done();
}

void encodeProgress(std::string& out, uint64_t call, std::string_view doc) {
  const FrameBuilder frame(out, Type::Progress, call);
  Writer(out).str(doc);
}

bool decodeProgress(std::string_view payload, std::string_view& doc) {
  Reader r(payload);
  doc = r.str();
  return r.done();
}

void encodeState(std::string& out, uint64_t instance, const StatePoint* points, size_t count) {
  const FrameBuilder frame(out, Type::State, instance);
  Writer w(out);
  w.u32(static_cast<uint32_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const StatePoint& p = points[i];
    w.u64(p.sequence);
    w.i64(p.timeNs);
    w.u8(p.quality);
    w.str(p.key);
    w.u8(p.type);
    putValue(w, p);
  }
}

bool decodeState(std::string_view payload, std::vector<StatePoint>& points) {
  Reader r(payload);
  points.resize(r.count(22));
  for (StatePoint& p : points) {
    p = {};
    p.sequence = r.u64();
    p.timeNs = r.i64();
    p.quality = r.u8();
    p.key = r.str();
    p.type = r.u8();
    if (!r.ok() || !takeValue(r, p)) {
      return false;
    }
  }
  return r.done();
}

void encode(std::string& out, uint64_t instance, const Log& m) {
  const FrameBuilder frame(out, Type::Log, instance);
  Writer w(out);
  w.u8(m.level);
  w.u8(m.flags);
  w.i64(m.timeNs);
  w.u64(m.call);
  w.u32(m.dropped);
  w.str(m.message);
  w.str(m.fields);
}

bool decode(std::string_view payload, Log& m) {
  Reader r(payload);
  m.level = r.u8();
  m.flags = r.u8();
  m.timeNs = r.i64();
  m.call = r.u64();
  m.dropped = r.u32();
  m.message = r.str();
  m.fields = r.str();
  return r.done();
}

void encode(std::string& out, uint64_t instance, const LinkRequest& m) {
  const FrameBuilder frame(out, Type::LinkRequest, instance);
  Writer w(out);
  w.u32(m.linkId);
  w.u32(m.action);
  w.u32(m.generation);
}

bool decode(std::string_view payload, LinkRequest& m) {
  Reader r(payload);
  m.linkId = r.u32();
  m.action = r.u32();
  m.generation = r.u32();
  return r.done();
}

}  // namespace busbar::wire
