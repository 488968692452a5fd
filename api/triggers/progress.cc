// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <utility>

#include "api/triggers/condition_reader.h"
#include "api/triggers/evaluator_core.h"
#include "api/triggers/value_digest.h"

// The durable form, opaque to others:
//   {"version":1, "triggered":bool, "conditions":{KEY: CONDITION}}
//   CONDITION {"form":text, "raw"?, "out"?, "pending"?: true, "since"?, "until"?: ns,
//              "true"?: {MODULE: bool}           comparisons: what each said
//              "seen"?: {MODULE: {"value":…} or {"sha256":text}}
//              "updated"?: {MODULE: ns}, "offline"?: {MODULE: {"since":ns, "announced":bool}},
//              "settled"?: s}
// Times are UTC. "form" tells a condition from another one that has its key after a change.
namespace busbar::triggers {
namespace {

constexpr int64_t kVersion = 1;
constexpr size_t kMaxKeptValueBytes = 64 * 1024;
constexpr int64_t kLongestSpanNs = int64_t{100} * 366 * 86'400 * 1'000'000'000;

// FNV-1a (Fowler, Noll, Vo), 64 bits: chance differences only.
std::string fingerprintOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, hash, 16).ptr;
  return {digits, end};
}

bool isTrueIn(const json::Value& saved, std::string_view name) {
  const json::Value* value = saved.find(name);
  const bool* flag = value != nullptr ? value->asBool() : nullptr;
  return flag != nullptr && *flag;
}

const json::Value* findIn(const json::Value& saved, std::string_view list, std::string_view name) {
  const json::Value* entries = saved.find(list);
  return entries != nullptr ? entries->find(name) : nullptr;
}

void setUnlessEmpty(json::Object& out, std::string_view name, json::Object members) {
  if (!members.empty()) {
    out.set(name, std::move(members));
  }
}

}  // namespace

json::Value Evaluator::Core::utcOf(Instant t) const {
  return int64_t{(t - clock_.now()).count() + clock_.utcNs()};
}

// None: not a time, or one that makes no sense.
std::optional<Instant> Evaluator::Core::instantOf(const json::Value* utcNs) const {
  const int64_t* ns = utcNs != nullptr ? utcNs->asInt() : nullptr;
  if (ns == nullptr || *ns < 0 || std::abs(*ns - clock_.utcNs()) > kLongestSpanNs) {
    return std::nullopt;
  }
  return clock_.now() + Nanoseconds(*ns - clock_.utcNs());
}

const std::string& Evaluator::Core::formOf(const Node& node) const {
  if (forms_.empty()) {
    for (const Node& each : nodes_) {
      forms_.push_back(each.condition != nullptr
                           ? fingerprintOf(json::write(toJson(*each.condition)))
                           : std::string());
    }
  }
  return forms_[static_cast<size_t>(&node - nodes_.data())];
}

json::Object Evaluator::Core::progress() {
  json::Object conditions;
  for (const uint32_t index : ordered_) {
    conditions.set(nodes_[index].condition->key, progressOf(nodes_[index]));
  }
  for (Watched& watched : watches_) {
    watched.storedUpdate = watched.updated;
  }
  hasProgress_ = false;
  json::Object progress;
  progress.set("version", kVersion);
  progress.set("triggered", triggered());
  progress.set("conditions", std::move(conditions));
  return progress;
}

json::Object Evaluator::Core::progressOf(const Node& node) const {
  json::Object out;
  out.set("form", formOf(node));
  for (const auto& [name, isTrue] : {std::pair("raw", node.raw), std::pair("out", node.out),
                                     std::pair("pending", node.isPending)}) {
    if (isTrue) {
      out.set(name, true);
    }
  }
  if (node.raw) {
    out.set("since", utcOf(node.since));
  }
  if (node.raw && node.isPulse()) {
    out.set("until", utcOf(node.until));
  }
  leafProgress(node, out);
  return out;
}

void Evaluator::Core::leafProgress(const Node& node, json::Object& out) const {
  json::Object members;
  if (node.kind == Node::Kind::Compare || node.kind == Node::Kind::Became) {
    const CompareLeaf& leaf = compares_[node.leaf];
    const bool isBecame = node.kind == Node::Kind::Became;
    const std::vector<uint32_t>& slots = leaf.several().slots;
    for (size_t i = 0; i < leaf.past.size() && i < slots.size(); ++i) {
      if (isBecame ? leaf.past[i].isKnown : leaf.past[i].isTrue && leaf.compare->hysteresis > 0) {
        members.set(moduleOf(slots[i]), leaf.past[i].isTrue);
      }
    }
    setUnlessEmpty(out, "true", std::move(members));
  } else if (node.kind == Node::Kind::Changed) {
    setUnlessEmpty(out, "seen", seenProgress(changes_[node.leaf]));
  } else if (node.kind == Node::Kind::Stale) {
    for (const uint32_t watch : stales_[node.leaf].watches) {
      members.set(watches_[watch].watch.moduleId, utcOf(watches_[watch].updated));
    }
    setUnlessEmpty(out, "updated", std::move(members));
  } else if (node.kind == Node::Kind::Offline) {
    for (const OfflineLeaf::Mod& mod : offlines_[node.leaf].mods) {
      if (mod.since != kNever) {
        json::Object entry;
        entry.set("since", utcOf(mod.since));
        entry.set("announced", mod.isAnnounced);
        members.set(watches_[mod.watch].watch.moduleId, std::move(entry));
      }
    }
    setUnlessEmpty(out, "offline", std::move(members));
  } else if (node.kind == Node::Kind::Alarm && alarms_[node.leaf].remembersSettled()) {
    out.set("settled", int64_t{clock_.wall().time_since_epoch().count()});
  }
}

