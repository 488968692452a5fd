// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "api/triggers/evaluator_core.h"

namespace busbar::triggers {
namespace {

constexpr std::chrono::hours kFurthest{24 * 366 * 100};

std::string_view problemOf(Verdict verdict) {
  return verdict == Verdict::WrongType ? "wrong_type"
         : verdict == Verdict::NoValue ? "no_value"
                                       : "";
}

bool wantsSun(const Condition& condition) {
  if (const Between* between = std::get_if<Between>(&condition.what)) {
    return between->from.kind != DayTime::Kind::Wall || between->to.kind != DayTime::Kind::Wall;
  }
  return std::holds_alternative<Sun>(condition.what);
}

}  // namespace

std::vector<Evaluator::ConditionState> Evaluator::Core::conditions() const {
  std::vector<ConditionState> states;
  states.reserve(ordered_.size());
  for (const uint32_t index : ordered_) {
    states.push_back(stateOf(nodes_[index]));
  }
  return states;
}

Evaluator::ConditionState Evaluator::Core::stateOf(const Node& node) const {
  ConditionState state;
  state.key = node.condition->key;
  state.isTrue = node.out;
  state.isHeld = node.raw && !node.out;
  state.next = nextOf(node);
  if (wantsSun(*node.condition) && !place_.coordinates) {
    state.problem = "no_coordinates";
  }
  const auto isNobody = [](size_t count) { return count == 0; };
  if (node.kind == Node::Kind::Compare || node.kind == Node::Kind::Became) {
    compareState(compares_[node.leaf], state);
  } else if ((node.kind == Node::Kind::Changed && isNobody(changes_[node.leaf].slots.size())) ||
             (node.kind == Node::Kind::Stale && isNobody(stales_[node.leaf].watches.size())) ||
             (node.kind == Node::Kind::Offline && isNobody(offlines_[node.leaf].mods.size()))) {
    state.problem = "no_module";
  }
  return state;
}

void Evaluator::Core::compareState(const CompareLeaf& leaf, ConditionState& state) const {
  state.left = valuesOf(leaf.left);
  state.right = valuesOf(leaf.right);
  for (const Side* side : {&leaf.left, &leaf.right}) {
    if (!side->isConstant && side->slots.empty()) {
      state.problem = "no_module";
      return;
    }
  }
  for (size_t i = 0; i < leaf.past.size(); ++i) {
    const Term& left = *termOfSide(leaf.left, i);
    const Term& right = *termOfSide(leaf.right, i);
    Verdict verdict = apply(leaf.compare->op, left, right);
    if (left.kind == Term::Kind::Missing || right.kind == Term::Kind::Missing) {
      verdict = Verdict::NoValue;  // also where the operator takes that for null
    }
    if (state.problem.empty()) {
      state.problem = problemOf(verdict);
    }
  }
}

json::Value Evaluator::Core::valuesOf(const Side& side) const {
  const auto valueOf = [](const Term& term) {
    return term.value != nullptr ? *term.value : json::Value();
  };
  if (side.isConstant) {
    return valueOf(side.constant);
  }
  if (side.of == Quantifier::One) {
    return side.slots.empty() ? json::Value() : valueOf(slots_[side.slots.front()].term);
  }
  json::Object values;
  for (const uint32_t slot : side.slots) {
    values.set(moduleOf(slot), valueOf(slots_[slot].term));
  }
  return values;
}

std::optional<Instant> Evaluator::Core::nextOf(const Node& node) const {
  std::optional<SysSeconds> wall;
  Instant next = node.due;
  if (node.kind == Node::Kind::Alarm) {
    wall = alarms_[node.leaf].nextAfter(clock_.wall());
    next = node.raw ? node.until : kNever;
  } else if (node.kind == Node::Kind::Window) {
    wall = windows_[node.leaf].nextEdge();
    next = node.raw && !node.out ? node.since + node.hold : kNever;
  }
  if (wall && *wall - clock_.wall() < kFurthest) {
    const Nanoseconds wait = Nanoseconds(wall->time_since_epoch()) - Nanoseconds(clock_.utcNs());
    next = std::min<Instant>(next, clock_.now() + wait);
  }
  return next == kNever ? std::nullopt : std::optional(next);
}

}  // namespace busbar::triggers
