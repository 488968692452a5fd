// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/triggers/naive_evaluator.h"

#include <algorithm>

#include "api/triggers/operators.h"

namespace busbar::triggers {
namespace {

SysSeconds wallOf(const Moment& moment) {
  return SysSeconds(std::chrono::floor<std::chrono::seconds>(Nanoseconds(moment.utcNs)));
}

bool quantified(Quantifier of, size_t trueCount, size_t count) {
  return of == Quantifier::None  ? trueCount == 0
         : of == Quantifier::All ? count > 0 && trueCount == count
                                 : trueCount > 0;
}

}  // namespace

NaiveEvaluator::NaiveEvaluator(const Spec& spec, const Binding& binding, Moment start)
    : spec_(spec), start_(start) {
  for (const auto& operand : binding.operands) {
    auto& watches = operands_.emplace_back();
    for (const uint32_t watch : operand) {
      watches.push_back(binding.watches[watch]);
    }
  }
  size_t next = 0;
  for (const Condition& condition : spec.conditions) {
    number(condition, next);
  }
}

void NaiveEvaluator::number(const Condition& condition, size_t& next) {
  firstOperand_[&condition] = next;
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      number(member, next);
    }
    return;
  }
  Spec alone;
  alone.conditions.push_back(condition);
  next += operandsOf(alone).size();
}

// The last value before event `end`. A gap is a time without a value: open ones count as none.
std::optional<json::Value> NaiveEvaluator::valueOf(const Watch& watch, size_t end, bool isGapOpen,
                                                   bool stopsAtForget) const {
  for (size_t i = end; i-- > 0;) {
    const Event& event = (*history_)[i];
    if (!(event.watch == watch)) {
      continue;
    }
    if (event.kind == Event::Kind::Forget && stopsAtForget) {
      return std::nullopt;
    }
    if (event.kind == Event::Kind::Set && (event.value || isGapOpen)) {
      return event.value;
    }
  }
  return std::nullopt;
}

bool NaiveEvaluator::say(const Compare& compare, const std::optional<json::Value>& left,
                         const std::optional<json::Value>& right, bool before) const {
  const Term a = termOf(left ? &*left : nullptr);
  const Term b = termOf(right ? &*right : nullptr);
  if (before && compare.hysteresis > 0 && left && right && left->isNumber() && right->isNumber()) {
    const double distance = left->toDouble() - right->toDouble();
    const bool isUp = compare.op == Operator::Greater || compare.op == Operator::GreaterOrEqual;
    return isUp ? distance >= -compare.hysteresis : distance <= compare.hysteresis;
  }
  return apply(compare.op, a, b) == Verdict::True;
}

NaiveEvaluator::Sides NaiveEvaluator::sidesOf(const Condition& condition, const Compare& compare) {
  size_t operand = firstOperand_[&condition];
  Sides sides;
  for (size_t i = 0; i < 2; ++i) {
    const auto& side = i == 0 ? compare.left : compare.right;
    sides.refs[i] = std::get_if<StatusRef>(&side);
    if (sides.refs[i] == nullptr) {
      sides.constants[i] = std::get<json::Value>(side);
      continue;
    }
    sides.watches[i] = operands_[operand++];
    if (sides.refs[i]->of != Quantifier::One) {
      sides.of = sides.refs[i]->of;
      sides.count = sides.watches[i].size();
    }
  }
  for (size_t i = 0; i < 2; ++i) {
    const bool isOne = sides.refs[i] != nullptr && sides.refs[i]->of == Quantifier::One;
    sides.isWhole &= !isOne || !sides.watches[i].empty();
  }
  return sides;
}

// `isStrict`: only what was delivered since it was last forgotten.
std::optional<json::Value> NaiveEvaluator::partOf(const Sides& sides, size_t side, size_t i,
                                                  bool isStrict) const {
  const StatusRef* ref = sides.refs[side];
  if (ref == nullptr) {
    return sides.constants[side];
  }
  const size_t at = ref->of == Quantifier::One ? 0 : i;
  const auto value = valueOf(sides.watches[side].at(at), end_, true, isStrict);
  const json::Value* part = value ? dig(&*value, ref->keys) : nullptr;
  return part != nullptr ? std::optional(*part) : std::nullopt;
}

