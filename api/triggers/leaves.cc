// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "api/triggers/evaluator_core.h"
#include "api/triggers/value_digest.h"

namespace busbar::triggers {
namespace {

bool holds(Quantifier of, size_t trueCount, size_t count) {
  switch (of) {
    case Quantifier::All:
      return count > 0 && trueCount == count;
    case Quantifier::None:
      return trueCount == 0;
    default:
      return trueCount > 0;
  }
}

// What a status without such a member says to those who wait for a new value.
const json::Value& orNull(const json::Value* value) {
  static const json::Value kNull;
  return value != nullptr ? *value : kNull;
}

}  // namespace

void Evaluator::Core::set(uint32_t watch, std::optional<json::Value> value, const Moment& now) {
  Watched& watched = watches_[watch];
  if (value && !watched.staleNodes.empty()) {
    watched.updated = now.now;
    hasProgress_ |= watched.updated - watched.storedUpdate > staleGrain_;
    for (const uint32_t node : watched.staleNodes) {
      mark(node);
    }
  }
  if (watched.isSet && watched.value.has_value() == value.has_value() &&
      (!value || isEqual(*watched.value, *value))) {
    return;
  }
  for (const uint32_t slot : watched.slots) {
    if (!slots_[slot].changedNodes.empty()) {
      noteChange(slots_[slot], value);
    }
  }
  watched.value = std::move(value);
  watched.isSet = true;
  digAnew(watched);
  if (!watched.offline.empty()) {
    setOnline(watched, now);
  }
}

void Evaluator::Core::digAnew(Watched& watched) {
  const json::Value* value = watched.value ? &*watched.value : nullptr;
  for (const uint32_t index : watched.slots) {
    Slot& slot = slots_[index];
    slot.term = termOf(slot.keys->empty() ? value : dig(value, *slot.keys));
    for (const uint32_t node : slot.nodes) {
      mark(node);
    }
  }
}

// Before the watch takes `next`.
void Evaluator::Core::noteChange(Slot& slot, const std::optional<json::Value>& next) {
  const Watched& watched = watches_[slot.watch];
  const json::Value* last = slot.lastValue ? &*slot.lastValue : nullptr;
  if (watched.value) {
    last = &orNull(dig(&*watched.value, *slot.keys));
  }
  if (!next) {
    if (watched.value && slot.isSeen) {
      slot.lastValue = *last;
    }
    return;
  }
  const json::Value& value = orNull(dig(&*next, *slot.keys));
  bool isNew = false;
  if (slot.isSeen) {
    isNew = last != nullptr ? !isEqual(*last, value) : slot.lastDigest != digestOf(value);
  }
  if (isNew) {
    for (const uint32_t node : slot.changedNodes) {
      pend(nodes_[node], node);
    }
  }
  hasProgress_ |= isNew || !slot.isSeen;
  slot.isSeen = true;
  slot.lastValue.reset();
  slot.lastDigest.clear();
}

void Evaluator::Core::forget(uint32_t watch) {
  Watched& watched = watches_[watch];
  watched.isSet = false;
  hasProgress_ = true;
  for (const uint32_t index : watched.slots) {
    Slot& slot = slots_[index];
    slot.isSeen = false;
    slot.lastValue.reset();
    slot.lastDigest.clear();
    for (const uint32_t node : slot.nodes) {
      if (nodes_[node].kind == Node::Kind::Became) {
        forgetPast(compares_[nodes_[node].leaf], index);
      }
    }
  }
}

// Of the module that `slot` is of; of all of them, when they are compared with it.
void Evaluator::Core::forgetPast(CompareLeaf& leaf, uint32_t slot) {
  const Side& several = leaf.several();
  const Side& other = &several == &leaf.left ? leaf.right : leaf.left;
  const bool isOther = std::find(other.slots.begin(), other.slots.end(), slot) != other.slots.end();
  for (size_t i = 0; i < leaf.past.size(); ++i) {
    if (isOther || (i < several.slots.size() && several.slots[i] == slot)) {
      leaf.past[i] = {};
    }
  }
}

void Evaluator::Core::setOnline(const Watched& watched, const Moment& now) {
  const bool* isOnline = watched.value ? watched.value->asBool() : nullptr;
  const bool isOffline = isOnline != nullptr && !*isOnline;
  for (const auto& [leaf, place] : watched.offline) {
    OfflineLeaf::Mod& mod = offlines_[leaf].mods[place];
    if (!isOffline) {
      mod.since = kNever;
      mod.isAnnounced = false;
    } else if (mod.since == kNever) {
      mod.since = now.now;
    }
    mark(offlines_[leaf].node);
  }
  hasProgress_ = true;
}

// Null: it is of one module, which is not there.
const Term* Evaluator::Core::termOfSide(const Side& side, size_t index) const {
  if (side.isConstant) {
    return &side.constant;
  }
  if (side.of != Quantifier::One) {
    return &slots_[side.slots[index]].term;
  }
  return side.slots.empty() ? nullptr : &slots_[side.slots.front()].term;
}

bool Evaluator::Core::judge(const CompareLeaf& leaf, size_t index, const Term& left,
                            const Term& right) {
  const double slack = leaf.past[index].isTrue ? leaf.compare->hysteresis : 0;
  const Verdict verdict = apply(leaf.compare->op, left, right, slack);
  comparisonErrors_ += verdict == Verdict::WrongType ? 1U : 0U;
  return verdict == Verdict::True;
}

bool Evaluator::Core::lookCompare(CompareLeaf& leaf) {
  size_t trueCount = 0;
  for (size_t i = 0; i < leaf.past.size(); ++i) {
    const Term* left = termOfSide(leaf.left, i);
    const Term* right = termOfSide(leaf.right, i);
    leaf.past[i].isTrue = left != nullptr && right != nullptr && judge(leaf, i, *left, *right);
    trueCount += leaf.past[i].isTrue ? 1U : 0U;
  }
  return holds(leaf.several().of, trueCount, leaf.past.size());
}

// Whether each status was delivered since restore().
bool Evaluator::Core::hasAll(const CompareLeaf& leaf) const {
  const auto isThere = [this](const Side& side) {
    return std::all_of(side.slots.begin(), side.slots.end(),
                       [this](uint32_t slot) { return watches_[slots_[slot].watch].isSet; });
  };
  return isThere(leaf.left) && isThere(leaf.right);
}

// A module without a value keeps what it last said; one that never had one does not count. Who
// joins brings no edge.
bool Evaluator::Core::becameTrue(CompareLeaf& leaf) {
  const auto hasValue = [this](const Side& side, size_t i) {
    if (side.isConstant) {
      return true;
    }
    const size_t at = side.of == Quantifier::One ? 0 : i;
    if (at >= side.slots.size()) {
      return false;
    }
    const Watched& watched = watches_[slots_[side.slots[at]].watch];
    return watched.isSet && watched.value.has_value();
  };
  size_t known = 0;
  size_t before = 0;
  size_t after = 0;
  for (size_t i = 0; i < leaf.past.size(); ++i) {
    CompareLeaf::Past& past = leaf.past[i];
    const bool isKnown = hasValue(leaf.left, i) && hasValue(leaf.right, i);
    const bool isTrue = isKnown
                            ? judge(leaf, i, *termOfSide(leaf.left, i), *termOfSide(leaf.right, i))
                            : past.isTrue;
    if (past.isKnown) {
      ++known;
      before += past.isTrue ? 1U : 0U;
      after += isTrue ? 1U : 0U;
    }
    hasProgress_ |= isTrue != past.isTrue || (isKnown && !past.isKnown);
    past = {isTrue, past.isKnown || isKnown};
  }
  const Quantifier of = leaf.several().of;
  return known > 0 && !holds(of, before, known) && holds(of, after, known);
}

bool Evaluator::Core::lookStale(const StaleLeaf& leaf, Instant now, Instant& due) const {
  size_t staleCount = 0;
  for (const uint32_t watch : leaf.watches) {
    const Instant at = watches_[watch].updated + leaf.stale->after;
    if (at <= now) {
      ++staleCount;
    } else {
      due = std::min(due, at);
    }
  }
  return holds(leaf.stale->status.of, staleCount, leaf.watches.size());
}

bool Evaluator::Core::hasOffline(const OfflineLeaf& leaf, const OfflineLeaf::Mod& mod) const {
  return mod.since != kNever && mod.since + leaf.offline->grace <= clock_.now();
}

bool Evaluator::Core::lookOffline(const OfflineLeaf& leaf, Instant& due) const {
  bool isAny = false;
  for (const OfflineLeaf::Mod& mod : leaf.mods) {
    if (hasOffline(leaf, mod)) {
      isAny = true;
    } else if (mod.since != kNever) {
      due = std::min<Instant>(due, mod.since + leaf.offline->grace);
    }
  }
  return isAny;
}

}  // namespace busbar::triggers
