// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/triggers/engine.h"
#include "api/triggers/smtp_mailer.h"
#include "registry/store/sqlite_trigger_store.h"
#include "sdk/base/net/resolver.h"
#include "sdk/base/result.h"
#include "tools/busbard/config.h"

namespace busbar::daemon {

// What makes triggers happen: their store, mail and webhooks as the configuration says, the engine.
class TriggerParts {
 public:
  struct Surroundings {
    EventLoop& loop;
    Site& site;
    HostClient& host;
    AuditStore& audit;
    Coordinator& coordinator;
    model::IdGenerator& ids;
    Logger& log;
    HttpClient& http;
    Resolver& resolver;
    triggers::ManifestOf manifests;
  };

  // `folder`: the data folder. Each error is one sentence for the admin.
  static Result<std::unique_ptr<TriggerParts>> open(Surroundings around, const Config& config,
                                                    const std::string& folder);

  triggers::Engine& engine() { return *engine_; }
  TriggerStore& store() { return *store_; }

 private:
  TriggerParts() = default;
  std::unique_ptr<SqliteTriggerStore> store_;
  std::unique_ptr<triggers::SmtpMailer> mailer_;  // null: not configured
  std::unique_ptr<triggers::Engine> engine_;
};

}  // namespace busbar::daemon
