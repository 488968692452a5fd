// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/action_run.h"

#include <algorithm>
#include <optional>

namespace busbar::triggers {
namespace {

constexpr size_t kMaxMessageBytes = 1024;
// Whoever sends keeps to the time-out; this is for one who does not.
constexpr Milliseconds kGrace{1000};

std::string cut(std::string text) {
  if (text.size() > kMaxMessageBytes) {
    size_t end = kMaxMessageBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    text.resize(end);
    text += "…";
  }
  return text;
}

}  // namespace

ActionRunner::Run::Run(Core& core, uint64_t id, Job job)
    : core_(core), id_(id), job_(std::move(job)) {
  for (const Step& step : job_.isEnd ? job_.spec->ended : job_.spec->begin) {
    addLeaves(step, false);
    groupEnds_.push_back(leaves_.size());
  }
  takeUp(job_.before);
  const json::Value* known = job_.facts.find("firing");
  json::Object firing =
      known != nullptr && known->asObject() != nullptr ? *known->asObject() : json::Object();
  firing.set("retry", !job_.before.empty());
  job_.facts.set("firing", std::move(firing));
}

void ActionRunner::Run::addLeaves(const Step& step, bool stops) {
  stops = stops || step.onFailure == Step::OnFailure::Stop;
  if (const auto* parallel = std::get_if<Parallel>(&step.what)) {
    for (const Step& member : parallel->steps) {
      addLeaves(member, stops);
    }
    return;
  }
  Leaf leaf;
  leaf.step = &step;
  leaf.stops = stops;
  leaf.record.key = step.key;
  leaf.backoff = Backoff(step.retry.first, step.retry.longest);
  leaves_.push_back(std::move(leaf));
}

void ActionRunner::Run::takeUp(const std::vector<StepRecord>& before) {
  for (Leaf& leaf : leaves_) {
    const auto found = std::find_if(before.begin(), before.end(), [&leaf](const StepRecord& known) {
      return known.key == leaf.record.key;
    });
    if (found == before.end()) {
      continue;
    }
    leaf.record = *found;
    if (found->state == StepRecord::State::Sending) {
      leaf.record.isRetry = true;
      continue;
    }
    leaf.isOver = true;
    failures_ += found->state == StepRecord::State::Failed ? 1U : 0U;
  }
}

void ActionRunner::Run::nextGroup() {
  while (!isOver_) {
    if (isStopped_) {
      skipRest();
      return;
    }
    if (group_ == groupEnds_.size()) {
      finish(failures_);
      return;
    }
    const size_t begin = group_ == 0 ? 0 : groupEnds_[group_ - 1];
    const size_t end = groupEnds_[group_++];
    for (size_t at = begin; at < end; ++at) {
      const Leaf& leaf = leaves_[at];
      if (!leaf.isOver) {
        ++open_;
        core_.wantSlot(id_, at);
      } else if (leaf.record.state == StepRecord::State::Failed && leaf.stops) {
        isStopped_ = true;
      }
    }
    if (open_ > 0) {
      return;
    }
  }
}

void ActionRunner::Run::skipRest() {
  isStopped_ = false;
  std::vector<size_t> rest;
  for (size_t at = group_ == 0 ? 0 : groupEnds_[group_ - 1]; at < leaves_.size(); ++at) {
    if (!leaves_[at].isOver) {
      rest.push_back(at);
    }
  }
  group_ = groupEnds_.size();
  if (rest.empty()) {
    queueNextGroup();
    return;
  }
  open_ = rest.size();
  for (const size_t at : rest) {
    if (isOver_) {
      return;
    }
    over(at, StepRecord::State::Skipped, nullptr, {});
  }
}

void ActionRunner::Run::slotGiven(size_t at) {
  leaves_[at].holdsSlot = true;
  if (isOver_) {
    leaveSlot(leaves_[at]);
    return;
  }
  beginAttempt(at);
}

void ActionRunner::Run::beginAttempt(size_t at) {
  Leaf& leaf = leaves_[at];
  if (!leaf.sender) {
    auto sender = makeSender(core_.around, job_, *leaf.step);
    if (!sender) {
      leaveSlot(leaf);
      over(at, StepRecord::State::Failed, &sender.error(), {});
      return;
    }
    leaf.sender = std::move(*sender);
  }
  leaf.record.state = StepRecord::State::Sending;
  ++leaf.record.attempts;
  write(at, Then::Send);
}

void ActionRunner::Run::write(size_t at, Then then) {
  StepRecord& record = leaves_[at].record;
  record.timeMs = core_.around.loop.clock().utcNs() / 1'000'000;
  job_.record(record, [weak = weak_from_this(), at, then](Status stored) {
    if (const auto run = weak.lock()) {
      run->written(at, then, stored);
    }
  });
}

void ActionRunner::Run::written(size_t at, Then then, const Status& stored) {
  if (isOver_) {
    return;
  }
  if (!stored.ok()) {
    breakOff();
  } else if (then == Then::Send) {
    send(at);
  } else {
    leafOver(at);
  }
}

void ActionRunner::Run::send(size_t at) {
  Leaf& leaf = leaves_[at];
  const unsigned attempt = leaf.record.attempts;
  leaf.timer = core_.around.loop.runAfter(
      leaf.step->timeout + kGrace, [weak = weak_from_this(), at, attempt] {
        if (const auto run = weak.lock()) {
          run->leaves_[at].timer = 0;
          run->attemptEnded(at, attempt,
                            {Error::because(ErrorCode::DeadlineExceeded, "deadline_exceeded",
                                            "there was no answer in time"),
                             {},
                             true});
        }
      });
  const auto sender = leaf.sender;
  sender->send(leaf.record.isRetry, [weak = weak_from_this(), at, attempt](AttemptEnd outcome) {
    if (const auto run = weak.lock()) {
      run->attemptEnded(at, attempt, std::move(outcome));
    }
  });
}

void ActionRunner::Run::attemptEnded(size_t at, unsigned attempt, AttemptEnd outcome) {
  Leaf& leaf = leaves_[at];
  if (isOver_ || !leaf.holdsSlot || leaf.record.attempts != attempt) {
    return;
  }
  core_.around.loop.cancel(std::exchange(leaf.timer, 0));
  leaf.sender->withdraw();
  leaveSlot(leaf);
  if (outcome.status.ok()) {
    over(at, StepRecord::State::Done, nullptr, std::move(outcome.answer));
  } else if (outcome.mayRepeat && attempt <= leaf.step->retry.times) {
    waitForNext(at);
  } else {
    over(at, StepRecord::State::Failed, &outcome.status.error(), std::move(outcome.answer));
  }
}

void ActionRunner::Run::waitForNext(size_t at) {
  Leaf& leaf = leaves_[at];
  leaf.timer =
      core_.around.loop.runAfter(leaf.backoff.next(core_.random()), [weak = weak_from_this(), at] {
        if (const auto run = weak.lock()) {
          run->leaves_[at].timer = 0;
          run->core_.wantSlot(run->id_, at);
        }
      });
}

void ActionRunner::Run::over(size_t at, StepRecord::State state, const Error* error,
                             std::string answer) {
  StepRecord& record = leaves_[at].record;
  record.state = state;
  record.answer = std::move(answer);
  if (error != nullptr) {
    record.code = error->reason.empty() ? std::string(toString(error->code)) : error->reason;
    record.message = cut(error->message);
  }
  write(at, Then::Over);
}

void ActionRunner::Run::leafOver(size_t at) {
  Leaf& leaf = leaves_[at];
  leaf.isOver = true;
  leaf.sender.reset();
  if (leaf.record.state == StepRecord::State::Failed) {
    ++failures_;
    isStopped_ = isStopped_ || leaf.stops;
  }
  if (--open_ == 0) {
    queueNextGroup();
  }
}

// At the end of the turn, so that steps which are over at once do not pile up on the stack.
void ActionRunner::Run::queueNextGroup() {
  core_.around.loop.defer([weak = weak_from_this()] {
    if (const auto run = weak.lock()) {
      run->nextGroup();
    }
  });
}

void ActionRunner::Run::leaveSlot(Leaf& leaf) {
  if (std::exchange(leaf.holdsSlot, false)) {
    core_.leaveSlot();
  }
}

void ActionRunner::Run::breakOff() {
  close();
  core_.around.loop.defer([weak = weak_from_this()] {
    if (const auto run = weak.lock()) {
      run->finish(run->failures_ + 1);
    }
  });
}

void ActionRunner::Run::finish(size_t failures) {
  isOver_ = true;
  auto done = std::exchange(job_.done, nullptr);
  core_.ended(id_);
  if (done) {
    done(failures);
  }
}

void ActionRunner::Run::close() {
  isOver_ = true;
  for (Leaf& leaf : leaves_) {
    core_.around.loop.cancel(std::exchange(leaf.timer, 0));
    if (const auto sender = std::exchange(leaf.sender, nullptr)) {
      sender->withdraw();
    }
    leaveSlot(leaf);
  }
}

}  // namespace busbar::triggers
