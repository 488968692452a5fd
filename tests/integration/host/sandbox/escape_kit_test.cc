// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/host/sandbox/escape_kit.h"

#include <string.h>
#include <sys/socket.h>

#include <cstdio>
#include <functional>
#include <map>

#include "host/sandbox/filters.h"
#include "tests/integration/host/sandbox/sandboxed.h"
#include "tests/support/sandbox_access.h"

namespace busbar::sandbox {
namespace {

constexpr Layer kNamespaces[] = {Layer::UserNs, Layer::MountNs, Layer::PidNs,   Layer::IpcNs,
                                 Layer::UtsNs,  Layer::NetNs,   Layer::CgroupNs};

struct Verdict {
  bool escaped = false;
  std::string why;  // what stopped it
};

class EscapeKit : public Sandboxed {
 protected:
  void SetUp() override {
    targets_ = std::make_unique<EscapeTargets>();  // before the spawner's thread: it forks
    Sandboxed::SetUp();
  }

  // An ordinary user has no namespace without the user namespace.
  static LayerSet closure(LayerSet off) {
    if (off.has(Layer::UserNs) && ::geteuid() != 0) {
      for (const Layer layer : kNamespaces) {
        off.add(layer);
      }
    }
    return off;
  }

  RunnerSpec specFor(uint32_t attempt, escape_where where, LayerSet off) {
    RunnerSpec spec;
    spec.name = "escape";
    spec.driverFolder = targets_->driverFolder();
    spec.driverFile = "escape.so";
    spec.policy.memoryBytes = 64ULL << 20;
    spec.policy.tasks = 16;
    escape_context context = targets_->prepare(attempt, where);
    const std::string driver =
        off.has(Layer::MountNs) ? spec.driverFolder + "/escape.so" : "/driver/escape.so";
    driver.copy(context.driver, sizeof(context.driver) - 1);
    auto file = makeSealedFile("escape-context", &context, sizeof(context));
    spec.fds.push_back({ESCAPE_CONTEXT_FD, std::move(*file)});
    spec.fds.push_back({ESCAPE_TCP_FD, targets_->connectedTcp()});
    spec.fds.push_back({ESCAPE_UDP_FD, targets_->connectedUdp()});
    spec.fds.push_back({ESCAPE_TTY_FD, targets_->terminal()});
    for (const Layer layer : {Layer::ParentDeath, Layer::NotDumpable, Layer::Landlock,
                              Layer::WideFilter, Layer::TightFilter}) {
      if (off.has(layer)) {
        spec.arguments.push_back("--without=" + std::string(toString(layer)));
      }
    }
    return spec;
  }

  Verdict tryOne(uint32_t attempt, escape_where where, LayerSet off) {
    off = closure(off);
    SandboxTestAccess::leaveOut(*spawner_, off);
    auto runner = start(specFor(attempt, where, off));
    if (!runner) {
      return {false, "not started: " + runner.error().message};
    }
    const UniqueFd channel = (*runner)->takeChannel();
    std::string said;
    if (where != ESCAPE_CONSTRUCTOR) {
      said = readUntil(channel.get(), "ready\n");
      if (said.find("ready") == std::string::npos) {
        (*runner)->kill();
        waitForEnd(**runner);
        return {false, "the runner refuses: " + readUntil((*runner)->takeStderr().get(), "\n")};
      }
      EXPECT_EQ(::send(channel.get(), "k", 1, MSG_NOSIGNAL), 1);
    }
    for (size_t at = said.find("R "); at == std::string::npos; at = said.find("R ")) {
      const std::string line = readUntil(channel.get(), "\n");
      if (line.empty()) {
        break;
      }
      said += line;
    }
    const size_t at = said.find("R ");
    if (at == std::string::npos) {
      (*runner)->kill();
      return {false, waitForEnd(**runner).toString()};
    }
    const int error = std::atoi(said.c_str() + at + 2);
    return {error == 0, error == 0 ? "" : ::strerrorname_np(error)};
  }

  // Whether it works at all here: with every wall away, or as root of namespaces of its own.
  Verdict tryUnguarded(uint32_t attempt, escape_where where) {
    const Verdict bare = tryOne(attempt, where, LayerSet::all());
    if (bare.escaped) {
      return bare;
    }
    LayerSet off = LayerSet::all();
    for (const Layer layer : kNamespaces) {
      off.remove(layer);
    }
    const Verdict rootInside = tryOne(attempt, where, off);
    return rootInside.escaped ? rootInside : bare;
  }

