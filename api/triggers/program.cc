// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "api/triggers/evaluator_core.h"

namespace busbar::triggers {
namespace {

constexpr int kStaleGrains = 10;  // of its time, a Stale may come true so much early after a crash

Node::Kind kindOf(const Condition& condition) {
  // By index of Condition::what.
  constexpr Node::Kind kKinds[] = {Node::Kind::Compare, Node::Kind::Changed, Node::Kind::Became,
                                   Node::Kind::Stale,   Node::Kind::Offline, Node::Kind::Alarm,
                                   Node::Kind::Alarm,   Node::Kind::Alarm,   Node::Kind::Window,
                                   Node::Kind::Window,  Node::Kind::Webhook, Node::Kind::Group};
  static_assert(std::size(kKinds) == std::variant_size_v<decltype(Condition::what)>);
  return kKinds[condition.what.index()];
}

std::string nameOf(const Watch& watch) {
  return watch.moduleId + '\n' + watch.status;
}

bool isSamePlace(const Place& a, const Place& b) {
  if (a.zone != b.zone || a.coordinates.has_value() != b.coordinates.has_value()) {
    return false;
  }
  return !a.coordinates || (a.coordinates->latitude == b.coordinates->latitude &&
                            a.coordinates->longitude == b.coordinates->longitude);
}

}  // namespace

struct Evaluator::Core::Bound {
  std::vector<Watched> watches;
  std::vector<Slot> slots;
  std::vector<CompareLeaf> compares;
  std::vector<OfflineLeaf> offlines;
};

Evaluator::Core::Core(std::shared_ptr<const Spec> spec, Binding binding, Place place,
                      const Moment& start)
    : spec_(std::move(spec)),
      operands_(operandsOf(*spec_)),
      binding_(std::move(binding)),
      place_(std::move(place)),
      clockDifference_(start.utcNs - start.now.time_since_epoch().count()) {
  clock_.set(start);
  addTop();
  addCalendar();
  bind();
  for (Watched& watched : watches_) {
    watched.updated = watched.storedUpdate = start.now;
  }
  markAll();
}

void Evaluator::Core::addTop() {
  std::vector<uint32_t> members;
  for (const Condition& condition : spec_->conditions) {
    members.push_back(addNode(condition, false));
  }
  const auto top = static_cast<uint32_t>(nodes_.size());
  for (const uint32_t member : members) {
    nodes_[member].parent = top;
  }
  Node node;
  node.group = spec_->anyMatch || members.empty() ? Group::Kind::Any : Group::Kind::All;
  node.members = static_cast<uint32_t>(members.size());
  nodes_.push_back(node);
  BUSBAR_CHECK(nodes_.size() <= kMaxNodes);
  words_ = (nodes_.size() + 63) / 64;
}

uint32_t Evaluator::Core::addNode(const Condition& condition, bool isNegated) {
  const size_t place = ordered_.size();
  ordered_.push_back(0);
  Node node;
  node.condition = &condition;
  node.kind = kindOf(condition);
  node.isNegated = isNegated;
  node.hold = condition.holdFor;
  std::vector<uint32_t> members;
  if (const Group* group = std::get_if<Group>(&condition.what)) {
    node.group = group->kind;
    for (const Condition& member : group->members) {
      members.push_back(addNode(member, isNegated || group->kind == Group::Kind::None));
    }
    node.members = static_cast<uint32_t>(members.size());
  }
  const auto index = static_cast<uint32_t>(nodes_.size());
  BUSBAR_CHECK(index < kMaxNodes);
  for (const uint32_t member : members) {
    nodes_[member].parent = index;
  }
  ordered_[place] = index;
  addLeaf(node, index);
  nodes_.push_back(node);
  return index;
}

void Evaluator::Core::addLeaf(Node& node, uint32_t index) {
  const auto& what = node.condition->what;
  const auto put = [&node](auto& list, auto leaf) {
    node.leaf = static_cast<uint32_t>(list.size());
    list.push_back(std::move(leaf));
  };
  if (const Compare* compare = std::get_if<Compare>(&what)) {
    put(compares_, CompareLeaf{index, compare, {}, {}, {}});
  } else if (const Became* became = std::get_if<Became>(&what)) {
    put(compares_, CompareLeaf{index, &became->compare, {}, {}, {}});
  } else if (const Changed* changed = std::get_if<Changed>(&what)) {
    put(changes_, ChangedLeaf{index, changed, {}});
  } else if (const Stale* stale = std::get_if<Stale>(&what)) {
    put(stales_, StaleLeaf{index, stale, {}});
    staleGrain_ = std::min<Nanoseconds>(staleGrain_, stale->after / kStaleGrains);
  } else if (const Offline* offline = std::get_if<Offline>(&what)) {
    put(offlines_, OfflineLeaf{index, offline, {}});
  }
  const uint64_t bit = uint64_t{1} << (index % 64);
  pulses_[index / 64] |= node.isPulse() ? bit : 0;
  hasPulses_ |= node.isPulse();
  const bool isDerived = node.kind == Node::Kind::Alarm || node.kind == Node::Kind::Became;
  derived_[index / 64] |= isDerived ? bit : 0;
  const bool isCalendar = node.kind == Node::Kind::Alarm || node.kind == Node::Kind::Window;
  if (isCalendar) {
    calendar_.push_back(index);
  }
  if (isCalendar || node.isPulse() || node.hold > Nanoseconds(0) ||
      node.kind == Node::Kind::Stale || node.kind == Node::Kind::Offline) {
    timed_.push_back(index);
  }
}

void Evaluator::Core::addCalendar() {
  alarms_.clear();
  windows_.clear();
  for (const uint32_t index : calendar_) {
    Node& node = nodes_[index];
    if (node.kind == Node::Kind::Alarm) {
      node.leaf = static_cast<uint32_t>(alarms_.size());
      alarms_.emplace_back(*node.condition, place_, clock_);
    } else {
      node.leaf = static_cast<uint32_t>(windows_.size());
      windows_.emplace_back(*node.condition, place_);
    }
  }
}

uint32_t Evaluator::Core::slotOf(uint32_t watch, const std::vector<std::string>& keys) {
  for (const uint32_t slot : watches_[watch].slots) {
    if (*slots_[slot].keys == keys) {
      return slot;
    }
  }
  const auto index = static_cast<uint32_t>(slots_.size());
  Slot slot;
  slot.watch = watch;
  slot.keys = &keys;
  slots_.push_back(std::move(slot));
  watches_[watch].slots.push_back(index);
  return index;
}

void Evaluator::Core::bindSide(uint32_t node, const Operand& meant, size_t& operand, Side& side) {
  side = Side();
  if (const json::Value* constant = std::get_if<json::Value>(&meant)) {
    side.isConstant = true;
    side.constant = termOf(constant);
    return;
  }
  const StatusRef& ref = operands_[operand];
  side.of = ref.of;
  for (const uint32_t watch : binding_.operands[operand]) {
    const uint32_t slot = slotOf(watch, ref.keys);
    side.slots.push_back(slot);
    slots_[slot].nodes.push_back(node);
  }
  ++operand;
}

void Evaluator::Core::bindCompare(CompareLeaf& leaf, size_t& operand) {
  bindSide(leaf.node, leaf.compare->left, operand, leaf.left);
  bindSide(leaf.node, leaf.compare->right, operand, leaf.right);
  const Side& several = leaf.several();
  leaf.past.assign(several.of == Quantifier::One ? 1 : several.slots.size(), {});
}

void Evaluator::Core::bind() {
  BUSBAR_CHECK(binding_.operands.size() == operands_.size());
  watches_.clear();
  slots_.clear();
  for (const Watch& watch : binding_.watches) {
    watches_.emplace_back().watch = watch;
  }
  for (const auto& operand : binding_.operands) {
    for (const uint32_t watch : operand) {
      BUSBAR_CHECK(watch < watches_.size());
    }
  }
  size_t operand = 0;
  for (uint32_t index = 0; index < nodes_.size(); ++index) {
    const Node& node = nodes_[index];
    if (node.kind == Node::Kind::Compare || node.kind == Node::Kind::Became) {
      bindCompare(compares_[node.leaf], operand);
    } else if (node.kind == Node::Kind::Changed) {
      ChangedLeaf& leaf = changes_[node.leaf];
      leaf.slots.clear();
      for (const uint32_t watch : binding_.operands[operand]) {
        leaf.slots.push_back(slotOf(watch, operands_[operand].keys));
        slots_[leaf.slots.back()].changedNodes.push_back(index);
      }
      ++operand;
    } else if (node.kind == Node::Kind::Stale) {
      StaleLeaf& leaf = stales_[node.leaf];
      leaf.watches = binding_.operands[operand++];
      for (const uint32_t watch : leaf.watches) {
        watches_[watch].staleNodes.push_back(index);
      }
    } else if (node.kind == Node::Kind::Offline) {
      OfflineLeaf& leaf = offlines_[node.leaf];
      leaf.mods.clear();
      for (const uint32_t watch : binding_.operands[operand++]) {
        watches_[watch].offline.emplace_back(node.leaf, static_cast<uint32_t>(leaf.mods.size()));
        leaf.mods.push_back({watch, kNever, false});
      }
    }
  }
}

void Evaluator::Core::rebind(Binding binding, Place place, const Moment& now) {
  clock_.set(now);
  if (!isSamePlace(place_, place)) {
    for (const uint32_t index : calendar_) {  // what is due is not lost with its alarm
      Node& node = nodes_[index];
      if (node.kind == Node::Kind::Alarm && alarms_[node.leaf].poll()) {
        pend(node, index);
      }
    }
    place_ = std::move(place);
    addCalendar();
  }
  Bound before{std::move(watches_), std::move(slots_), compares_, offlines_};
  binding_ = std::move(binding);
  bind();
  keep(before, now);
  hasProgress_ = true;
  markAll();
}

void Evaluator::Core::keep(Bound& before, const Moment& now) {
  keepSlots(before);
  keepLeaves(before);
  std::unordered_map<std::string, Watched*> known;
  for (Watched& watched : before.watches) {
    known.emplace(nameOf(watched.watch), &watched);
  }
  for (Watched& watched : watches_) {
    const auto found = known.find(nameOf(watched.watch));
    if (found == known.end()) {
      watched.updated = watched.storedUpdate = now.now;
      continue;
    }
    Watched& old = *found->second;
    watched.value = std::move(old.value);
    watched.isSet = old.isSet;
    watched.updated = old.updated;
    watched.storedUpdate = old.storedUpdate;
    for (const uint32_t slot : watched.slots) {
      slots_[slot].isSeen |= watched.isSet && watched.value.has_value();
    }
    digAnew(watched);
  }
}

void Evaluator::Core::keepSlots(Bound& before) {
  std::unordered_map<std::string, std::vector<Slot*>> known;
  for (Slot& slot : before.slots) {
    known[nameOf(before.watches[slot.watch].watch)].push_back(&slot);
  }
  for (Slot& slot : slots_) {
    const auto found = known.find(nameOf(watches_[slot.watch].watch));
    for (Slot* old : found != known.end() ? found->second : std::vector<Slot*>()) {
      if (*old->keys == *slot.keys) {
        slot.isSeen = old->isSeen;
        slot.lastValue = std::move(old->lastValue);
        slot.lastDigest = std::move(old->lastDigest);
      }
    }
  }
}

void Evaluator::Core::keepLeaves(const Bound& before) {
  for (size_t i = 0; i < compares_.size(); ++i) {
    const CompareLeaf& old = before.compares[i];
    std::unordered_map<std::string, CompareLeaf::Past> known;
    for (size_t j = 0; j < old.past.size() && j < old.several().slots.size(); ++j) {
      known[before.watches[before.slots[old.several().slots[j]].watch].watch.moduleId] =
          old.past[j];
    }
    CompareLeaf& leaf = compares_[i];
    for (size_t j = 0; j < leaf.past.size() && j < leaf.several().slots.size(); ++j) {
      if (const auto found = known.find(moduleOf(leaf.several().slots[j])); found != known.end()) {
        leaf.past[j] = found->second;
      }
    }
  }
  for (size_t i = 0; i < offlines_.size(); ++i) {
    std::unordered_map<std::string, const OfflineLeaf::Mod*> known;
    for (const OfflineLeaf::Mod& mod : before.offlines[i].mods) {
      known.emplace(before.watches[mod.watch].watch.moduleId, &mod);
    }
    for (OfflineLeaf::Mod& mod : offlines_[i].mods) {
      if (const auto found = known.find(watches_[mod.watch].watch.moduleId); found != known.end()) {
        mod.since = found->second->since;
        mod.isAnnounced = found->second->isAnnounced;
      }
    }
  }
}

}  // namespace busbar::triggers
