// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// What a module does with each frame of its runner. Shape: sdk/wire/WIRE.md "Runner to host".
#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "host/module/module.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr size_t kSpareBytes = 1U << 10U;

struct StatusRow {
  busbar_status status;
  ErrorCode code;
  const char* reason;
};

// One table: what a driver's status means to a caller.
constexpr StatusRow kStatusRows[] = {
    {BUSBAR_E_INVALID, ErrorCode::InvalidArgument, "driver_refused_arguments"},
    {BUSBAR_E_STATE, ErrorCode::FailedPrecondition, "driver_wrong_state"},
    {BUSBAR_E_DENIED, ErrorCode::PermissionDenied, "driver_denied"},
    {BUSBAR_E_AGAIN, ErrorCode::ResourceExhausted, "module_busy"},
    {BUSBAR_E_TIMEOUT, ErrorCode::DeadlineExceeded, "device_timeout"},
    {BUSBAR_E_CANCELLED, ErrorCode::Aborted, "cancelled"},
    {BUSBAR_E_OFFLINE, ErrorCode::Unavailable, "device_offline"},
    {BUSBAR_E_NOTFOUND, ErrorCode::NotFound, "driver_not_found"},
    {BUSBAR_E_DEVICE, ErrorCode::Internal, "device_error"},
    {BUSBAR_E_INTERNAL, ErrorCode::Internal, "driver_error"},
    {BUSBAR_E_UNSUPPORTED, ErrorCode::Unimplemented, "driver_unsupported"},
};

const StatusRow& rowOf(int32_t status) {
  for (const StatusRow& row : kStatusRows) {
    if (row.status == status) {
      return row;
    }
  }
  return kStatusRows[9];
}

// What a driver says as part of a sentence.
std::string oneLine(std::string text) {
  constexpr size_t kMaxBytes = 256;
  if (text.size() > kMaxBytes) {
    size_t end = kMaxBytes;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;  // not inside a UTF-8 sequence
    }
    text.resize(end);
    text += "…";
  }
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

bool isCode(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::string Module::clean(std::string_view text) const {
  std::string quoted;
  json::appendString(quoted, text.substr(0, 2000));
  std::string out = *json::parse(quoted)->asString();
  mask_.apply(out);
  return out;
}

bool Module::frame(const wire::Frame& frame, std::string& why) {
  switch (frame.type) {
    case wire::Type::Complete:
      return onComplete(frame, why);
    case wire::Type::State:
      return onState(frame, why);
    case wire::Type::Log:
      return onLog(frame, why);
    case wire::Type::Progress:
      return onProgress(frame, why);
    case wire::Type::LinkLost:
      return onLinkLost(frame, why);
    case wire::Type::LinkRequest:
      return onLinkRequest(frame, why);
    case wire::Type::HttpRequest:
    case wire::Type::StoreRequest:
    case wire::Type::ModuleCall:
    case wire::Type::Subscribe:
    case wire::Type::Schedule:
    case wire::Type::HttpTaken:
    case wire::Type::Release:
      return onService(frame, why);
    default:
      return onOutcome(frame, why);
  }
}

bool Module::onService(const wire::Frame& frame, std::string& why) {
  if (services_ == nullptr) {
    return true;  // it crossed the end of the module
  }
  bool fine = false;
  if (!services_->take(frame, fine, why)) {
    why = "a request to a service that was not granted";
    return false;
  }
  return fine;
}

bool Module::onOutcome(const wire::Frame& frame, std::string& why) {
  wire::WireError error;
  if (frame.type != wire::Type::Destroyed && !wire::decodeOutcome(frame.payload, error)) {
    why = "malformed outcome frame";
    return false;
  }
  const bool fine = error.status >= 0;
  const auto answer = [&](ModuleState expected, const char* step) {
    if (state_ != expected) {
      why = std::string(step) + " answered in state " + std::string(toString(state_));
      return false;
    }
    if (!fine) {
      const bool settings = error.status == BUSBAR_E_INVALID;
      fail(settings ? "settings_refused" : "driver_failed",
           "The driver refused to " + std::string(step) + ": " + oneLine(clean(error.message)) +
               (settings ? ". Correct the settings." : ". It is tried again by itself."));
    }
    event(fine ? ModuleEvent::Done : ModuleEvent::Refused);
    return true;
  };
  switch (frame.type) {
    case wire::Type::Created:
      return answer(ModuleState::Creating, "create");
    case wire::Type::Started:
      return answer(ModuleState::Starting, "start");
    case wire::Type::Stopped:
      if (state_ == ModuleState::Destroying) {
        return true;  // its answer crossed our patience
      }
      return answer(ModuleState::Stopping, "stop");
    case wire::Type::Destroyed:
      return answer(ModuleState::Destroying, "destroy");
    case wire::Type::SettingsDone:
      return onSettingsDone(error);
    case wire::Type::Failed:
      if (state_ == ModuleState::Running || state_ == ModuleState::Starting) {
        fail("driver_failed", "The driver gave up: " + oneLine(clean(error.message)) +
                                  ". It is started again by itself.");
        event(ModuleEvent::Failed);
      }
      return true;
    default:
      why = "unknown frame type " + std::to_string(static_cast<unsigned>(frame.type));
      return false;
  }
}

bool Module::onSettingsDone(const wire::WireError& error) {
  if (pendingSettings_.empty()) {
    return state_ != ModuleState::Running || error.status >= 0;
  }
  pendingSettings_.clear();
  if (error.status == BUSBAR_E_UNSUPPORTED) {
    restart(BUSBAR_STOP_SETTINGS);
  } else if (error.status < 0) {
    code_ = "settings_refused";
    sentence_ = "The driver refused the new settings and goes on with the old ones: " +
                oneLine(clean(error.message)) + ". Correct the settings.";
    changed();
  } else if (code_ == "settings_refused") {
    code_.clear();
    sentence_.clear();
    changed();
  }
  return true;
}

bool Module::onComplete(const wire::Frame& frame, std::string& why) {
  wire::Complete m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed complete frame";
    return false;
  }
  const int http = m.httpStatus >= 200 && m.httpStatus <= 599 ? static_cast<int>(m.httpStatus) : 0;
  callEnded();
  if (m.error.status < 0) {
    const StatusRow& row = rowOf(m.error.status);
    Error error =
        Error::because(row.code, isCode(m.error.code) ? std::string(m.error.code) : row.reason,
                       clean(m.error.message));
    error.httpStatus = http;
    context_.calls.complete(frame.id, std::move(error));
    return true;
  }
  if (const Status checked = m.result.empty() ? Status() : json::check(m.result, {.maxDepth = 32});
      !checked.ok()) {
    context_.calls.complete(
        frame.id, Error::because(ErrorCode::Internal, "driver_bad_result",
                                 "the driver's result is not valid " + checked.error().message));
    return true;
  }
  ExecuteReply reply;
  reply.httpStatus = http != 0 ? http : 200;
  reply.resultJson = std::move(spareResult_);
  reply.resultJson.assign(m.result.empty() ? "null" : m.result);
  Result<ExecuteReply> result(std::move(reply));
  context_.calls.complete(frame.id, std::move(result));
  if (result->resultJson.capacity() <= kSpareBytes) {
    spareResult_ = std::move(result->resultJson);  // unless who asked has taken it
  }
  return true;
}

