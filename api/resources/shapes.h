// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/principal.h"
#include "host/client/host_client.h"
#include "registry/model/records.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"

// Records as the REST API shows them. Shapes: api/openapi.yaml. Members without a value are left
// out. Pure, but for asking the host how a module is.
namespace busbar::api {

json::Object toJson(const model::System& system);
json::Object toJson(const model::Zone& zone);
json::Object toJson(const model::Driver& driver);
// With its driver, its control system, and `state`, `connected`, … as the host sees them.
json::Object toJson(const model::Module& mod, const Site& site, HostClient& host);
// `settings_string` only when `reader` may see that level; else `is_hidden`.
json::Object toJson(const model::Settings& settings, const auth::Principal& reader);
// Never holds the secret or its hash. `lastUsed` in epoch seconds, 0: never.
json::Object toJson(const model::ApiKey& key, const Site& site, int64_t lastUsed);

json::Object toJson(const model::Metadata& metadata);
// What a system, zone or user has, by name; only the one that is asked for, if any.
json::Object metadataByName(const Site& site, std::string_view parentId,
                            std::string_view name = {});
// The schema itself as JSON text, as the reference has it.
json::Object toJson(const model::Schema& schema);

json::Object toJson(const LogLine& line);
json::Object toJson(const ExitReport& report);
json::Object toJson(const RunnerInfo& runner);
json::Object toJson(const ModuleHealth& health);

// "info", "host_bug", …
std::string_view logLevelName(int level);
bool maySee(const model::Settings& settings, const auth::Principal& reader);

}  // namespace busbar::api
