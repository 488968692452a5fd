// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The half of Instance that drivers call, from any thread; the mutex is held.
#include <cstring>
#include <string>

#include "host/runner/blocks.h"
#include "host/runner/instance.h"
#include "sdk/base/json.h"

namespace busbar::runner {
namespace {

constexpr size_t kMaxLogMessageBytes = 16U << 10U;
constexpr size_t kMaxReasonBytes = 1024;  // the host shows less, after it has masked secrets
constexpr uint32_t kMaxPoints = 65'536;

}  // namespace

busbar_status Instance::illegal(std::string_view what, busbar_id call) {
  process_.logCheck(kLevelDriverBug, number_, call, what);
  return BUSBAR_E_STATE;
}

busbar_status Instance::invalid(std::string_view what, busbar_id call) {
  process_.logCheck(kLevelDriverBug, number_, call, what);
  return BUSBAR_E_INVALID;
}

void Instance::log(const busbar_log_record* record) {
  busbar_log_record in{};
  if (!readBlock(record, in) || in.level < BUSBAR_LOG_TRACE || in.level > BUSBAR_LOG_ERROR) {
    invalid("log: unknown level or no record");
    return;
  }
  if (in.level < logLevel_) {
    return;
  }
  wire::Log line;
  line.level = static_cast<uint8_t>(in.level);
  line.call = in.parent_call;
  std::string_view message;
  if (!viewText(in.message, kMaxDocBytes, message)) {
    invalid("log: malformed message");
    return;
  }
  line.message = clipUtf8(message, kMaxLogMessageBytes);
  if (!json::isUtf8(line.message)) {
    invalid("log: the message is not UTF-8");
    return;
  }
  if (in.level == BUSBAR_LOG_ERROR && reason_) {
    reason_ = clipUtf8(line.message, kMaxReasonBytes);
  }
  if (!viewDoc(in.fields, line.fields) || line.fields.size() > kMaxLogMessageBytes) {
    line.fields = {};
    invalid("log: the fields are not valid JSON of at most 16 KiB");
  }
  process_.logLine(bucket_, number_, line);
}

busbar_status Instance::complete(const busbar_completion* completion) {
  busbar_completion in{};
  if (!readBlock(completion, in)) {
    return invalid("complete: no block");
  }
  if (!isActive()) {
    return illegal("complete: the module is not running", in.call_id);
  }
  switch (calls_.complete(in.call_id)) {
    case OpenCalls::End::Done:
      break;
    case OpenCalls::End::Crossed:
      return BUSBAR_E_STATE;
    case OpenCalls::End::Duplicate:
      return illegal("complete: the call was completed before, or never existed", in.call_id);
  }
  endChildren(in.call_id);
  wire::Complete out;
  busbar_status answer = BUSBAR_OK;
  if (const char* why = readError(in.status, in.error, out.error)) {
    answer = invalid(std::string("complete: ") + why, in.call_id);
  }
  const bool badHttp = in.http_status != 0 && (in.http_status < 200 || in.http_status > 599);
  if (!viewDoc(in.result, out.result) || badHttp) {
    // The call ends all the same, so that its caller learns of it now and not at the deadline.
    answer = invalid(badHttp ? "complete: http_status is not 200..599"
                             : "complete: the result is not valid JSON of at most 1 MiB",
                     in.call_id);
    out.result = {};
    out.error = {BUSBAR_E_INTERNAL,
                 "driver_bad_result",
                 "the driver's answer was malformed; see the module's log",
                 0,
                 0,
                 {}};
  } else {
    out.httpStatus = in.http_status;
  }
  wire::encode(process_.outbox.priority(), in.call_id, out);
  process_.touch();
  return answer;
}

busbar_status Instance::progress(busbar_id call, const busbar_doc* doc) {
  if (!isActive() || !calls_.isOpen(call)) {
    return BUSBAR_E_STATE;
  }
  std::string_view text;
  if (doc == nullptr || !viewDoc(*doc, text)) {
    return invalid("progress: not valid JSON of at most 1 MiB", call);
  }
  if (!process_.outbox.hasRoom(text.size() + 32)) {
    return BUSBAR_E_AGAIN;
  }
  wire::encodeProgress(process_.outbox.bulk(), call, text);
  process_.touch();
  return BUSBAR_OK;
}

busbar_status Instance::statusSet(const busbar_point* points, uint32_t count, uint32_t stride) {
  if (!isActive()) {
    return illegal("status_set: the module is not running");
  }
  if (count == 0) {
    return BUSBAR_OK;
  }
  if (points == nullptr || stride < sizeof(uint32_t) || count > kMaxPoints) {
    return invalid("status_set: no points, no stride, or more than 65536 points");
  }
  std::vector<wire::StatePoint>& accepted = process_.points;
  accepted.clear();
  gate_.beginBatch();
  size_t bytes = wire::kHeaderBytes + 4;
  const auto* at = reinterpret_cast<const unsigned char*>(points);
  for (uint32_t i = 0; i < count; ++i, at += stride) {
    busbar_point in{};
    wire::StatePoint out;
    uint32_t size = 0;
    std::memcpy(&size, at, sizeof size);
    if (size > stride || !readBlock(reinterpret_cast<const busbar_point*>(at), in)) {
      return invalid("status_set: a point has a wrong size");
    }
    if (const char* why = gate_.check(in, out)) {
      return invalid(std::string("status_set: ") + why);
    }
    bytes += 34 + out.key.size() + out.text.size();
    accepted.push_back(out);
  }
  if (bytes > Outbox::kBulkLimitBytes) {
    return invalid("status_set: more than 1 MiB at once");
  }
  if (!process_.outbox.hasRoom(bytes)) {
    return BUSBAR_E_AGAIN;
  }
  const int64_t utcNs = process_.loop.clock().utcNs();
  for (wire::StatePoint& point : accepted) {
    point.sequence = gate_.accept(point);
    point.timeNs = point.timeNs == 0 ? utcNs : point.timeNs;
  }
  wire::encodeState(process_.outbox.bulk(), number_, accepted.data(), accepted.size());
  process_.touch();
  return BUSBAR_OK;
}

busbar_status Instance::timer(const busbar_timer* timer) {
  busbar_timer in{};
  if (!readBlock(timer, in) || in.flags != 0) {
    return invalid("timer: no block, or unknown flags");
  }
  if (!isActive()) {
    return illegal("timer: the module is not running");
  }
  if (in.parent_call != 0 && !calls_.isOpen(in.parent_call)) {
    return BUSBAR_E_STATE;
  }
  const busbar_status status =
      timers_.set(in.token, in.first_ns, in.period_ns, in.parent_call, process_.nowNs());
  if (status == BUSBAR_E_INVALID) {
    return invalid("timer: token 0, negative time, or a period below 1 ms");
  }
  if (status == BUSBAR_OK) {
    process_.markDirty(*this);
  }
  return status;
}

busbar_status Instance::cancelToken(busbar_id token) {
  if (!isActive()) {
    return illegal("cancel: the module is not running");
  }
  bool found = timers_.cancel(token) || releaseRequest(token);
  for (const auto& link : links_) {
    if (link->hasQueue() && link->queue().cancel(token)) {
      found = true;
      process_.markDirty(*this);  // the next command may go
    }
  }
  return found ? BUSBAR_OK : BUSBAR_E_NOTFOUND;
}

busbar_status Instance::post(busbar_id token, busbar_bytes bytes) {
  if (!isActive()) {
    return illegal("post: the module is not running");
  }
  if (bytes.len > kMaxPostBytes || (bytes.ptr == nullptr && bytes.len != 0)) {
    return invalid("post: more than 64 KiB, or a length without bytes");
  }
  if (posts_ == kMaxPosts) {
    return BUSBAR_E_AGAIN;
  }
  ++posts_;
  pending_.push_back({BUSBAR_EV_POST, BUSBAR_OK, token,
                      std::string(reinterpret_cast<const char*>(bytes.ptr), bytes.len), nullptr});
  process_.markDirty(*this);
  return BUSBAR_OK;
}

busbar_status Instance::stopDone(busbar_status status) {
  if (state_ != State::Stopping || stopAnswered_) {
    return illegal("stop_done: stop is not pending");
  }
  stopAnswered_ = true;
  stopStatus_ = normalStatus(status);
  process_.markDirty(*this);
  return BUSBAR_OK;
}

}  // namespace busbar::runner
