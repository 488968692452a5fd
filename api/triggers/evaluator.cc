// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/evaluator.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "api/triggers/evaluator_core.h"

namespace busbar::triggers {
namespace {

// Less is a clock that is slewed, or two readings that were not taken at once.
constexpr int64_t kJumpNs = 100'000'000;

}  // namespace

void Evaluator::Core::markAll() {
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    mark(node);
  }
}

void Evaluator::Core::pend(Node& node, uint32_t index) {
  node.isPending = true;
  mark(index);
}

void Evaluator::Core::deliverWebhook() {
  for (uint32_t index = 0; index < nodes_.size(); ++index) {
    if (nodes_[index].kind == Node::Kind::Webhook) {
      pend(nodes_[index], index);
    }
  }
}

bool Evaluator::Core::hasChange() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
    return node.kind == Node::Kind::Changed && node.isPending;
  });
}

Evaluator::Outcome Evaluator::Core::evaluate(const Moment& now) {
  clock_.set(now);
  noticeTime(now);
  Outcome outcome;
  bool before = triggered();
  if (hasPulses_) {
    collectPulses();
    if (endPulses(now.now)) {
      noteEdge(before, outcome);
      before = triggered();
    }
  }
  sweep(now.now);
  noteEdge(before, outcome);
  outcome.triggered = triggered();
  if (hasNewDues_) {
    hasNewDues_ = false;
    nextDue_ = kNever;
    for (const uint32_t node : timed_) {
      nextDue_ = std::min(nextDue_, nodes_[node].due);
    }
  }
  outcome.wake = nextDue_;
  outcome.progressChanged = hasProgress_;
  return outcome;
}

void Evaluator::Core::noticeTime(const Moment& now) {
  const int64_t difference = now.utcNs - now.now.time_since_epoch().count();
  if (std::abs(difference - clockDifference_) > kJumpNs) {
    for (const uint32_t node : calendar_) {
      mark(node);
    }
  }
  clockDifference_ = difference;
  if (now.now >= nextDue_) {
    for (const uint32_t node : timed_) {
      if (nodes_[node].due <= now.now) {
        mark(node);
      }
    }
  }
}

void Evaluator::Core::collectPulses() {
  for (size_t word = 0; word < words_; ++word) {
    for (uint64_t rest = dirty_[word] & derived_[word]; rest != 0; rest &= rest - 1) {
      Node& node = nodes_[word * 64 + static_cast<size_t>(std::countr_zero(rest))];
      node.isPending |= node.kind == Node::Kind::Alarm ? alarms_[node.leaf].poll()
                                                       : becameTrue(compares_[node.leaf]);
    }
  }
}

// A pulse that comes again after its time was over ends first, so that it is another edge. True if
// there was one.
bool Evaluator::Core::endPulses(Instant now) {
  NodeSet again{};
  bool isNeeded = false;
  for (size_t word = 0; word < words_; ++word) {
    for (uint64_t rest = dirty_[word] & pulses_[word]; rest != 0; rest &= rest - 1) {
      const Node& node = nodes_[word * 64 + static_cast<size_t>(std::countr_zero(rest))];
      again[word] |= node.isPending ? rest & (~rest + 1) : 0;
      isNeeded |= node.isPending && node.raw && node.until <= now;
    }
  }
  if (!isNeeded) {
    return false;
  }
  isEndingPulses_ = true;
  sweep(now);
  isEndingPulses_ = false;
  for (size_t word = 0; word < words_; ++word) {
    dirty_[word] |= again[word];
  }
  return true;
}

void Evaluator::Core::sweep(Instant now) {
  for (size_t word = 0; word < words_; ++word) {
    while (dirty_[word] != 0) {  // a visit marks its group, which comes later
      const auto bit = static_cast<size_t>(std::countr_zero(dirty_[word]));
      dirty_[word] &= dirty_[word] - 1;
      visit(nodes_[word * 64 + bit], now);
    }
  }
}

void Evaluator::Core::visit(Node& node, Instant now) {
  const Instant dueBefore = node.due;
  node.due = kNever;
  const bool raw = node.kind == Node::Kind::Group ? lookGroup(node) : lookLeaf(node, now);
  if (raw != node.raw) {
    node.raw = raw;
    node.since = now;
    hasProgress_ = true;
  }
  bool out = raw;
  if (raw && node.hold > Nanoseconds(0)) {
    const Instant ready = node.since + node.hold;
    out = ready <= now;
    node.due = out ? node.due : std::min(node.due, ready);
  }
  hasNewDues_ |= node.due != dueBefore;
  if (out == node.out) {
    return;
  }
  node.out = out;
  hasProgress_ = true;
  if (node.parent != kNoNode) {
    Node& parent = nodes_[node.parent];
    parent.trueMembers += out ? 1U : UINT32_MAX;
    mark(node.parent);
  }
}

