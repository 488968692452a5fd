// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/calls.h"

#include <charconv>
#include <optional>
#include <variant>

#include "api/http/problem.h"
#include "api/resources/call_limits.h"
#include "api/resources/context.h"
#include "api/resources/refusal.h"

namespace busbar::api {
namespace {

constexpr Milliseconds kDefaultLimit{10'000};
constexpr int64_t kMaxLimitMs = 600'000;
constexpr Milliseconds kSweepEvery{200};

std::variant<Milliseconds, Refusal> limitOf(const http::Request& request, Milliseconds otherwise) {
  std::string_view name = "timeout_ms";
  auto text = request.query(name);
  if (!text) {
    name = "X-Busbar-Timeout";
    text = request.header(name);
  }
  if (!text) {
    return otherwise;
  }
  int64_t limit = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || limit < 1 ||
      limit > kMaxLimitMs) {
    return badParameter(name, "must be milliseconds, 1 to 600000");
  }
  return Milliseconds(limit);
}

// "Display_2" -> {"Display", 2}
json::Object placeOf(std::string_view systemId, std::string_view slug) {
  json::Object out;
  if (slug.empty()) {
    return out;
  }
  int64_t number = 1;
  const size_t underscore = slug.rfind('_');
  std::string_view name = slug;
  if (underscore != std::string_view::npos && underscore > 0) {
    const std::string_view tail = slug.substr(underscore + 1);
    const auto parsed = std::from_chars(tail.data(), tail.data() + tail.size(), number);
    if (!tail.empty() && parsed.ec == std::errc() && parsed.ptr == tail.data() + tail.size()) {
      name = slug.substr(0, underscore);
    } else {
      number = 1;
    }
  }
  out.set("sys_id", systemId);
  out.set("module_name", name);
  out.set("index", number);
  return out;
}

http::Response failure(Error error, std::string_view path, std::string_view requestId,
                       std::string_view systemId, std::string_view slug) {
  const int code = Calls::errorCodeOf(error);
  json::Object extra = placeOf(systemId, slug);
  extra.set("error_code", code);
  extra.set("message", error.message);
  extra.set("backtrace", json::Array());
  return http::problem(error, path, requestId, extra);
}

void recordExec(AuditStore& audit, const Actor& actor, const model::Module& mod,
                std::string_view function, std::string_view systemId) {
  json::Object details;
  details.set("function", function);
  if (!systemId.empty()) {
    details.set("system_id", systemId);
  }
  recordAction(audit, actor, "exec", "module", mod.id, std::move(details));
}

}  // namespace

// The statuses are those of the reference.
int Calls::errorCodeOf(Error& error) {
  if (error.reason == "module_not_found") {
    error.httpStatus = 404;
    return 6;
  }
  if (error.reason == "function_not_found" || error.reason == "bad_arguments") {
    error.httpStatus = 400;
    return 1;
  }
  if (error.reason == "permission_denied") {
    error.httpStatus = 401;
    return 2;
  }
  return error.reason == "driver_error" ? 3 : 7;
}

struct Calls::Table {
  std::vector<Entry> entries;
  std::vector<uint32_t> free;
  Counts counts;

  void finish(uint32_t index, uint32_t generation, Result<ExecuteReply> result) {
    if (entries[index].generation != generation || !entries[index].isOpen) {
      return;
    }
    http::Responder responder = close(index);
    if (result.ok()) {
      responder.send(http::Response::json(result->httpStatus, std::move(result->resultJson)));
      return;
    }
    ++counts.failed;
    const Entry& entry = entries[index];
    responder.send(failure(std::move(result).error(), entry.path, entry.requestId, entry.systemId,
                           entry.slug));
  }

