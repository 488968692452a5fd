// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/client/host_client.h"

namespace busbar {

// A host without drivers: what a test sets is what callers see; calls wait until the test answers
// them, or are answered with their arguments when `echoes` is set. Loop-only.
class FakeHostClient : public HostClient {
 public:
  struct Call {
    CallId id = 0;
    ExecuteRequest request;
    Done<ExecuteReply> done;
  };

  CallId execute(ExecuteRequest request, Done<ExecuteReply> done) override {
    const CallId id = ++lastCall_;
    if (refusal) {
      done(*refusal);
    } else if (echoes) {
      done(ExecuteReply{request.args, 200});
    } else {
      calls.push_back({id, std::move(request), std::move(done)});
    }
    return id;
  }
  void cancel(CallId call) override { cancelled.push_back(call); }

  Result<std::vector<StateEntry>> state(std::string_view moduleId) override {
    std::vector<StateEntry> out;
    for (const auto& [key, json] : states[std::string(moduleId)]) {
      out.push_back({key, json, 1, 0});
    }
    return out;
  }
  Result<std::string> stateKey(std::string_view moduleId, std::string_view key) override {
    return states[std::string(moduleId)][std::string(key)];
  }
  ModuleHealth health(std::string_view moduleId) override {
    const auto it = healths.find(std::string(moduleId));
    return it == healths.end() ? ModuleHealth{"stored", false, true, "", "", 0, ""} : it->second;
  }
  Result<std::vector<LogLine>> logs(std::string_view) override { return lines; }
  std::vector<RunnerInfo> runners() override { return runnerList; }
  std::vector<ExitReport> exitReports(std::string_view) override { return reports; }
  void reload(std::string moduleId, Done<void> done) override {
    reloaded.push_back(std::move(moduleId));
    done(Status());
  }
  Status release(std::string_view id) override {
    released.emplace_back(id);
    return {};
  }
  Status killRunner(std::string_view id) override {
    killed.emplace_back(id);
    return {};
  }

  std::unique_ptr<Subscription> subscribe(Callback<void(const HostEvent&)> listener) override {
    struct Ended : Subscription {
      Ended(FakeHostClient& owner, int own) : host(owner), key(own) {}
      ~Ended() override {
        host.listeners_.erase(key);
        --host.subscriptions;
      }
      FakeHostClient& host;
      const int key;
    };
    ++subscriptions;
    listeners_[++lastListener_] = std::move(listener);
    return std::make_unique<Ended>(*this, lastListener_);
  }
  void publish(const HostEvent& event) {
    for (auto& [key, listener] : listeners_) {
      listener(event);
    }
  }
  void publishState(std::string_view moduleId, std::string key, std::string json,
                    bool conflates = true) {
    const StateEntry entry{std::move(key), std::move(json), ++sequences_[std::string(moduleId)], 0};
    HostEvent event;
    event.moduleId = moduleId;
    event.state = &entry;
    event.conflates = conflates;
    publish(event);
  }

  // As if an update were lost on its way.
  void skipSequence(const std::string& moduleId) { ++sequences_[moduleId]; }

  bool echoes = false;
  std::optional<Error> refusal;
  std::vector<Call> calls;
  std::vector<CallId> cancelled;
  std::map<std::string, std::map<std::string, std::string>> states;
  std::map<std::string, ModuleHealth> healths;
  std::vector<LogLine> lines;
  std::vector<RunnerInfo> runnerList;
  std::vector<ExitReport> reports;
  std::vector<std::string> reloaded;
  std::vector<std::string> released;
  std::vector<std::string> killed;
  int subscriptions = 0;

 private:
  std::map<int, Callback<void(const HostEvent&)>> listeners_;
  int lastListener_ = 0;
  CallId lastCall_ = 0;
  std::map<std::string, uint64_t> sequences_;  // of updates, by module
};

}  // namespace busbar
