// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/triggers/evaluator.h"
#include "api/triggers/spec.h"

namespace busbar::triggers {

// What a trigger's conditions mean, said a second time and as plainly as possible: everything is
// made anew from all that ever happened. Zones are UTC, wall clocks jump by less than three hours,
// and the binding stays.
class NaiveEvaluator {
 public:
  struct Event {
    enum class Kind { Set, Forget, Webhook, Evaluate };
    Kind kind = Kind::Evaluate;
    Moment at;
    Watch watch;
    std::optional<json::Value> value;
  };
  struct Answer {
    bool triggered = false;
    bool rose = false;
    bool fell = false;
    std::vector<std::string> firings;
    std::map<std::string, bool> conditions;  // by key
  };

  NaiveEvaluator(const Spec& spec, const Binding& binding, Moment start);

  // Of the last evaluation in `history`.
  Answer answer(const std::vector<Event>& history);

 private:
  struct Past {  // of a condition, at the evaluation before
    bool raw = false;
    bool out = false;
    Instant since;
    Instant until = Instant::min();
    std::map<size_t, bool> said;  // by place in the operand
  };
  using Operand = std::vector<Watch>;
  struct Sides {  // of a comparison
    const StatusRef* refs[2] = {nullptr, nullptr};
    json::Value constants[2];
    Operand watches[2];
    Quantifier of = Quantifier::One;
    size_t count = 1;
    bool isWhole = true;  // no module is missing
  };

  std::optional<json::Value> valueOf(const Watch& watch, size_t end, bool isGapOpen,
                                     bool stopsAtForget) const;
  Sides sidesOf(const Condition& condition, const Compare& compare);
  std::optional<json::Value> partOf(const Sides& sides, size_t side, size_t i, bool isStrict) const;
  bool say(const Compare& compare, const std::optional<json::Value>& left,
           const std::optional<json::Value>& right, bool before) const;
  bool isRaw(const Condition& condition, Past& past);
  bool isCompareTrue(const Condition& condition, const Compare& compare, Past& past);
  bool isBecame(const Condition& condition, const Compare& compare, Past& past);
  bool isChanged(const Changed& changed, const Operand& operand) const;
  bool isStale(const Stale& stale, const Operand& operand) const;
  std::optional<Instant> offlineSince(const Watch& watch) const;
  bool isDue(const Condition& condition) const;
  bool comes(const Condition& condition, Past& past);
  bool visit(const Condition& condition);
  bool whole();
  void number(const Condition& condition, size_t& next);
  void edge(bool before, Answer& answer);
  void announce(const Condition& condition, bool isNegated, bool rose, Answer& answer);
  void collect(const Condition& condition, Answer& answer) const;
  bool endsPulse(const Condition& condition);
  void pend(const Condition& condition);
  void forgetSaid(const Condition& condition, const Watch& watch);

  const Spec& spec_;
  Moment start_;
  std::vector<Operand> operands_;
  std::map<const Condition*, size_t> firstOperand_;

  const std::vector<Event>* history_ = nullptr;
  size_t end_ = 0;    // events before it have happened
  size_t begin_ = 0;  // those of the evaluation at hand begin here
  Moment now_;
  SysSeconds latestWall_;
  bool isMasked_ = false;
  std::map<const Condition*, Past> past_;
  std::map<const Condition*, bool> pending_;
  std::map<std::pair<const Condition*, std::string>, bool> announced_;
};

}  // namespace busbar::triggers
