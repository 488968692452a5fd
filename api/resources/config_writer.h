// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "api/resources/reply.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// Carries a change of the configuration to the store and answers its request. Loop-only.
class ConfigWriter {
 public:
  using Writes = std::vector<ConfigWrite>;
  // Looks at the site as it is now. It runs again when another change came between, so that a
  // client never sees a conflict that it cannot know of.
  using Plan = Callback<std::variant<Writes, Refusal>()>;
  // Answers with what was stored; called with no changes when the plan had no writes.
  using Done = Callback<void(const std::vector<ConfigChange>&, Reply&)>;

  // Both must outlive the writer.
  ConfigWriter(EventLoop& loop, ConfigStore& store) : loop_(loop), store_(store) {}

  void run(Reply reply, Actor actor, Plan plan, Done done);
  // Changes that wait for the store.
  size_t open() const { return open_; }

 private:
  struct Job;
  void attempt(std::unique_ptr<Job> job);
  void finish(std::unique_ptr<Job> job, Result<std::vector<ConfigChange>> result);

  static constexpr int kMaxAttempts = 5;
  static constexpr Milliseconds kLimit{10'000};

  EventLoop& loop_;
  ConfigStore& store_;
  size_t open_ = 0;
  // Told to the store's completions, which may come after this is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

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