  std::unique_ptr<EscapeTargets> targets_;
};

const std::vector<std::pair<escape_where, const char*>> kPlaces = {
    {ESCAPE_CONSTRUCTOR, "constructor"}, {ESCAPE_CALLBACK, "callback"}, {ESCAPE_THREAD, "thread"}};

TEST_F(EscapeKit, HoldsEveryAttempt) {
  ASSERT_EQ(spawner_->facts().tier, Tier::Full) << spawner_->facts().tierReason;
  std::map<std::string, int> counted;
  int total = 0;
  std::printf("attempts as %s\n", ::geteuid() == 0 ? "root" : "an ordinary user");
  for (uint32_t i = 0; i < escapeAttempts().size(); ++i) {
    const EscapeAttempt& attempt = escapeAttempts()[i];
    const Verdict unguarded = tryUnguarded(i, ESCAPE_CALLBACK);
    if (!unguarded.escaped) {
      std::printf("  %-11s %-24s skipped: fails without any wall, too (%s)\n",
                  attempt.category.c_str(), attempt.name.c_str(), unguarded.why.c_str());
      continue;
    }
    ++total;
    ++counted[attempt.category];
    std::string line;
    for (const auto& [where, place] : kPlaces) {
      if (where == ESCAPE_CONSTRUCTOR && attempt.afterLoadOnly) {
        line += std::string(" ") + place + ": allowed, dlopen needs it;";
        continue;
      }
      const Verdict verdict = tryOne(i, where, {});
      EXPECT_FALSE(verdict.escaped) << attempt.name << " from a " << place;
      line += std::string(" ") + place + ": " + (verdict.escaped ? "ESCAPED" : verdict.why) + ";";
    }
    std::printf("  %-11s %-24s%s\n", attempt.category.c_str(), attempt.name.c_str(), line.c_str());
  }
  std::printf("counted: %d\n", total);
  EXPECT_GE(total, 60);
  std::map<std::string, int> listed;
  for (const EscapeAttempt& attempt : escapeAttempts()) {
    ++listed[attempt.category];
  }
  for (const auto& [category, count] : listed) {
    EXPECT_GE(count, 3) << category;
    std::printf("  %s: %d of %d counted\n", category.c_str(), counted[category], count);
  }
}

// What gets through, from a callback, without these walls; "-" when the runner does not even start.
std::string rowWithout(const std::function<Verdict(uint32_t)>& attempt) {
  std::string through;
  size_t refused = 0;
  for (uint32_t i = 0; i < escapeAttempts().size(); ++i) {
    const Verdict verdict = attempt(i);
    refused += verdict.why.rfind("the runner refuses", 0) == 0 ? 1U : 0U;
    through += verdict.escaped ? " " + escapeAttempts()[i].name : "";
  }
  return refused == escapeAttempts().size() ? "-" : through;
}

TEST_F(EscapeKit, ShowsWhatEachSingleMissingLayerLetsThrough) {
  std::map<std::string, std::string> rows;
  const auto show = [&](const std::string& name, LayerSet off) {
    const std::string row = rowWithout([&](uint32_t i) { return tryOne(i, ESCAPE_CALLBACK, off); });
    std::printf("without %-13s%s\n", name.c_str(),
                row == "-"    ? " nothing: the runner does not start"
                : row.empty() ? " nothing: the other layers hold"
                              : row.c_str());
    rows[name] = row;
  };
  for (int l = 0; l < kLayerCount; ++l) {
    const auto layer = static_cast<Layer>(l);
    if (spawner_->facts().layers.has(layer)) {
      show(std::string(toString(layer)), {layer});
    } else {
      std::printf("without %-13s (not on this machine)\n", std::string(toString(layer)).c_str());
    }
  }
  // The two filters have most of their rules in common, so each covers for the other.
  show("both filters", {Layer::WideFilter, Layer::TightFilter});
  // The kit sees a missing wall: these stand alone for something.
  EXPECT_EQ(rows["close_fds"], " read_leaked");
  EXPECT_EQ(rows["tight_filter"], " writable_code heap_into_code");
  EXPECT_NE(rows["mount_ns"].find("look_at_secret"), std::string::npos);
  EXPECT_NE(rows["both filters"].find("fork_process"), std::string::npos);
  EXPECT_NE(rows["both filters"].find("udp_sendto_elsewhere"), std::string::npos);
  EXPECT_EQ(rows["no_new_privs"], "-");
}

TEST_F(EscapeKit, AConstructorCannotAddAFilterUnnoticed) {
  // Else its filter could answer seccomp() in place of the tight one, and be counted for it.
  uint32_t fake = 0;
  while (escapeAttempts()[fake].name != "fake_seccomp") {
    ++fake;
  }
  auto runner = start(specFor(fake, ESCAPE_CONSTRUCTOR, {}));
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  EXPECT_EQ(waitForEnd(**runner).toString(), "signal 31 (SIGSYS)");
}

}  // namespace
}  // namespace busbar::sandbox
