// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "host/client/host_client.h"
#include "registry/site/site.h"
#include "sdk/base/result.h"

namespace busbar::api {

// Which events a client wants. Value type.
struct EventFilter {
  static constexpr size_t kMaxIds = 1000;

  bool wantsState = true;
  bool wantsLog = true;
  bool wantsModule = true;
  bool wantsProgress = true;
  bool wantsTrigger = true;
  bool seesEveryCall = true;  // false: only progress of the named traces
  bool seesProtected = true;  // modules whose name begins with _, which are for support
  // Not empty: logs and progress of calls with these trace ids only.
  std::set<std::string, std::less<>> traceIds;
  // Both empty: every module. Otherwise those named, and those in the named systems.
  std::set<std::string, std::less<>> moduleIds;
  std::set<std::string, std::less<>> systemIds;

  bool wants(const HostEvent& event) const;
  bool covers(const Site& site, std::string_view moduleId) const;

  // States of triggers; those of the named systems when systems or modules are named.
  bool coversTrigger(std::string_view systemId) const;

  // From `kinds` (state, log, module, progress, trigger; all without it), `module`, `system` and
  // `trace` (comma lists). InvalidArgument for another kind, too many ids and what is no trace id,
  // NotFound for an id that is not there, PermissionDenied for logs and triggers to less than
  // support; those are left out when not asked for by name. Less than support sees the progress of
  // the calls whose trace it names, for only the caller knows that.
  static Result<EventFilter> parse(const http::Request& request, const Site& site);
};

}  // namespace busbar::api
