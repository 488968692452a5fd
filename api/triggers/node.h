// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/triggers/clockwork.h"
#include "api/triggers/operators.h"
#include "api/triggers/spec.h"
#include "sdk/base/clock.h"
#include "sdk/base/json.h"

// What the evaluator's conditions are made of at work. Private to the evaluator.
namespace busbar::triggers {

inline constexpr Instant kNever = Instant::max();
inline constexpr uint32_t kNoNode = UINT32_MAX;

// A condition, or the whole of them, which is the last node. Members stand before their group.
struct Node {
  enum class Kind : uint8_t {
    Compare,
    Changed,
    Became,
    Stale,
    Offline,
    Alarm,
    Window,
    Webhook,
    Group
  };

  const Condition* condition = nullptr;  // none: the whole
  Kind kind = Kind::Group;
  Group::Kind group = Group::Kind::All;
  bool isNegated = false;  // inside of a `none`
  // Set by restore(), until every status of the leaf was delivered again.
  bool isAwaiting = false;
  bool isPending = false;  // a pulse's: it comes with the next evaluation
  bool raw = false;        // what the condition says, before it has been held
  bool out = false;
  uint32_t parent = kNoNode;
  uint32_t leaf = 0;  // in the list of its kind
  uint32_t members = 0;
  uint32_t trueMembers = 0;
  Nanoseconds hold{0};
  Instant since{};                 // of `raw`, when it is true
  Instant until = Instant::min();  // of a pulse
  Instant due = kNever;            // when time may change it

  bool isPulse() const {
    return kind == Kind::Changed || kind == Kind::Became || kind == Kind::Alarm ||
           kind == Kind::Webhook;
  }
};

// One watch, as its owner delivered it.
struct Watched {
  Watch watch;
  std::optional<json::Value> value;
  bool isSet = false;  // since the start or the last restore()
  Instant updated{};
  Instant storedUpdate{};  // as progress() last told
  std::vector<uint32_t> slots;
  std::vector<uint32_t> staleNodes;
  std::vector<std::pair<uint32_t, uint32_t>> offline;  // leaf, and place in its modules
};

// A value inside of a watch that conditions look at.
struct Slot {
  uint32_t watch = 0;
  const std::vector<std::string>* keys = nullptr;
  Term term;
  std::vector<uint32_t> nodes;         // that look at it
  std::vector<uint32_t> changedNodes;  // those of them that wait for a new value
  // The last value, for `changed`: that of the watch, or one of these when the watch has none.
  bool isSeen = false;
  std::optional<json::Value> lastValue;
  std::string lastDigest;
};

// One side of a comparison.
struct Side {
  Term constant;
  bool isConstant = false;
  Quantifier of = Quantifier::One;
  std::vector<uint32_t> slots;
};

struct CompareLeaf {
  struct Past {
    bool isTrue = false;   // what it said last
    bool isKnown = false;  // of a Became: it had values
  };
  uint32_t node = 0;
  const Compare* compare = nullptr;
  Side left;
  Side right;
  std::vector<Past> past;  // by slot of the side of several modules; else one

  // The side of several modules, or else one that is a status, if there is one.
  const Side& several() const {
    return right.of != Quantifier::One || left.isConstant ? right : left;
  }
};

struct ChangedLeaf {
  uint32_t node = 0;
  const Changed* changed = nullptr;
  std::vector<uint32_t> slots;
};

struct StaleLeaf {
  uint32_t node = 0;
  const Stale* stale = nullptr;
  std::vector<uint32_t> watches;
};

struct OfflineLeaf {
  struct Mod {
    uint32_t watch = 0;
    Instant since = kNever;  // kNever: it is online, or not known
    bool isAnnounced = false;
  };
  uint32_t node = 0;
  const Offline* offline = nullptr;
  std::vector<Mod> mods;
};

}  // namespace busbar::triggers