bool NaiveEvaluator::isCompareTrue(const Condition& condition, const Compare& compare, Past& past) {
  const Sides sides = sidesOf(condition, compare);
  size_t trueCount = 0;
  for (size_t i = 0; sides.isWhole && i < sides.count; ++i) {
    past.said[i] =
        say(compare, partOf(sides, 0, i, false), partOf(sides, 1, i, false), past.said[i]);
    trueCount += past.said[i] ? 1U : 0U;
  }
  return sides.isWhole && quantified(sides.of, trueCount, sides.count);
}

bool NaiveEvaluator::isBecame(const Condition& condition, const Compare& compare, Past& past) {
  const Sides sides = sidesOf(condition, compare);
  size_t known = 0;
  size_t before = 0;
  size_t after = 0;
  for (size_t i = 0; sides.isWhole && i < sides.count; ++i) {
    const auto last = past.said.find(i);
    const bool wasKnown = last != past.said.end();
    const bool was = wasKnown && last->second;
    bool is = was;
    const auto isThere = [&](size_t side) {
      const StatusRef* ref = sides.refs[side];
      const size_t at = ref == nullptr || ref->of == Quantifier::One ? 0 : i;
      return ref == nullptr || valueOf(sides.watches[side].at(at), end_, true, true).has_value();
    };
    if (isThere(0) && isThere(1)) {
      is = say(compare, partOf(sides, 0, i, true), partOf(sides, 1, i, true), was);
      past.said[i] = is;
    }
    known += wasKnown ? 1U : 0U;
    before += wasKnown && was ? 1U : 0U;
    after += wasKnown && is ? 1U : 0U;
  }
  return known > 0 && !quantified(sides.of, before, known) && quantified(sides.of, after, known);
}

bool NaiveEvaluator::isChanged(const Changed& changed, const Operand& operand) const {
  for (size_t i = begin_; i < end_; ++i) {
    const Event& event = (*history_)[i];
    if (event.kind != Event::Kind::Set || !event.value ||
        std::find(operand.begin(), operand.end(), event.watch) == operand.end()) {
      continue;
    }
    const auto before = valueOf(event.watch, i, false, true);
    if (!before) {
      continue;
    }
    const json::Value none;
    const json::Value* a = dig(&*before, changed.status.keys);
    const json::Value* b = dig(&*event.value, changed.status.keys);
    if (!isEqual(a != nullptr ? *a : none, b != nullptr ? *b : none)) {
      return true;
    }
  }
  return false;
}

bool NaiveEvaluator::isStale(const Stale& stale, const Operand& operand) const {
  size_t count = 0;
  for (const Watch& watch : operand) {
    Instant updated = start_.now;
    for (size_t i = 0; i < end_; ++i) {
      const Event& event = (*history_)[i];
      if (event.kind == Event::Kind::Set && event.value && event.watch == watch) {
        updated = event.at.now;
      }
    }
    count += updated + stale.after <= now_.now ? 1U : 0U;
  }
  return quantified(stale.status.of, count, operand.size());
}

std::optional<Instant> NaiveEvaluator::offlineSince(const Watch& watch) const {
  std::optional<Instant> since;
  for (size_t i = 0; i < end_; ++i) {
    const Event& event = (*history_)[i];
    if (event.kind == Event::Kind::Set && event.watch == watch) {
      const bool isOffline = event.value && *event.value == json::Value(false);
      since = !isOffline ? std::nullopt : since ? since : std::optional(event.at.now);
    }
  }
  return since;
}

bool NaiveEvaluator::isDue(const Condition& condition) const {
  const SysSeconds wall = wallOf(now_);
  if (const At* at = std::get_if<At>(&condition.what)) {
    return at->time > latestWall_ && at->time <= wall;
  }
  const Cron& cron = std::get<Cron>(condition.what);
  const auto due = cron.schedule.next(latestWall_, TimeZone());
  return due && *due <= wall;
}

