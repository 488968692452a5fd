// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/events/event_filter.h"

#include <algorithm>
#include <string>
#include <vector>

#include "api/resources/page.h"

namespace busbar::api {
namespace {

Error unknown(const char* parameter, const std::string& id) {
  Error error = Error::at(ErrorCode::NotFound, parameter,
                          std::string(parameter) + " " + id.substr(0, 64) + " does not exist");
  return error;
}

bool isTraceId(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Status setKinds(EventFilter& filter, const std::vector<std::string>& kinds) {
  filter.wantsState = filter.wantsLog = filter.wantsModule = filter.wantsProgress = false;
  filter.wantsTrigger = false;
  for (const std::string& kind : kinds) {
    bool* wants = kind == "state"      ? &filter.wantsState
                  : kind == "log"      ? &filter.wantsLog
                  : kind == "module"   ? &filter.wantsModule
                  : kind == "progress" ? &filter.wantsProgress
                  : kind == "trigger"  ? &filter.wantsTrigger
                                       : nullptr;
    if (wants == nullptr) {
      return Error::at(
          ErrorCode::InvalidArgument, "kinds",
          "parameter kinds must be a list of state, log, module, progress and trigger");
    }
    *wants = true;
  }
  return {};
}

}  // namespace

bool EventFilter::wants(const HostEvent& event) const {
  switch (event.kind) {
    case HostEvent::Kind::State:
      return wantsState;
    case HostEvent::Kind::Log:
      return wantsLog && (traceIds.empty() || traceIds.contains(event.log->traceId));
    case HostEvent::Kind::Module:
      return wantsModule;
    case HostEvent::Kind::Progress:
      break;
  }
  return wantsProgress &&
         (traceIds.empty() ? seesEveryCall : traceIds.contains(event.progress->traceId));
}

bool EventFilter::covers(const Site& site, std::string_view moduleId) const {
  const model::Module* mod = seesProtected ? nullptr : site.findModule(moduleId);
  if (mod != nullptr && site.resolvedName(*mod).starts_with('_')) {
    return false;
  }
  if (moduleIds.empty() && systemIds.empty()) {
    return true;
  }
  if (moduleIds.contains(moduleId)) {
    return true;
  }
  if (systemIds.empty()) {
    return false;
  }
  const Site::Ids& systems = site.systemsOfModule(moduleId);
  return std::any_of(systems.begin(), systems.end(),
                     [this](const std::string& id) { return systemIds.contains(id); });
}

bool EventFilter::coversTrigger(std::string_view systemId) const {
  return wantsTrigger && ((moduleIds.empty() && systemIds.empty()) || systemIds.contains(systemId));
}

Result<EventFilter> EventFilter::parse(const http::Request& request, const Site& site) {
  EventFilter filter;
  auto kinds = listOf(request, "kinds");
  if (kinds.empty()) {
    kinds = listOf(request, "kind");
  }
  const bool isSupport = request.principal().isSupport();
  filter.seesEveryCall = filter.seesProtected = isSupport;
  if (kinds.empty()) {
    filter.wantsLog = filter.wantsTrigger = isSupport;
  } else {
    BUSBAR_TRY(setKinds(filter, kinds));
    if ((filter.wantsLog || filter.wantsTrigger) && !isSupport) {
      return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                            "logs and triggers are for support and admins");
    }
  }
  for (std::string& id : listOf(request, "trace")) {
    if (!isTraceId(id)) {
      return Error::at(ErrorCode::InvalidArgument, "trace",
                       "parameter trace must be a list of trace ids, 32 lower-case hex digits");
    }
    filter.traceIds.insert(std::move(id));
  }
  for (std::string& id : listOf(request, "module")) {
    if (site.findModule(id) == nullptr) {
      return unknown("module", id);
    }
    filter.moduleIds.insert(std::move(id));
  }
  for (std::string& id : listOf(request, "system")) {
    if (site.findSystem(id) == nullptr) {
      return unknown("system", id);
    }
    filter.systemIds.insert(std::move(id));
  }
  if (filter.moduleIds.size() + filter.systemIds.size() + filter.traceIds.size() > kMaxIds) {
    return Error::at(ErrorCode::InvalidArgument, "module", "at most 1000 ids may be named");
  }
  return filter;
}

}  // namespace busbar::api
