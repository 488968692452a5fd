// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "api/triggers/evaluator.h"
#include "api/triggers/node.h"

namespace busbar::triggers {

// Keeps, for each condition, whether it is true, and visits with each evaluation only those whose
// statuses changed or whose time has come, members before their group. Groups count their true
// members. program.cc builds it, leaves.cc looks at statuses, evaluator.cc visits, progress.cc is
// durable.
class Evaluator::Core {
 public:
  Core(std::shared_ptr<const Spec> spec, Binding binding, Place place, const Moment& start);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void rebind(Binding binding, Place place, const Moment& now);
  const Binding& binding() const { return binding_; }
  void set(uint32_t watch, std::optional<json::Value> value, const Moment& now);
  void forget(uint32_t watch);
  void deliverWebhook();
  bool hasChange() const;
  Outcome evaluate(const Moment& now);
  std::vector<ConditionState> conditions() const;
  bool triggered() const { return nodes_.back().out; }
  uint64_t comparisonErrors() const { return comparisonErrors_; }
  json::Object progress();
  void restore(const json::Object& progress, const Moment& now);

 private:
  static constexpr size_t kMaxNodes = 256;
  using NodeSet = std::array<uint64_t, kMaxNodes / 64>;

  // program.cc
  uint32_t addNode(const Condition& condition, bool isNegated);
  void addLeaf(Node& node, uint32_t index);
  void addTop();
  void addCalendar();
  void bind();
  void bindCompare(CompareLeaf& leaf, size_t& operand);
  void bindSide(uint32_t node, const Operand& meant, size_t& operand, Side& side);
  uint32_t slotOf(uint32_t watch, const std::vector<std::string>& keys);
  struct Bound;  // what rebind() keeps
  void keep(Bound& before, const Moment& now);
  void keepSlots(Bound& before);
  void keepLeaves(const Bound& before);

  // leaves.cc
  void digAnew(Watched& watched);
  void noteChange(Slot& slot, const std::optional<json::Value>& next);
  static void forgetPast(CompareLeaf& leaf, uint32_t slot);
  void setOnline(const Watched& watched, const Moment& now);
  const Term* termOfSide(const Side& side, size_t index) const;
  bool lookCompare(CompareLeaf& leaf);
  bool hasAll(const CompareLeaf& leaf) const;
  bool becameTrue(CompareLeaf& leaf);
  bool judge(const CompareLeaf& leaf, size_t index, const Term& left, const Term& right);
  bool lookStale(const StaleLeaf& leaf, Instant now, Instant& due) const;
  bool lookOffline(const OfflineLeaf& leaf, Instant& due) const;

  // evaluator.cc
  void mark(uint32_t node) { dirty_[node / 64] |= uint64_t{1} << (node % 64); }
  void markAll();
  void pend(Node& node, uint32_t index);
  void noticeTime(const Moment& now);
  void collectPulses();
  bool endPulses(Instant now);
  void noteEdge(bool before, Outcome& outcome);
  void sweep(Instant now);
  void visit(Node& node, Instant now);
  bool lookLeaf(Node& node, Instant now);
  bool lookPulse(Node& node, Instant now);
  bool lookGroup(const Node& node) const;
  void announce(bool rose, Outcome& outcome);
  bool hasOffline(const OfflineLeaf& leaf, const OfflineLeaf::Mod& mod) const;

  // progress.cc
  json::Object progressOf(const Node& node) const;
  void leafProgress(const Node& node, json::Object& out) const;
  void restoreNode(Node& node, const json::Value& saved);
  void restoreLeaf(Node& node, const json::Value& saved);
  void restoreCompare(CompareLeaf& leaf, const json::Value& saved);
  json::Object seenProgress(const ChangedLeaf& leaf) const;
  const std::string& formOf(const Node& node) const;
  json::Value utcOf(Instant t) const;
  std::optional<Instant> instantOf(const json::Value* utcNs) const;
  const std::string& moduleOf(uint32_t slot) const {
    return watches_[slots_[slot].watch].watch.moduleId;
  }

  // states.cc
  ConditionState stateOf(const Node& node) const;
  void compareState(const CompareLeaf& leaf, ConditionState& state) const;
  json::Value valuesOf(const Side& side) const;
  std::optional<Instant> nextOf(const Node& node) const;

  const std::shared_ptr<const Spec> spec_;
  const std::vector<StatusRef> operands_;
  Binding binding_;
  Place place_;
  MomentClock clock_;

  std::vector<Node> nodes_;        // the whole is the last
  std::vector<uint32_t> ordered_;  // those of the document, in its order
  std::vector<CompareLeaf> compares_;
  std::vector<ChangedLeaf> changes_;
  std::vector<StaleLeaf> stales_;
  std::vector<OfflineLeaf> offlines_;
  std::deque<Alarm> alarms_;
  std::deque<Window> windows_;
  std::vector<uint32_t> timed_;     // nodes that time may change
  std::vector<uint32_t> calendar_;  // those of them that the wall clock decides
  NodeSet dirty_{};
  NodeSet pulses_{};   // nodes that are pulses
  NodeSet derived_{};  // those of them that are looked for: alarms and Became

  std::vector<Watched> watches_;
  std::vector<Slot> slots_;

  Instant nextDue_ = kNever;
  size_t words_ = 1;  // of a NodeSet that are in use
  bool hasPulses_ = false;
  bool hasNewDues_ = false;
  bool isEndingPulses_ = false;
  bool hasVisitedOffline_ = false;
  bool hasProgress_ = false;
  int64_t clockDifference_ = 0;
  Nanoseconds staleGrain_ = Nanoseconds::max();
  uint64_t comparisonErrors_ = 0;
  mutable std::vector<std::string> forms_;  // by node; made when first asked for
};

}  // namespace busbar::triggers