// Whether a pulse comes with the evaluation at hand.
bool NaiveEvaluator::comes(const Condition& condition, Past& past) {
  const size_t operand = firstOperand_[&condition];
  if (const Changed* changed = std::get_if<Changed>(&condition.what)) {
    return isChanged(*changed, operands_[operand]);
  }
  if (const Became* became = std::get_if<Became>(&condition.what)) {
    return isBecame(condition, became->compare, past);
  }
  if (std::holds_alternative<Webhook>(condition.what)) {
    return std::any_of(history_->begin() + static_cast<ptrdiff_t>(begin_),
                       history_->begin() + static_cast<ptrdiff_t>(end_),
                       [](const Event& event) { return event.kind == Event::Kind::Webhook; });
  }
  return isDue(condition);
}

void NaiveEvaluator::pend(const Condition& condition) {
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      pend(member);
    }
    return;
  }
  const bool isPulse = std::holds_alternative<Changed>(condition.what) ||
                       std::holds_alternative<Became>(condition.what) ||
                       std::holds_alternative<Webhook>(condition.what) ||
                       std::holds_alternative<At>(condition.what) ||
                       std::holds_alternative<Cron>(condition.what);
  pending_[&condition] = isPulse && comes(condition, past_[&condition]);
}

bool NaiveEvaluator::endsPulse(const Condition& condition) {
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    return std::any_of(group->members.begin(), group->members.end(),
                       [this](const Condition& member) { return endsPulse(member); });
  }
  const Past& past = past_[&condition];
  return pending_[&condition] && past.raw && past.until <= now_.now;
}

bool NaiveEvaluator::isRaw(const Condition& condition, Past& past) {
  const size_t operand = firstOperand_[&condition];
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    size_t count = 0;
    for (const Condition& member : group->members) {
      count += visit(member) ? 1U : 0U;
    }
    switch (group->kind) {
      case Group::Kind::All:
        return count == group->members.size();
      case Group::Kind::Any:
        return count > 0;
      case Group::Kind::OneOf:
        return count % 2 == 1;
      default:
        return count == 0;
    }
  }
  if (const Compare* compare = std::get_if<Compare>(&condition.what)) {
    return isCompareTrue(condition, *compare, past);
  }
  if (const Stale* stale = std::get_if<Stale>(&condition.what)) {
    return isStale(*stale, operands_[operand]);
  }
  if (const Offline* offline = std::get_if<Offline>(&condition.what)) {
    return std::any_of(operands_[operand].begin(), operands_[operand].end(),
                       [this, offline](const Watch& watch) {
                         const auto since = offlineSince(watch);
                         return since && *since + offline->grace <= now_.now;
                       });
  }
  const SysSeconds wall = wallOf(now_);
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  if (const Between* between = std::get_if<Between>(&condition.what)) {
    const auto time = wall - day;
    const auto from = between->from.offset;
    const auto to = between->to.offset;
    return from < to ? time >= from && time < to : time >= from || time < to;
  }
  if (const Days* days = std::get_if<Days>(&condition.what)) {
    return (days->weekdays >> std::chrono::weekday(day).c_encoding() & 1U) != 0;
  }
  if (pending_[&condition] && !isMasked_) {
    past.until = now_.now + spec_.debounce;
    return true;
  }
  return now_.now < past.until;
}

bool NaiveEvaluator::visit(const Condition& condition) {
  Past& past = past_[&condition];
  const bool raw = isRaw(condition, past);
  if (!past.raw || !raw) {
    past.since = now_.now;
  }
  past.raw = raw;
  past.out = raw && past.since + condition.holdFor <= now_.now;
  return past.out;
}

bool NaiveEvaluator::whole() {
  size_t count = 0;
  for (const Condition& condition : spec_.conditions) {
    count += visit(condition) ? 1U : 0U;
  }
  return spec_.anyMatch ? count > 0 : count > 0 && count == spec_.conditions.size();
}