bool Module::onProgress(const wire::Frame& frame, std::string& why) {
  std::string_view doc;
  if (!wire::decodeProgress(frame.payload, doc)) {
    why = "malformed progress frame";
    return false;
  }
  if (context_.calls.moduleOf(frame.id) != this) {
    return true;  // the call is over; its end crossed this
  }
  std::string text(doc);
  mask_.apply(text);
  if (json::check(text, {.maxDepth = 32}).ok()) {
    const CallProgress progress{frame.id, context_.calls.traceOf(frame.id), text,
                                context_.loop.clock().utcNs()};
    HostEvent event;
    event.kind = HostEvent::Kind::Progress;
    event.moduleId = config_.moduleId;
    event.epoch = config_.epoch;
    event.progress = &progress;
    context_.owner.publish(event);
  }
  return true;
}

bool Module::onState(const wire::Frame& frame, std::string& why) {
  if (!wire::decodeState(frame.payload, points_)) {
    why = "malformed state frame";
    return false;
  }
  const int64_t now = context_.loop.clock().utcNs();
  for (wire::StatePoint& point : points_) {
    std::string masked;
    if (!mask_.empty() && mask_.hits(point.text)) {
      masked = point.text;
      mask_.apply(masked);
      point.text = masked;
    }
    const auto taken = status_.take(point, now);
    if (taken.ok()) {
      publishState(**taken);
      continue;
    }
    LogLine line;
    line.utcNs = now;
    line.level = 6;
    line.message = taken.error().field + ": " + taken.error().message;
    addLog(std::move(line));
  }
  return true;
}

bool Module::onLog(const wire::Frame& frame, std::string& why) {
  wire::Log m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed log frame";
    return false;
  }
  LogLine line;
  line.utcNs = m.timeNs;
  line.level = (m.flags & wire::kLogFromChecks) != 0 ? 6 : std::min<int>(m.level, BUSBAR_LOG_ERROR);
  line.message = clean(m.message);
  if (m.dropped > 0) {
    line.message += " (" + std::to_string(m.dropped) + " lines dropped before by the rate limit)";
  }
  if (!m.fields.empty() && json::check(m.fields, {.maxBytes = 16384, .maxDepth = 8}).ok() &&
      m.fields.front() == '{') {
    line.fieldsJson = m.fields;
  }
  line.traceId = context_.calls.traceOf(m.call);
  addLog(std::move(line));
  return true;
}

bool Module::onLinkLost(const wire::Frame& frame, std::string& why) {
  wire::LinkDown m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed link frame";
    return false;
  }
  if (links_ != nullptr) {
    const std::string message = clean(m.error.message);
    m.error.message = message;
    links_->lost(m);
  }
  return true;
}

bool Module::onLinkRequest(const wire::Frame& frame, std::string& why) {
  wire::LinkRequest m;
  if (!wire::decode(frame.payload, m)) {
    why = "malformed link frame";
    return false;
  }
  if (links_ != nullptr && !links_->request(m)) {
    why = "unknown link action " + std::to_string(m.action);
    return false;
  }
  return true;
}

}  // namespace busbar
