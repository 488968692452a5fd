// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/spec.h"
#include "sdk/base/clock.h"
#include "sdk/base/json.h"

namespace busbar::triggers {

// Both clocks at one moment.
struct Moment {
  Instant now{};
  int64_t utcNs = 0;
};

struct Coordinates {
  double latitude = 0;   // degrees, north is positive
  double longitude = 0;  // degrees, east is positive
};

// Where conditions about time are meant.
struct Place {
  TimeZone zone;
  std::optional<Coordinates> coordinates;  // none: conditions about the sun are false
};

// One status of one module, or, with an empty status, whether the module is online.
struct Watch {
  std::string moduleId;  // or the id of a trigger's instance
  std::string status;
  bool operator==(const Watch&) const = default;
};

// Which statuses the operands of a spec mean in one system. A watch that several operands mean
// stands once.
struct Binding {
  std::vector<Watch> watches;
  std::vector<std::vector<uint32_t>> operands;  // for each of operandsOf(): indexes into `watches`
};

// One instance's conditions at work: statuses and a clock in, decisions out. Does not wait and asks
// nobody: the engine and simulations use the same. Thread-compatible; evaluate() allocates only
// when something fires.
class Evaluator {
 public:
  struct Outcome {
    bool triggered = false;
    bool rose = false;  // triggered since this evaluation
    bool fell = false;  // both: it ended and began again, or the reverse
    // One firing for each; empty text: of the trigger itself. The id of a module: it went offline,
    // beside others that are offline already, or as the first. A trigger that rises for another
    // reason while modules are offline names these.
    std::vector<std::string> firings;
    bool progressChanged = false;  // since progress() was last called
    // When to evaluate next though nothing changes; Instant::max(): never. It may be now: a pulse
    // without a debounce period ends at once.
    Instant wake = Instant::max();
  };
  // Of one condition, for states and explanations.
  struct ConditionState {
    std::string_view key;
    bool isTrue = false;
    bool isHeld = false;          // what it says holds, but not yet for long enough
    std::string_view problem;     // "", "no_value", "wrong_type", "no_module", "no_coordinates"
    std::optional<Instant> next;  // when time alone may change it
    // Of comparisons: the values that were looked at; of several modules an object by their ids.
    json::Value left;
    json::Value right;
  };

  // `place.zone` counts where a condition names none.
  Evaluator(std::shared_ptr<const Spec> spec, Binding binding, Place place, Moment start);
  Evaluator(Evaluator&&) noexcept;
  ~Evaluator();

  // Statuses meant by an operand changed their modules or the system its place; what is held
  // goes on.
  void rebind(Binding binding, Place place, Moment now);
  const Binding& binding() const;

  // A value that its owner delivered; none: it has no such status (any more). Each call with a
  // value counts as an update, also with the same one. Changed and Became compare with the value
  // before, over a time without one, too. Of a module (an empty status): true is online, false is
  // offline, none is not known.
  void set(uint32_t watch, std::optional<json::Value> value, Moment now);
  // The value before counts as never seen: no edge to the next one.
  void forget(uint32_t watch);
  void deliverWebhook(Moment now);
  // Whether a `changed` was met since the last evaluation.
  bool hasChange() const;

  // Decides anew. To be called after one or several set(); each set() that may be a pulse on its
  // own (Changed, Became) must be followed by one before the next set() of that status. Two pulses
  // in a row are two edges also when nobody evaluated at `wake` between them.
  Outcome evaluate(Moment now);

  // At the top and inside of rules, in the order of the document.
  std::vector<ConditionState> conditions() const;
  bool triggered() const;
  // Comparisons that met a value of the wrong type, since the start.
  uint64_t comparisonErrors() const;

  // What has to outlive a restart: since when conditions hold, last seen values by watch, cron
  // times that are settled, whether it is triggered. An object; opaque.
  json::Object progress();
  // Before the first set(): continues what progress() said, also after a different binding. Time
  // that passed meanwhile counts. The next set() of a status is compared with what was last seen.
  // A comparison stays as it was until all of its statuses have been set, so that values which come
  // in one by one are no edges: each watch has to be, with none if there is no value. What belongs
  // to conditions that are no longer there, or were changed, is dropped.
  void restore(const json::Object& progress, Moment now);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace busbar::triggers
