// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/modules/module_calls.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr unsigned kMaxDepth = 16;
constexpr Milliseconds kLongest{600'000};
constexpr size_t kMaxGatheredBytes = 1U << 20U;
// A module that takes no events gets failures instead of results: those are small.
constexpr size_t kMaxUnsentBytes = 4U << 20U;

}  // namespace

ModuleCalls::~ModuleCalls() {
  *alive_ = false;
  tokens_.clear();
  for (const Running& call : std::exchange(running_, {})) {
    cancel(call);
  }
}

// The authority, the depth and the deadline of what is called for `call`.
bool ModuleCalls::prepare(const wire::ModuleCall& call, ExecuteRequest& request) {
  const auto no = [&](int32_t status, std::string_view code, std::string_view message) {
    refuse(client_, BUSBAR_EV_CALL, call.head.token, status, code, message);
    return false;
  };
  const Origin* origin = client_.originOf(call.head.parentCall);
  if (origin == nullptr) {
    return no(BUSBAR_E_STATE, "call_ended", "the call on whose behalf this was asked has ended");
  }
  if (origin->hops + 1 >= kMaxDepth) {
    return no(BUSBAR_E_STATE, "call_loop",
              "modules call one another more than 16 deep: two of them call in a circle");
  }
  const Instant now = hub_.loop().now();
  request.latest = call.head.deadlineNs == INT64_MAX ? Instant::max()
                                                     : Instant(Nanoseconds(call.head.deadlineNs));
  if (request.latest <= now) {
    return no(BUSBAR_E_TIMEOUT, "deadline_exceeded", "the deadline of the calling function passed");
  }
  const bool isList = !call.args.empty() && call.args.front() == '[';
  const bool isObject = !call.args.empty() && call.args.front() == '{';
  if (!call.args.empty() &&
      (!(isList || isObject) || !json::check(call.args, {.maxDepth = 32}).ok())) {
    return no(BUSBAR_E_INVALID, "bad_arguments", "the arguments must be a JSON object or array");
  }
  request.function = call.function;
  if (!call.args.empty()) {
    request.args = call.args;
  }
  request.caller = origin->caller;
  request.hops = origin->hops + 1;
  if (call.timeoutMs != 0) {
    const Instant own = now + std::min(kLongest, Milliseconds(call.timeoutMs));
    request.deadline = std::min(own, request.latest);
  }
  return true;
}

ModuleCalls::Running& ModuleCalls::add(uint64_t token, size_t parts) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(running_.size()));
    running_.emplace_back();
    tokens_.push_back(0);
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  tokens_[place] = token;
  Running& call = running_[place];
  call.serial = uint64_t{++lastSerial_} << 32U | place;
  call.open = std::max<size_t>(parts, 1);
  call.parts.resize(parts);
  return call;
}

uint64_t ModuleCalls::tokenOf(const Running& call) const {
  return tokens_[static_cast<uint32_t>(call.serial)];
}

void ModuleCalls::one(const wire::ModuleCall& call, const std::string& moduleId) {
  ExecuteRequest request;
  if (!prepare(call, request)) {
    return;
  }
  request.moduleId = moduleId;
  const uint64_t serial = add(call.head.token, 0).serial;
  execute(serial, 0, std::move(request));
}

void ModuleCalls::each(const wire::ModuleCall& call,
                       const std::vector<const SystemMember*>& members) {
  ExecuteRequest request;
  if (!prepare(call, request)) {
    return;
  }
  Running& running = add(call.head.token, members.size());
  const uint64_t serial = running.serial;
  for (size_t i = 0; i < members.size(); ++i) {
    running.parts[i].name = members[i]->name;
  }
  for (size_t i = 0; i < members.size(); ++i) {
    ExecuteRequest copy = request;
    copy.moduleId = members[i]->moduleId;
    execute(serial, i, std::move(copy));
  }
}

void ModuleCalls::execute(uint64_t serial, size_t part, ExecuteRequest request) {
  executing_ = true;
  const HostClient::CallId id = hub_.host().execute(
      std::move(request), [this, alive = alive_, serial, part](Result<ExecuteReply> reply) {
        if (*alive) {
          ended(serial, part, std::move(reply));
        }
      });
  executing_ = false;
  if (Running* call = find(serial)) {
    (call->parts.empty() ? call->id : call->parts[part].id) = id;
  }
}

