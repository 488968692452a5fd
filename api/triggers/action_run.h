// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "api/triggers/action_runner.h"
#include "api/triggers/step_sender.h"
#include "sdk/base/backoff.h"

namespace busbar::triggers {

// What stands behind ActionRunner: the jobs under way, and which of their attempts may go now.
// Loop-only.
class ActionRunner::Core : public std::enable_shared_from_this<ActionRunner::Core> {
 public:
  explicit Core(Surroundings surroundings) : around(surroundings) {}

  void run(Job job);
  void close();
  size_t running() const { return runs_.size(); }

  // Run::slotGiven comes later, in the order of asking.
  void wantSlot(uint64_t runId, size_t leaf);
  void leaveSlot();
  void ended(uint64_t runId) { runs_.erase(runId); }
  uint32_t random() { return static_cast<uint32_t>(random_()); }

  const Surroundings around;

 private:
  void requestPump();
  void pump();

  std::map<uint64_t, std::shared_ptr<Run>> runs_;  // shared with a callback under way
  uint64_t lastRun_ = 0;
  std::deque<std::pair<uint64_t, size_t>> waiting_;  // for a slot: run and step
  size_t inFlight_ = 0;
  bool pumpQueued_ = false;
  std::mt19937 random_{std::random_device{}()};
};

// One job. Its steps stand flat, in groups: a Parallel is one group, any other step one of its own.
// A group begins when all of the one before is over. Loop-only.
//
//   step: Waiting -> (record) -> Sending -> (record) -> Over
//            ^______back-off________|
class ActionRunner::Run : public std::enable_shared_from_this<ActionRunner::Run> {
 public:
  Run(Core& core, uint64_t id, Job job);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() = default;

  void nextGroup();
  void slotGiven(size_t at);
  void close();  // without a word

 private:
  struct Leaf {
    const Step* step = nullptr;
    bool stops = false;  // its failure ends the job after its group
    StepRecord record;
    std::shared_ptr<StepSender> sender;  // shared with its callbacks under way
    Backoff backoff{Milliseconds(0), Milliseconds(0)};
    TimerId timer = 0;  // of the attempt, or until the next one
    bool holdsSlot = false;
    bool isOver = false;
  };
  enum class Then { Send, Over };

  void addLeaves(const Step& step, bool stops);
  void takeUp(const std::vector<StepRecord>& before);
  void skipRest();
  void beginAttempt(size_t at);
  void write(size_t at, Then then);
  void written(size_t at, Then then, const Status& stored);
  void send(size_t at);
  void attemptEnded(size_t at, unsigned attempt, AttemptEnd outcome);
  void waitForNext(size_t at);
  void over(size_t at, StepRecord::State state, const Error* error, std::string answer);
  void leafOver(size_t at);
  void queueNextGroup();
  void leaveSlot(Leaf& leaf);
  void breakOff();
  void finish(size_t failures);

  Core& core_;
  const uint64_t id_;
  Job job_;
  std::vector<Leaf> leaves_;
  std::vector<size_t> groupEnds_;  // the leaf behind each group
  size_t group_ = 0;               // the next one
  size_t open_ = 0;                // leaves of the present group that are not over
  size_t failures_ = 0;
  bool isStopped_ = false;
  bool isOver_ = false;
};

}  // namespace busbar::triggers
