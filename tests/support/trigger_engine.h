// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/triggers/engine.h"
#include "tests/support/fake_trigger_store.h"

namespace busbar {

// What an engine needs besides site, host and stores: nobody to ask for names, an election.
struct NoResolver : Resolver {
  void resolve(const std::string&, Done) override {}
};
struct Election : Coordinator {
  void start(Listener, Callback<void(Status)> started) override { started({}); }
  void propose(std::vector<std::string>) override {}
  void released(const std::string&) override {}
  Instant leaseDeadline() const override { return Instant::max(); }
  bool isElected(const std::string& name) const override { return name == "triggers" && isOurs; }
  bool isOurs = true;
};

// An engine over its own store in memory. Not started.
struct TriggerEngine {
  TriggerEngine(EventLoop& loop, Site& site, HostClient& host, AuditStore& audit,
                model::IdGenerator& ids, Logger& log, triggers::ManifestOf manifests)
      : store(loop),
        http(loop, resolver),
        engine({loop, site, host, store, audit, election, ids, log, http, nullptr,
                std::move(manifests)}) {}

  FakeTriggerStore store;
  Election election;
  NoResolver resolver;
  HttpClient http;
  triggers::Engine engine;
};

}  // namespace busbar