bool Evaluator::Core::lookGroup(const Node& node) const {
  switch (node.group) {
    case Group::Kind::All:
      return node.trueMembers == node.members;
    case Group::Kind::Any:
      return node.trueMembers > 0;
    case Group::Kind::OneOf:
      return node.trueMembers % 2 == 1;
    case Group::Kind::None:
      return node.trueMembers == 0;
  }
  return false;
}

bool Evaluator::Core::lookLeaf(Node& node, Instant now) {
  switch (node.kind) {
    case Node::Kind::Compare:
      if (node.isAwaiting && !hasAll(compares_[node.leaf])) {
        return node.raw;
      }
      node.isAwaiting = false;
      return lookCompare(compares_[node.leaf]);
    case Node::Kind::Stale:
      return lookStale(stales_[node.leaf], now, node.due);
    case Node::Kind::Offline:
      hasVisitedOffline_ = true;
      return lookOffline(offlines_[node.leaf], node.due);
    case Node::Kind::Window: {
      const bool isTrue = windows_[node.leaf].isTrueAt(clock_);
      node.due = windows_[node.leaf].nextLook(clock_);
      return isTrue;
    }
    default:
      return lookPulse(node, now);
  }
}

bool Evaluator::Core::lookPulse(Node& node, Instant now) {
  bool isTrue = now < node.until;
  if (node.isPending && !isEndingPulses_) {
    node.isPending = false;
    node.until = now + spec_->debounce;
    hasProgress_ = true;
    isTrue = true;
  }
  if (isTrue) {
    node.due = node.until;
  }
  if (node.kind == Node::Kind::Alarm) {
    node.due = std::min(node.due, alarms_[node.leaf].nextPoll());
  }
  return isTrue;
}

void Evaluator::Core::noteEdge(bool before, Outcome& outcome) {
  const bool after = triggered();
  const bool rose = after && !before;
  outcome.rose |= rose;
  outcome.fell |= before && !after;
  if (rose || (after && hasVisitedOffline_)) {
    announce(rose, outcome);
  }
  hasVisitedOffline_ = false;
}

void Evaluator::Core::announce(bool rose, Outcome& outcome) {
  for (OfflineLeaf& leaf : offlines_) {
    const Node& node = nodes_[leaf.node];
    for (OfflineLeaf::Mod& mod : leaf.mods) {
      mod.isAnnounced &= !rose;
      if (node.isNegated || !node.out || mod.isAnnounced || !hasOffline(leaf, mod)) {
        continue;
      }
      mod.isAnnounced = true;
      hasProgress_ = true;
      const std::string& id = watches_[mod.watch].watch.moduleId;
      if (std::find(outcome.firings.begin(), outcome.firings.end(), id) == outcome.firings.end()) {
        outcome.firings.push_back(id);
      }
    }
  }
  if (rose && outcome.firings.empty()) {
    outcome.firings.emplace_back();
  }
}

Evaluator::Evaluator(std::shared_ptr<const Spec> spec, Binding binding, Place place, Moment start)
    : core_(std::make_unique<Core>(std::move(spec), std::move(binding), std::move(place), start)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

void Evaluator::rebind(Binding binding, Place place, Moment now) {
  core_->rebind(std::move(binding), std::move(place), now);
}
const Binding& Evaluator::binding() const {
  return core_->binding();
}
void Evaluator::set(uint32_t watch, std::optional<json::Value> value, Moment now) {
  core_->set(watch, std::move(value), now);
}
void Evaluator::forget(uint32_t watch) {
  core_->forget(watch);
}
void Evaluator::deliverWebhook(Moment /*now*/) {
  core_->deliverWebhook();
}
bool Evaluator::hasChange() const {
  return core_->hasChange();
}

Evaluator::Outcome Evaluator::evaluate(Moment now) {
  return core_->evaluate(now);
}
std::vector<Evaluator::ConditionState> Evaluator::conditions() const {
  return core_->conditions();
}
bool Evaluator::triggered() const {
  return core_->triggered();
}
uint64_t Evaluator::comparisonErrors() const {
  return core_->comparisonErrors();
}
json::Object Evaluator::progress() {
  return core_->progress();
}
void Evaluator::restore(const json::Object& progress, Moment now) {
  core_->restore(progress, now);
}

}  // namespace busbar::triggers
