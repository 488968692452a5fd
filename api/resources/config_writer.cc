// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/config_writer.h"

namespace busbar::api {

struct ConfigWriter::Job {
  Reply reply;
  Actor actor;
  Plan plan;
  Done done;
  int attempts = 0;
};

void ConfigWriter::run(Reply reply, Actor actor, Plan plan, Done done) {
  attempt(std::unique_ptr<Job>(
      new Job{std::move(reply), std::move(actor), std::move(plan), std::move(done)}));
}

void ConfigWriter::attempt(std::unique_ptr<Job> job) {
  ++job->attempts;
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
  const Actor actor = job->actor;
  ++open_;
  store_.apply(std::move(writes), actor, loop_.now() + kLimit,
               [this, alive = std::weak_ptr<bool>(alive_),
                job = std::move(job)](Result<std::vector<ConfigChange>> result) mutable {
                 if (!alive.expired()) {
                   finish(std::move(job), std::move(result));
                 }
               });
}

void ConfigWriter::finish(std::unique_ptr<Job> job, Result<std::vector<ConfigChange>> result) {
  --open_;
  if (result.ok()) {
    job->done(*result, job->reply);
    return;
  }
  Error error = std::move(result).error();
  if (error.code == ErrorCode::Aborted && job->attempts < kMaxAttempts) {
    attempt(std::move(job));
    return;
  }
  if (error.code == ErrorCode::InvalidArgument && !error.field.empty()) {
    job->reply.fail(invalidField(error.field, error.message));
    return;
  }
  job->reply.fail(error);
}

}  // namespace busbar::api