void NaiveEvaluator::announce(const Condition& condition, bool isNegated, bool rose,
                              Answer& answer) {
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      announce(member, isNegated || group->kind == Group::Kind::None, rose, answer);
    }
    return;
  }
  const Offline* offline = std::get_if<Offline>(&condition.what);
  if (offline == nullptr) {
    return;
  }
  for (const Watch& watch : operands_[firstOperand_[&condition]]) {
    bool& isAnnounced = announced_[{&condition, watch.moduleId}];
    isAnnounced = isAnnounced && !rose;
    const auto since = offlineSince(watch);
    if (isNegated || isAnnounced || !past_[&condition].out || !since ||
        *since + offline->grace > now_.now) {
      continue;
    }
    isAnnounced = true;
    if (std::find(answer.firings.begin(), answer.firings.end(), watch.moduleId) ==
        answer.firings.end()) {
      answer.firings.push_back(watch.moduleId);
    }
  }
}

void NaiveEvaluator::edge(bool before, Answer& answer) {
  const bool rose = !before && answer.triggered;
  answer.rose |= rose;
  answer.fell |= before && !answer.triggered;
  if (answer.triggered) {
    for (const Condition& condition : spec_.conditions) {
      announce(condition, false, rose, answer);
    }
  }
  if (rose && answer.firings.empty()) {
    answer.firings.emplace_back();
  }
}

void NaiveEvaluator::collect(const Condition& condition, Answer& answer) const {
  answer.conditions[condition.key] = past_.at(&condition).out;
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      collect(member, answer);
    }
  }
}

// What a Became said of a module is forgotten with its value.
void NaiveEvaluator::forgetSaid(const Condition& condition, const Watch& watch) {
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      forgetSaid(member, watch);
    }
  }
  const Became* became = std::get_if<Became>(&condition.what);
  if (became == nullptr) {
    return;
  }
  const Sides sides = sidesOf(condition, became->compare);
  for (size_t side = 0; side < 2; ++side) {
    for (size_t i = 0; i < sides.watches[side].size(); ++i) {
      if (!(sides.watches[side][i] == watch)) {
        continue;
      }
      if (sides.refs[side]->of == Quantifier::One) {
        past_[&condition].said.clear();
      } else {
        past_[&condition].said.erase(i);
      }
    }
  }
}

NaiveEvaluator::Answer NaiveEvaluator::answer(const std::vector<Event>& history) {
  history_ = &history;
  past_.clear();
  pending_.clear();
  announced_.clear();
  begin_ = 0;
  latestWall_ = wallOf(start_);
  Answer answer;
  for (size_t i = 0; i < history.size(); ++i) {
    const Event& event = history[i];
    now_ = event.at;
    end_ = i;
    if (event.kind == Event::Kind::Forget) {
      for (const Condition& condition : spec_.conditions) {
        forgetSaid(condition, event.watch);
      }
    }
    if (event.kind == Event::Kind::Set && !(event.value == std::optional(json::Value(false)))) {
      for (auto& [which, isAnnounced] : announced_) {  // it came back
        const bool isIt = which.second == event.watch.moduleId && event.watch.status.empty();
        isAnnounced = isAnnounced && !isIt;
      }
    }
    if (event.kind != Event::Kind::Evaluate) {
      continue;
    }
    for (const Condition& condition : spec_.conditions) {
      pend(condition);
    }
    answer.rose = answer.fell = false;
    answer.firings.clear();
    bool before = answer.triggered;
    isMasked_ = std::any_of(spec_.conditions.begin(), spec_.conditions.end(),
                            [this](const Condition& condition) { return endsPulse(condition); });
    if (isMasked_) {
      answer.triggered = whole();
      edge(before, answer);
      before = answer.triggered;
      isMasked_ = false;
    }
    answer.triggered = whole();
    edge(before, answer);
    latestWall_ = std::max(latestWall_, wallOf(now_));
    begin_ = i + 1;
  }
  for (const Condition& condition : spec_.conditions) {
    collect(condition, answer);
  }
  return answer;
}

}  // namespace busbar::triggers
