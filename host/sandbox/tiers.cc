// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/tiers.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "host/sandbox/cgroups.h"
#include "host/sandbox/launcher.h"
#include "host/sandbox/probe.h"
#include "host/sandbox/uid_range.h"

namespace busbar::sandbox {
namespace {

constexpr Layer kNamespaces[] = {Layer::UserNs, Layer::MountNs, Layer::PidNs,   Layer::IpcNs,
                                 Layer::UtsNs,  Layer::NetNs,   Layer::CgroupNs};

int landlockAbi() {
  constexpr long kCreateRuleset = 444;
  constexpr long kVersion = 1;
  const long abi = ::syscall(kCreateRuleset, nullptr, 0, kVersion);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

bool seccompWorks() {
  uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Builds these walls around a child that then ends.
Status tryLayers(Launcher& launcher, LayerSet layers, uid_t runnerUid) {
  LaunchInput input;
  input.layers = layers;
  input.runnerUid = runnerUid;
  input.tmpBytes = 4096;
  auto child = launcher.launch(input, nullptr);
  if (!child) {
    return std::move(child).error();
  }
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(child->pidfd.get()), &info,
                  WEXITED) != 0) {
    if (errno != EINTR) {
      return Error::fromErrno(errno, "reap a probe of the sandbox");
    }
  }
  if (info.si_code != CLD_EXITED || info.si_status != 0) {
    return Error::of(ErrorCode::Unavailable, "a probe of the sandbox died before its end");
  }
  return {};
}

void addRemarks(SandboxFacts& facts, const std::string& whyNoCgroups) {
  if (!facts.isRoot) {
    facts.remarks.emplace_back(
        "All runners share busbard's user. Started as root, busbard gives each runner its own.");
  }
  if (facts.isRoot && !facts.layers.has(Layer::OwnUid)) {
    facts.remarks.emplace_back(
        "All runners share busbard's user: this user namespace has too few ids to hand out.");
  }
  if (facts.landlockAbi == 0) {
    facts.remarks.emplace_back(
        "The kernel has no Landlock: one wall less around files. Boot with lsm=landlock,...");
  } else if (facts.landlockAbi < 6) {
    facts.remarks.push_back("Landlock is version " + std::to_string(facts.landlockAbi) +
                            "; version 6 (Linux 6.12) also bars signals and abstract sockets.");
  }
  if (facts.cgroups == CgroupMode::None) {
    facts.remarks.push_back(
        "Memory is limited by RLIMIT_DATA only and CPU not at all: " + whyNoCgroups + ".");
  }
}

}  // namespace

std::string_view toString(Tier tier) {
  switch (tier) {
    case Tier::SeccompOnly:
      return "seccomp-only";
    case Tier::NoUserns:
      return "no-userns";
    case Tier::Full:
      return "full";
  }
  return "unknown";
}

Result<Tier> tierFromName(std::string_view name) {
  for (const Tier tier : {Tier::SeccompOnly, Tier::NoUserns, Tier::Full}) {
    if (name == toString(tier)) {
      return tier;
    }
  }
  return Error::at(
      ErrorCode::InvalidArgument, "sandbox.require",
      "sandbox tier '" + std::string(name) + "' is unknown; one of full, no-userns, seccomp-only");
}

std::string_view toString(CgroupMode mode) {
  switch (mode) {
    case CgroupMode::None:
      return "none";
    case CgroupMode::V1:
      return "v1";
    case CgroupMode::V2:
      return "v2";
  }
  return "unknown";
}

Result<SandboxFacts> probeSandbox(Launcher& launcher, const Cgroups& cgroups,
                                  const std::string& whyNoCgroups, UidRange uids) {
  SandboxFacts facts;
  facts.isRoot = ::geteuid() == 0;
  facts.landlockAbi = landlockAbi();
  facts.cgroups = cgroups.mode();
  facts.layers = LayerSet::all();
  if (!seccompWorks()) {
    return Error::because(ErrorCode::Unavailable, "sandbox_too_weak",
                          "probe the sandbox: the kernel has no seccomp filters");
  }
  if (!facts.isRoot || uids.count == 0) {
    facts.layers.remove(Layer::OwnUid);
  }
  if (facts.landlockAbi == 0) {
    facts.layers.remove(Layer::Landlock);
  }
  if (facts.cgroups == CgroupMode::None) {
    facts.layers.remove(Layer::Cgroup);
  }
  facts.tier = Tier::Full;
  if (auto full = tryLayers(launcher, facts.layers, uids.first); !full.ok()) {
    facts.tierReason = full.error().message;
    facts.layers.remove(Layer::UserNs);
    // Root can make the other namespaces without a user namespace.
    if (!facts.isRoot || !tryLayers(launcher, facts.layers, uids.first).ok()) {
      for (const Layer layer : kNamespaces) {
        facts.layers.remove(layer);
      }
      BUSBAR_TRY(tryLayers(launcher, facts.layers, uids.first));
    }
    const bool guardsFiles = facts.layers.has(Layer::MountNs) || facts.landlockAbi > 0;
    facts.tier = guardsFiles ? Tier::NoUserns : Tier::SeccompOnly;
  }
  addRemarks(facts, whyNoCgroups);
  return facts;
}

Result<SandboxFacts> probeSandbox() {
  auto launcher = Launcher::create();
  if (!launcher) {
    return std::move(launcher).error();
  }
  std::string whyNoCgroups;
  const auto cgroups = Cgroups::find(whyNoCgroups);
  return probeSandbox(*launcher, *cgroups, whyNoCgroups, usableUids({}));
}

Status requireTier(const SandboxFacts& facts, Tier lowest) {
  if (facts.tier >= lowest) {
    return {};
  }
  return Error::because(
      ErrorCode::FailedPrecondition, "sandbox_too_weak",
      "the sandbox reaches tier " + std::string(toString(facts.tier)) + ", required is " +
          std::string(toString(lowest)) + " (" + facts.tierReason +
          "); allow user namespaces on this machine, or set sandbox.require to accept less");
}

}  // namespace busbar::sandbox