void ModuleCalls::ended(uint64_t serial, size_t part, Result<ExecuteReply> reply) {
  Running* call = find(serial);
  if (call == nullptr) {
    return;  // released
  }
  Error failure;
  if (!reply.ok()) {
    failure = std::move(reply).error();
    if (executing_ && failure.code == ErrorCode::Unavailable) {
      failure.code = ErrorCode::FailedPrecondition;  // it does not run: E_STATE, not E_OFFLINE
    }
  }
  const bool last = --call->open == 0;
  if (call->parts.empty()) {
    const uint64_t token = tokenOf(*call);
    remove(*call);
    answer(token, reply.ok() ? reply->resultJson : std::string_view(),
           reply.ok() ? nullptr : &failure);
    return;
  }
  Part& of = call->parts[part];
  of.id = 0;
  of.failed = !reply.ok();
  if (reply.ok()) {
    of.json = std::move(reply->resultJson);
  } else {
    of.failure = std::move(failure);
  }
  if (last) {
    const std::vector<Part> done = std::move(call->parts);
    const uint64_t token = tokenOf(*call);
    remove(*call);
    gathered(token, done);
  }
}

void ModuleCalls::gathered(uint64_t token, const std::vector<Part>& parts) {
  std::string out = "{";
  const Error* first = nullptr;
  for (const Part& part : parts) {
    out += out.size() > 1 ? "," : "";
    json::appendString(out, part.name);
    if (part.failed) {
      first = first == nullptr ? &part.failure : first;
      out += R"(:{"error":{"code":)";
      json::appendString(out, part.failure.reason);
      out += R"(,"message":)";
      json::appendString(out, part.failure.message);
      out += "}}";
    } else {
      out += R"(:{"result":)" + part.json + "}";
    }
  }
  out += "}";
  if (out.size() > kMaxGatheredBytes) {
    const Error error = Error::because(ErrorCode::Internal, "result_too_large",
                                       "the results of all modules together exceed 1 MiB");
    answer(token, {}, &error);
    return;
  }
  answer(token, out, first);
}

void ModuleCalls::answer(uint64_t token, std::string_view json, const Error* failure) {
  wire::ServiceEvent event;
  event.type = BUSBAR_EV_CALL;
  event.token = token;
  event.ends = true;
  if (client_.unsentBytes() > kMaxUnsentBytes) {
    refuse(client_, BUSBAR_EV_CALL, token, BUSBAR_E_AGAIN, "module_busy",
           "the result was dropped: this module does not take its events");
    return;
  }
  event.doc = json;
  if (failure != nullptr) {
    event.error.status = statusOf(failure->code);
    event.error.code = failure->reason;
    event.error.message = failure->message;
  }
  client_.send(event);
}

bool ModuleCalls::release(uint64_t token) {
  Running* const found = findToken(token);
  if (found == nullptr) {
    return false;
  }
  const Running call = std::move(*found);
  found->serial = call.serial;
  remove(*found);
  cancel(call);
  return true;
}

bool ModuleCalls::contains(uint64_t token) const {
  return std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end();
}

void ModuleCalls::cancel(const Running& call) {
  if (call.id != 0) {
    hub_.host().cancel(call.id);
  }
  for (const Part& part : call.parts) {
    if (part.id != 0) {
      hub_.host().cancel(part.id);
    }
  }
}

void ModuleCalls::remove(Running& call) {
  const auto place = static_cast<uint32_t>(call.serial);
  call = {};
  tokens_[place] = 0;
  free_.push_back(place);
}

ModuleCalls::Running* ModuleCalls::find(uint64_t serial) {
  const auto place = static_cast<uint32_t>(serial);
  const bool there = place < running_.size() && running_[place].serial == serial;
  return there ? &running_[place] : nullptr;
}

ModuleCalls::Running* ModuleCalls::findToken(uint64_t token) {
  const auto it = std::find(tokens_.begin(), tokens_.end(), token);
  return token == 0 || it == tokens_.end() ? nullptr
                                           : &running_[static_cast<size_t>(it - tokens_.begin())];
}

}  // namespace busbar
