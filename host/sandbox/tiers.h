// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/sandbox/layers.h"
#include "sdk/base/result.h"

namespace busbar::sandbox {

// How much of the sandbox this machine allows, weakest first.
// SeccompOnly does NOT stop a driver's constructors from reading what busbard's user may read;
// NoUserns (for an ordinary user) does NOT hide processes, and does NOT take the network namespace
// away: there only the filters stand between a passed socket and the network.
enum class Tier { SeccompOnly, NoUserns, Full };

// "full", "no-userns", "seccomp-only".
std::string_view toString(Tier tier);
Result<Tier> tierFromName(std::string_view name);

enum class CgroupMode { None, V1, V2 };
std::string_view toString(CgroupMode mode);

// What was found at start; shown by doctor, in metrics and per runner. A plain value.
struct SandboxFacts {
  Tier tier = Tier::SeccompOnly;
  LayerSet layers;      // that every runner gets
  bool isRoot = false;  // runners get uids of their own
  int landlockAbi = 0;  // 0: none
  CgroupMode cgroups = CgroupMode::None;
  std::string tierReason;  // why not full: what was tried and what the system said; empty for full
  std::vector<std::string> remarks;  // one sentence per weakness, with its remedy
};

// Tries each layer on a short-lived child. Blocks for some milliseconds: at start, not on a loop.
// Unavailable when seccomp filters do not work at all: then no driver may run.
Result<SandboxFacts> probeSandbox();

// FailedPrecondition (reason "sandbox_too_weak") when `facts` stay below `lowest`; the sentence
// names what is missing and the remedy.
Status requireTier(const SandboxFacts& facts, Tier lowest);

}  // namespace busbar::sandbox
