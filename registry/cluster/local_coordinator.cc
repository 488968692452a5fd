// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/cluster/local_coordinator.h"

#include <utility>

namespace busbar {
namespace {

constexpr std::chrono::seconds kStartLimit{30};

void appendHex(std::string& out, uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += kDigits[number >> shift & 15];
  }
}

}  // namespace

Epoch makeEpoch(uint64_t generation, uint64_t claim) {
  Epoch epoch;
  appendHex(epoch, generation);
  appendHex(epoch, claim);
  return epoch;
}

void LocalCoordinator::start(Listener listener, Callback<void(Status)> started) {
  BUSBAR_CHECK(!listener_.granted);
  listener_ = std::move(listener);
  store_.nextGeneration(
      loop_.now() + kStartLimit,
      [this, alive = alive_, started = std::move(started)](Result<uint64_t> generation) mutable {
        if (!*alive) {
          return;
        }
        if (!generation.ok()) {
          started(std::move(generation).error());
          return;
        }
        generation_ = *generation;
        started(Status());
        if (*alive) {
          settle();
        }
      });
}

void LocalCoordinator::propose(std::vector<std::string> moduleIds) {
  proposed_ = std::set<std::string>(std::make_move_iterator(moduleIds.begin()),
                                    std::make_move_iterator(moduleIds.end()));
  postSettle();
}

void LocalCoordinator::postSettle() {
  if (generation_ == 0 || settling_) {
    return;  // start() or the posted task goes on
  }
  settling_ = true;
  loop_.post([this, alive = alive_] {
    if (*alive) {
      settling_ = false;
      settle();
    }
  });
}

// Compares what is proposed with what is owned. The listener may call back into this object.
void LocalCoordinator::settle() {
  std::vector<std::string> revoke;
  for (auto& [moduleId, state] : owned_) {
    const bool wanted = proposed_.contains(moduleId);
    if (!wanted && state == State::Granted) {
      state = State::Revoked;
      revoke.push_back(moduleId);
    } else if (!wanted && state == State::Wanted) {
      state = State::Revoked;
    } else if (wanted && state == State::Revoked) {
      state = State::Wanted;
    }
  }
  std::vector<std::string> gain;
  for (const std::string& moduleId : proposed_) {
    if (!owned_.contains(moduleId)) {
      owned_[moduleId] = State::Granted;
      gain.push_back(moduleId);
    }
  }
  for (const std::string& moduleId : revoke) {
    listener_.revoked(moduleId, Instant::max());  // nobody waits for it
  }
  for (const std::string& moduleId : gain) {
    if (owned_.contains(moduleId)) {  // not released by an earlier call of the listener
      listener_.granted(moduleId, makeEpoch(generation_, ++claims_));
    }
  }
}

void LocalCoordinator::released(const std::string& moduleId) {
  const auto it = owned_.find(moduleId);
  if (it == owned_.end()) {
    return;
  }
  const bool wanted = it->second == State::Wanted;
  owned_.erase(it);
  if (wanted) {
    postSettle();
  }
}

}  // namespace busbar
