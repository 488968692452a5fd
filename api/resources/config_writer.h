// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "api/resources/reply.h"
#include "registry/model/ids.h"
#include "registry/site/trigger_plan.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// Carries a change of the configuration to the store and answers its request. What a change brings
// with it for instances of triggers (trigger_plan.h) is written with it, whoever made the plan;
// such changes go one after the other. Loop-only.
class ConfigWriter {
 public:
  using Writes = std::vector<ConfigWrite>;
  using Outcome = std::variant<Writes, Refusal>;
  // Looks at the site as it is now. It runs again when another change came between, so that a
  // client never sees a conflict that it cannot know of.
  using Plan = Callback<Outcome()>;
  // Answers with what was stored; called with no changes when the plan had no writes.
  using Done = Callback<void(const std::vector<ConfigChange>&, Reply&)>;

  // All must outlive the writer.
  ConfigWriter(EventLoop& loop, ConfigStore& store, const Site& site, model::IdGenerator& ids);

  ConfigWriter(const ConfigWriter&) = delete;
  ConfigWriter& operator=(const ConfigWriter&) = delete;
  ~ConfigWriter();

  void run(Reply reply, Actor actor, Plan plan, Done done);
  // Changes that wait for the store.
  size_t open() const { return open_; }

 private:
  struct Job;
  void attempt(std::unique_ptr<Job> job);
  // Goes on with those that waited for a change of instances.
  void resume();
  void finish(std::unique_ptr<Job> job, Result<std::vector<ConfigChange>> result);

  static constexpr int kMaxAttempts = 5;
  static constexpr Milliseconds kLimit{10'000};

  EventLoop& loop_;
  ConfigStore& store_;
  const Site& site_;
  MakeInstance makeInstance_;
  size_t open_ = 0;
  bool changesInstances_ = false;  // such a change is with the store
  std::deque<std::unique_ptr<Job>> waiting_;
  // Told to the store's completions, which may come after this is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

using Outcome = ConfigWriter::Outcome;  // nearly every handler names it

// A trigger's instance with an id and a new secret; for trigger_plan.h.
model::TriggerInstance newTriggerInstance(model::IdGenerator& ids);
// 32 random bytes as URL-safe base64.
std::string newWebhookSecret();

// The stored row of type T among `changes` that was not erased; the first one.
template <class T>
const T* findStored(const std::vector<ConfigChange>& changes) {
  for (const ConfigChange& change : changes) {
    if (const T* row = std::get_if<T>(&change.record);
        row != nullptr && change.kind != ConfigWrite::Kind::Erase) {
      return row;
    }
  }
  return nullptr;
}

}  // namespace busbar::api
