// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/config_writer.h"

#include "api/auth/client_secret.h"

namespace busbar::api {

struct ConfigWriter::Job {
  Reply reply;
  Actor actor;
  Plan plan;
  Done done;
  int attempts = 0;
  bool changesInstances = false;  // in the present attempt
};

ConfigWriter::ConfigWriter(EventLoop& loop, ConfigStore& store, const Site& site,
                           model::IdGenerator& ids)
    : loop_(loop),
      store_(store),
      site_(site),
      makeInstance_([&ids] { return newTriggerInstance(ids); }) {}

ConfigWriter::~ConfigWriter() = default;

void ConfigWriter::run(Reply reply, Actor actor, Plan plan, Done done) {
  attempt(std::unique_ptr<Job>(
      new Job{std::move(reply), std::move(actor), std::move(plan), std::move(done)}));
}

void ConfigWriter::attempt(std::unique_ptr<Job> job) {
  auto planned = job->plan();
  if (const Refusal* refusal = std::get_if<Refusal>(&planned)) {
    job->reply.fail(*refusal);
    return;
  }
  Writes& writes = std::get<Writes>(planned);
  if (writes.empty()) {
    job->done({}, job->reply);
    return;
  }
  job->changesInstances = concernsInstances(site_, writes);
  if (job->changesInstances) {
    if (changesInstances_) {
      waiting_.push_back(std::move(job));
      return;
    }
    completeInstances(site_, writes, makeInstance_);
    changesInstances_ = true;
  }
  ++job->attempts;
  const Actor actor = job->actor;
  ++open_;
  store_.apply(std::move(writes), actor, loop_.now() + kLimit,
               [this, alive = std::weak_ptr<bool>(alive_),
                job = std::move(job)](Result<std::vector<ConfigChange>> result) mutable {
                 if (!alive.expired()) {
                   changesInstances_ = changesInstances_ && !job->changesInstances;
                   finish(std::move(job), std::move(result));
                   resume();
                 }
               });
}

void ConfigWriter::resume() {
  while (!changesInstances_ && !waiting_.empty()) {
    std::unique_ptr<Job> next = std::move(waiting_.front());
    waiting_.pop_front();
    attempt(std::move(next));
  }
}

void ConfigWriter::finish(std::unique_ptr<Job> job, Result<std::vector<ConfigChange>> result) {
  --open_;
  if (result.ok()) {
    job->done(*result, job->reply);
    return;
  }
  Error error = std::move(result).error();
  // A row was changed, or went, after the plan had seen it.
  const bool isLate = error.code == ErrorCode::Aborted || error.code == ErrorCode::NotFound;
  if (isLate && job->attempts < kMaxAttempts) {
    attempt(std::move(job));
    return;
  }
  if (error.code == ErrorCode::InvalidArgument && !error.field.empty()) {
    job->reply.fail(invalidField(error.field, error.message));
    return;
  }
  job->reply.fail(error);
}

std::string newWebhookSecret() {
  return auth::generateClientSecret().text;
}

model::TriggerInstance newTriggerInstance(model::IdGenerator& ids) {
  model::TriggerInstance instance;
  instance.id = ids.next(model::Table::TriggerInstance);
  instance.webhookSecret = newWebhookSecret();
  return instance;
}

}  // namespace busbar::api