json::Object Evaluator::Core::seenProgress(const ChangedLeaf& leaf) const {
  json::Object seen;
  for (const uint32_t index : leaf.slots) {
    const Slot& slot = slots_[index];
    if (!slot.isSeen) {
      continue;
    }
    json::Object entry;
    const json::Value* value = slot.lastValue ? &*slot.lastValue : nullptr;
    const json::Value none;
    if (const auto& whole = watches_[slot.watch].value) {
      const json::Value* part = dig(&*whole, *slot.keys);
      value = part != nullptr ? part : &none;
    }
    if (value != nullptr && json::write(*value).size() <= kMaxKeptValueBytes) {
      entry.set("value", *value);
    } else {
      entry.set("sha256", value != nullptr ? digestOf(*value) : slot.lastDigest);
    }
    seen.set(moduleOf(index), std::move(entry));
  }
  return seen;
}

void Evaluator::Core::restore(const json::Object& progress, const Moment& now) {
  clock_.set(now);
  clockDifference_ = now.utcNs - now.now.time_since_epoch().count();
  const json::Value saved(progress);
  for (const uint32_t index : ordered_) {
    Node& node = nodes_[index];
    const json::Value* entry = findIn(saved, "conditions", node.condition->key);
    const json::Value* form = entry != nullptr ? entry->find("form") : nullptr;
    if (form != nullptr && *form == json::Value(formOf(node))) {
      restoreNode(node, *entry);
    }
  }
  nodes_.back().raw = nodes_.back().out = isTrueIn(saved, "triggered");
  for (Node& node : nodes_) {
    node.trueMembers = 0;
  }
  for (const Node& node : nodes_) {
    if (node.parent != kNoNode && node.out) {
      ++nodes_[node.parent].trueMembers;
    }
  }
  hasProgress_ = true;
  markAll();
}

void Evaluator::Core::restoreNode(Node& node, const json::Value& saved) {
  const Instant now = clock_.now();
  node.raw = isTrueIn(saved, "raw");
  node.out = isTrueIn(saved, "out");
  node.isPending = node.isPulse() && isTrueIn(saved, "pending");
  node.since = std::min(instantOf(saved.find("since")).value_or(now), now);
  node.until = std::min<Instant>(instantOf(saved.find("until")).value_or(Instant::min()),
                                 now + spec_->debounce);
  node.isAwaiting = node.kind == Node::Kind::Compare;
  restoreLeaf(node, saved);
}

void Evaluator::Core::restoreLeaf(Node& node, const json::Value& saved) {
  const Instant now = clock_.now();
  if (node.kind == Node::Kind::Compare || node.kind == Node::Kind::Became) {
    restoreCompare(compares_[node.leaf], saved);
  } else if (node.kind == Node::Kind::Changed) {
    for (const uint32_t index : changes_[node.leaf].slots) {
      const json::Value* entry = findIn(saved, "seen", moduleOf(index));
      const json::Value* value = entry != nullptr ? entry->find("value") : nullptr;
      const json::Value* digest = entry != nullptr ? entry->find("sha256") : nullptr;
      Slot& slot = slots_[index];
      if (value != nullptr) {
        slot.isSeen = true;
        slot.lastValue = *value;
      } else if (digest != nullptr && digest->asString() != nullptr) {
        slot.isSeen = true;
        slot.lastDigest = *digest->asString();
      }
    }
  } else if (node.kind == Node::Kind::Stale) {
    for (const uint32_t index : stales_[node.leaf].watches) {
      Watched& watched = watches_[index];
      if (const auto t = instantOf(findIn(saved, "updated", watched.watch.moduleId))) {
        watched.updated = watched.storedUpdate = std::min(*t, now);
      }
    }
  } else if (node.kind == Node::Kind::Offline) {
    for (OfflineLeaf::Mod& mod : offlines_[node.leaf].mods) {
      const json::Value* entry = findIn(saved, "offline", watches_[mod.watch].watch.moduleId);
      if (entry != nullptr) {
        mod.since = std::min(instantOf(entry->find("since")).value_or(now), now);
        mod.isAnnounced = isTrueIn(*entry, "announced");
      }
    }
  } else if (node.kind == Node::Kind::Alarm) {
    const json::Value* settled = saved.find("settled");
    const int64_t* second = settled != nullptr ? settled->asInt() : nullptr;
    if (second != nullptr && alarms_[node.leaf].isOwed(SysSeconds(std::chrono::seconds(*second)))) {
      node.isPending = true;
    }
  }
}

void Evaluator::Core::restoreCompare(CompareLeaf& leaf, const json::Value& saved) {
  const std::vector<uint32_t>& slots = leaf.several().slots;
  for (size_t i = 0; i < leaf.past.size() && i < slots.size(); ++i) {
    const json::Value* entry = findIn(saved, "true", moduleOf(slots[i]));
    const bool* isTrue = entry != nullptr ? entry->asBool() : nullptr;
    if (isTrue != nullptr) {
      leaf.past[i] = {*isTrue, true};
    }
  }
}

}  // namespace busbar::triggers
