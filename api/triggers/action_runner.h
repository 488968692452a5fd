// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/mailer.h"
#include "api/triggers/spec.h"
#include "host/client/host_client.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/json.h"
#include "sdk/base/net/http_client.h"

namespace busbar::triggers {

// What became of one step. Shape: openapi.yaml "TriggerStepRecord".
struct StepRecord {
  enum class State { Sending, Done, Failed, Skipped };
  std::string key;
  State state = State::Sending;
  unsigned attempts = 0;
  bool isRetry = false;  // an attempt before the last restart may have had its effect
  std::string answer;    // JSON text, at most 4 KiB; empty: none
  std::string code;      // of a failure, stable
  std::string message;
  int64_t timeMs = 0;  // UTC, of this state
};

// Runs the steps of firings: in order or side by side, each with its time-out and its attempts.
// Each attempt is recorded as Sending, durably, before anything leaves, and a step again when it is
// over. Steps of a Parallel have records of their own, the Parallel has none, and of its own
// members only `on_failure` counts: with Stop, any failure inside stops what comes after it.
//
// A job that a restart cut off goes on from its records: what is Done, Failed or Skipped stays so,
// what was Sending is sent once more and says so. Loop-only.
class ActionRunner {
 public:
  static constexpr size_t kMaxInFlight = 64;  // attempts, over all jobs; others wait in order
  static constexpr size_t kMaxAnswerBytes = 4U << 10;

  // What steps do inside of the engine.
  class Inside {
   public:
    // Error: too many statuses, or too large.
    virtual Status setStatus(std::string_view instanceId, std::string_view firingId,
                             const std::string& name, json::Value value) = 0;
    // Error: not there, not enabled, or a loop.
    virtual Status callTrigger(std::string_view instanceId, const std::string& triggerId,
                               std::string_view firingId) = 0;
    // A module's id by its name in the instance's system; empty when there is none.
    virtual std::string moduleOf(std::string_view instanceId, const std::string& slug) = 0;
    virtual std::vector<std::string> modulesOf(std::string_view instanceId,
                                               const std::string& interface) = 0;
    // For the detection of loops.
    virtual void callBegins(std::string_view firingId, const std::string& moduleId) = 0;
    virtual void callEnded(std::string_view firingId, const std::string& moduleId) = 0;

   protected:
    ~Inside() = default;
  };

  struct Job {
    std::string firingId;
    std::string instanceId;
    std::shared_ptr<const Spec> spec;  // shared with the instance, which may change meanwhile
    bool isEnd = false;                // `ended` instead of `begin`
    json::Object facts;                // what templates see (template.h); firing.retry is set here
    std::string signingSecret;         // for webhooks
    std::string mailSubject;           // when a step has none
    CallerInfo caller;
    std::vector<StepRecord> before;  // of a firing that a restart cut off
    // `stored` must be called when the record is durable; the step goes on then. A failure of the
    // store ends the job: what is not recorded is not sent.
    Callback<void(const StepRecord& record, Callback<void(Status)> stored)> record;
    // Exactly once, never before run() returns; also after a failure of the store, which counts as
    // one. Everything is allowed in it, destroying the runner too.
    Callback<void(size_t failures)> done;
  };

  struct Surroundings {
    EventLoop& loop;
    HostClient& host;
    HttpClient& http;
    std::shared_ptr<const HttpProfile> webhooks;  // what webhooks may reach
    Mailer* mailer = nullptr;                     // null: mail is not configured
    Inside& inside;
  };

  // All outlive this.
  explicit ActionRunner(Surroundings surroundings);
  ActionRunner(const ActionRunner&) = delete;
  ActionRunner& operator=(const ActionRunner&) = delete;
  // Jobs end without a word; what was sent and not recorded is repeated after a restart, marked.
  ~ActionRunner();

  void run(Job job);
  size_t running() const;

 private:
  class Run;
  class Core;
  std::shared_ptr<Core> core_;  // shared with a callback under way, which may destroy this
};

}  // namespace busbar::triggers