  http::Responder close(uint32_t index) {
    Entry& entry = entries[index];
    entry.isOpen = false;
    ++entry.generation;
    --counts.open;
    free.push_back(index);
    return std::move(entry.responder);
  }
};

Calls::Calls(EventLoop& loop, HostClient& host, DriverManifests& manifests, AuditStore& audit)
    : loop_(loop),
      host_(host),
      manifests_(manifests),
      audit_(audit),
      table_(std::make_shared<Table>()) {}

Calls::~Calls() {
  loop_.cancel(sweepTimer_);
  const auto table = table_;
  for (uint32_t i = 0; i < table->entries.size(); ++i) {
    if (table->entries[i].isOpen) {
      const HostClient::CallId callId = table->entries[i].callId;
      table->close(i);
      host_.cancel(callId);
    }
  }
}

Calls::Counts Calls::counts() const {
  return table_->counts;
}

http::Response Calls::moduleNotFound(const http::Request& request, std::string_view systemId,
                                     std::string_view slug) {
  Error error = Error::because(ErrorCode::NotFound, "module_not_found", "module not found");
  return failure(std::move(error), request.path(), request.requestId(), systemId, slug);
}

void Calls::start(http::Request& request, http::Responder responder, const model::Module& mod,
                  std::string_view function, std::string_view systemId, std::string_view slug) {
  const auto manifest = manifests_.find(mod.driverId);
  const Manifest::Function* known = manifest ? manifest->findFunction(function) : nullptr;
  auto limit = limitOf(request, known != nullptr ? known->timeout : kDefaultLimit);
  if (const Refusal* refusal = std::get_if<Refusal>(&limit)) {
    responder.send(http::problem(refusal->error, request, refusal->extra));
    return;
  }
  std::string args = request.takeBody();
  if (args.empty()) {
    args = "[]";
  } else if (const Status checked = json::check(args, kArgumentLimits); !checked.ok()) {
    responder.send(failure(
        Error::because(ErrorCode::InvalidArgument, "bad_arguments", checked.error().message),
        request.path(), request.requestId(), systemId, slug));
    return;
  }
  ExecuteRequest call =
      toRequest({mod, function, std::move(args), request.principal(), request.trace().toHeader()});
  const bool isPrivileged =
      systemId.empty() || (known != nullptr && known->minRole >= Manifest::CallerRole::Support);
  if (isPrivileged) {
    if (audit_.isAuditFull()) {
      responder.send(failure(auditBusy(), request.path(), request.requestId(), systemId, slug));
      return;
    }
    recordExec(audit_, actorOf(request), mod, function, systemId);
  }
  call.deadline = loop_.now() + std::get<Milliseconds>(limit);
  const uint32_t index = open(request, std::move(responder), systemId, slug);
  const uint32_t generation = table_->entries[index].generation;
  const HostClient::CallId callId = host_.execute(
      std::move(call), [table = table_, index, generation](Result<ExecuteReply> result) {
        table->finish(index, generation, std::move(result));
      });
  if (table_->entries[index].generation == generation) {
    table_->entries[index].callId = callId;
    armSweep();
  }
}

ExecuteRequest Calls::toRequest(Order order) {
  ExecuteRequest call;
  call.moduleId = order.mod.id;
  call.function.assign(order.function);
  call.args = std::move(order.args);
  call.caller.userId = order.principal.userId;
  call.caller.role = order.principal.role;
  call.caller.traceparent = std::move(order.traceparent);
  return call;
}

HostClient::CallId Calls::start(Order order, HostClient::Done<ExecuteReply> done) {
  const auto manifest = manifests_.find(order.mod.driverId);
  const Manifest::Function* known = manifest ? manifest->findFunction(order.function) : nullptr;
  if (known != nullptr && known->minRole >= Manifest::CallerRole::Support) {
    if (audit_.isAuditFull()) {
      done(auditBusy());
      return 0;
    }
    // "00-", the trace id's 32 digits, …
    const std::string traceId =
        order.traceparent.size() < 35 ? "" : order.traceparent.substr(3, 32);
    recordExec(audit_, actorOf(order.principal, order.peer, traceId), order.mod, order.function,
               order.systemId);
  }
  ExecuteRequest call = toRequest(std::move(order));
  call.deadline = loop_.now() + (known != nullptr ? known->timeout : kDefaultLimit);
  ++table_->counts.started;
  ++table_->counts.open;
  return host_.execute(std::move(call), [table = table_, done = std::move(done)](
                                            Result<ExecuteReply> result) mutable {
    --table->counts.open;
    if (!result.ok() && result.error().reason != "cancelled") {
      ++table->counts.failed;
    }
    done(std::move(result));
  });
}

void Calls::cancel(HostClient::CallId call) {
  ++table_->counts.abandoned;
  host_.cancel(call);
}

uint32_t Calls::open(const http::Request& request, http::Responder responder,
                     std::string_view systemId, std::string_view slug) {
  if (table_->free.empty()) {
    table_->free.push_back(static_cast<uint32_t>(table_->entries.size()));
    table_->entries.emplace_back();
  }
  const uint32_t index = table_->free.back();
  table_->free.pop_back();
  Entry& entry = table_->entries[index];
  entry.responder = std::move(responder);
  entry.callId = 0;
  entry.isOpen = true;
  entry.path.assign(request.path());
  entry.requestId.assign(request.requestId());
  entry.systemId.assign(systemId);
  entry.slug.assign(slug);
  ++table_->counts.started;
  ++table_->counts.open;
  return index;
}

void Calls::armSweep() {
  if (sweepTimer_ == 0) {
    sweepTimer_ = loop_.runAfter(kSweepEvery, [this] { sweep(); });
  }
}

// Looks for clients that left. A call that takes less than a sweep is not worth the notice.
void Calls::sweep() {
  sweepTimer_ = 0;
  const auto table = table_;
  for (uint32_t i = 0; i < table->entries.size(); ++i) {
    if (table->entries[i].isOpen && table->entries[i].responder.isGone()) {
      const HostClient::CallId callId = table->entries[i].callId;
      ++table->counts.abandoned;
      table->close(i);
      host_.cancel(callId);
    }
  }
  if (table->counts.open > 0) {
    armSweep();
  }
}

}  // namespace busbar::api
