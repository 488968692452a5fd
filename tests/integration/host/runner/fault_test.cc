// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Each faulty driver of tests/drivers/fault.c in a real runner: the fault is named, and its twin
// passes.
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "host/runner/crash_report.h"
#include "host/runner/process.h"
#include "tests/integration/host/runner/runner_under_test.h"

namespace busbar::test {
namespace {

using runner::Entry;

std::string faulty(const std::string& fault) {
  return faultDriver("fault_" + fault);
}

// Plays a module's whole life, so that every function of the driver is called. Ends early when the
// runner does.
class Life {
 public:
  explicit Life(RunnerUnderTest& r) : r_(r) {}

  void first() {
    wire::Create m;
    m.moduleId = "mod-1";
    m.settings = "{}";
    m.status = {{true, "^k[0-9]*$"}};
    wire::CreateLink link;
    link.linkId = 1;
    link.kind = BUSBAR_LINK_TCP;
    link.role = "main";
    link.framing = R"({"type":"driver"})";
    link.maxFrameBytes = 65'536;
    m.links = {link};
    wire::encode(r_.out(), uint64_t{1}, m);
    wire::encodeEmpty(r_.out(), wire::Type::Start, 1);
    r_.send();
    passLink();
    wire::encode(r_.out(), uint64_t{1}, wire::SettingsUpdate{R"({"a":1})", R"(["a"])"});
    r_.send();
    r_.execute(1, 1, "run", R"({"text":"slow"})");
    wire::encodeCancel(r_.out(), 1, 1);
    r_.send();
    r_.execute(2, 1, "run");
  }
  // Both lines that callbacks leave, and the answer.
  bool awaitFirst() {
    int seen = 0;
    return r_
        .waitFor([&seen](const OwnedFrame& f) {
          const bool line = f.type == wire::Type::Log && f.log().flags == 0;
          seen += line || (f.type == wire::Type::Complete && f.id == 2) ? 1 : 0;
          return seen == 3;
        })
        .has_value();
  }
  void second() {
    wire::LinkDown down;
    down.linkId = 1;
    down.generation = 1;
    wire::encode(r_.out(), wire::Type::LinkDown, 1, down);
    wire::encode(r_.out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, bootNowNs() + 5'000'000'000});
    wire::encodeEmpty(r_.out(), wire::Type::Destroy, 1);
    wire::encodeEmpty(r_.out(), wire::Type::Shutdown, 0);
    r_.send();
  }
  void play() {
    first();
    if (awaitFirst()) {
      second();
    }
  }

 private:
  void passLink() {
    std::array<int, 2> pair{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    device_.reset(pair[0]);
    const UniqueFd theirs(pair[1]);
    wire::LinkUp m;
    m.linkId = 1;
    m.generation = 1;
    m.kind = BUSBAR_LINK_TCP;
    wire::encode(r_.out(), uint64_t{1}, m);
    r_.send({theirs.get()});
    ASSERT_EQ(::send(device_.get(), "hello", 5, MSG_NOSIGNAL), 5);
  }
  RunnerUnderTest& r_;
  UniqueFd device_;
};

bool hasBug(const RunnerUnderTest& r) {
  for (const OwnedFrame& f : r.skipped()) {
    if (f.type == wire::Type::Log && f.log().level == runner::kLevelDriverBug) {
      return true;
    }
  }
  return false;
}

TEST(RunnerFault, TheTwinLivesItsLifeWithoutABug) {
  RunnerUnderTest r(faulty("none"));
  Life life(r);
  life.play();
  ASSERT_TRUE(r.waitFor(wire::Type::Destroyed, 1));
  EXPECT_EQ(r.waitExit(), 0);
  EXPECT_FALSE(hasBug(r));
  EXPECT_EQ(r.stderrText(), "");
}

struct Place {
  const char* name;
  Entry entry;
};
constexpr std::array<Place, 16> kPlaces{{{"constructor", Entry::Constructors},
                                         {"entry", Entry::DriverEntry},
                                         {"process_init", Entry::ProcessInit},
                                         {"create", Entry::Create},
                                         {"start", Entry::Start},
                                         {"stop", Entry::Stop},
                                         {"destroy", Entry::Destroy},
                                         {"on_settings", Entry::OnSettings},
                                         {"connected", Entry::Connected},
                                         {"disconnected", Entry::Disconnected},
                                         {"frame", Entry::Frame},
                                         {"received", Entry::Received},
                                         {"execute", Entry::Execute},
                                         {"cancelled", Entry::Cancelled},
                                         {"event", Entry::Event},
                                         {"process_exit", Entry::ProcessExit}}};

class RunnerFaultIn : public testing::TestWithParam<Place> {};

TEST_P(RunnerFaultIn, CrashIsReportedWithItsPlace) {
  const std::string driver = std::string("crash_in_") + GetParam().name;
  RunnerUnderTest r(faulty(driver));
  Life life(r);
  life.play();
  EXPECT_EQ(r.waitExit(), runner::kCrashExitBase + SIGSEGV);
  const std::string report = r.stderrText();
  EXPECT_NE(report.find("busbar-runner: crash signal=11 "), std::string::npos) << report;
  const std::string place = std::string(" callback=") + runner::toString(GetParam().entry) + " ";
  EXPECT_NE(report.find(place), std::string::npos) << report;
  // While a library's constructors run it is not yet known by name.
  if (GetParam().entry != Entry::Constructors) {
    EXPECT_NE(report.find("frame 0 fault_" + driver + ".so+0x"), std::string::npos) << report;
    EXPECT_NE(report.find(" busbar-runner+0x"), std::string::npos) << report;
  }
  EXPECT_NE(report.find("busbar-runner: end\n"), std::string::npos) << report;
}

TEST_P(RunnerFaultIn, HangShowsInTheLivenessPageAndInADump) {
  const std::string driver = std::string("hang_in_") + GetParam().name;
  RunnerUnderTest r(faulty(driver));
  Life life(r);
  life.first();
  const Entry entry = GetParam().entry;
  if (entry == Entry::Disconnected || entry == Entry::Stop || entry == Entry::Destroy ||
      entry == Entry::ProcessExit) {
    ASSERT_TRUE(life.awaitFirst());
    life.second();
  }
  const auto until = std::chrono::steady_clock::now() + RunnerUnderTest::kPatience;
  const auto hangs = [&r] {
    return r.liveness().callStartNs != 0 &&
           r.liveness().callback == static_cast<uint32_t>(GetParam().entry) &&
           bootNowNs() - r.liveness().callStartNs > 30'000'000;
  };
  while (!hangs() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(hangs()) << r.liveness().callback;
  r.signal(SIGQUIT);
  std::string dump;
  while (dump.find("busbar-runner: end\n") == std::string::npos &&
         std::chrono::steady_clock::now() < until) {
    dump = r.stderrText();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_NE(dump.find("busbar-runner: dump callback="), std::string::npos) << dump;
  if (GetParam().entry != Entry::Constructors) {
    EXPECT_NE(dump.find(" fault_" + driver + ".so+0x"), std::string::npos) << dump;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryFunction, RunnerFaultIn, testing::ValuesIn(kPlaces),
                         [](const auto& test) { return std::string(test.param.name); });

// Faults in answers: the line that names them.
struct Bug {
  const char* fault;
  const char* line;
};
class RunnerBug : public testing::TestWithParam<Bug> {};

TEST_P(RunnerBug, IsNamedAndTheRunnerGoesOn) {
  RunnerUnderTest r(faulty(GetParam().fault));
  Life life(r);
  life.first();
  ASSERT_TRUE(r.waitFor(wire::Type::Complete, 2));
  EXPECT_TRUE(r.sawBug(GetParam().line));
  EXPECT_TRUE(r.call(3, 1, "run"));
  life.second();
  EXPECT_EQ(r.waitExit(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, RunnerBug,
    testing::Values(Bug{"double_complete", "was completed before"},
                    Bug{"refuse_and_complete", "refused a call that was completed"},
                    Bug{"undeclared_key", "not declared"}, Bug{"bad_utf8", "not UTF-8"},
                    Bug{"bad_result", "not valid JSON"}, Bug{"oversized", "at most 1 MiB"},
                    Bug{"early_status", "status_set: the module is not running"},
                    Bug{"wild_instance", "stop_done: the instance does not exist"},
                    Bug{"wild_timer", "timer: token 0"}),
    [](const auto& test) { return std::string(test.param.fault); });

// Without a sandbox these get what they want; tests/system shows that inside they do not.
TEST(RunnerFault, BadConstructorsReachTheNetworkWithoutASandbox) {
  for (const char* fault : {"ctor_fakes_seccomp", "ctor_thread"}) {
    RunnerUnderTest r(faulty(fault));
    r.createAndStart(1);
    const auto until = std::chrono::steady_clock::now() + RunnerUnderTest::kPatience;
    std::string result;
    for (uint64_t id = 1; result != "\"escaped\"" && std::chrono::steady_clock::now() < until;
         ++id) {
      const auto done = r.call(id, 1, "run");
      ASSERT_TRUE(done);
      result = done->complete().result;
    }
    EXPECT_EQ(result, "\"escaped\"") << fault;
  }
}

TEST(RunnerFault, MalformedResultEndsTheCallWithACode) {
  RunnerUnderTest r(faulty("bad_result"));
  r.createAndStart(1);
  const auto done = r.call(1, 1, "run");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->complete().error.code, "driver_bad_result");
}

TEST(RunnerFault, ACompletionThatCrossesACancelIsNoBug) {
  RunnerUnderTest r(faulty("late_complete"));
  Life life(r);
  life.play();
  EXPECT_EQ(r.waitExit(), 0);
  EXPECT_FALSE(hasBug(r));
  for (const OwnedFrame& f : r.skipped()) {
    EXPECT_FALSE(f.type == wire::Type::Complete && f.id == 1);
  }
}

TEST(RunnerFault, CompletesFromAThread) {
  RunnerUnderTest r(faulty("none"));
  r.createAndStart(1);
  const auto done = r.call(1, 1, "run", R"({"text":"thread"})");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->complete().result, "\"thread\"");
}

TEST(RunnerFault, AKeptInstanceIsRefused) {
  RunnerUnderTest r(faulty("kept_pointer"));
  r.createAndStart(1);
  wire::encode(r.out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, INT64_MAX});
  wire::encodeEmpty(r.out(), wire::Type::Destroy, 1);
  r.send();
  ASSERT_TRUE(r.waitFor(wire::Type::Destroyed, 1));
  r.createAndStart(2);
  EXPECT_TRUE(r.sawBug("does not exist"));
}

TEST(RunnerFault, LogFloodIsLimitedAndCounted) {
  RunnerUnderTest r(faulty("log_flood"));
  r.createAndStart(1);
  ASSERT_TRUE(r.call(1, 1, "run"));
  size_t bytes = 0;
  wire::encode(r.out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, INT64_MAX});
  r.send();
  ASSERT_TRUE(r.waitFor(wire::Type::Stopped, 1));
  for (const OwnedFrame& f : r.skipped()) {
    bytes += f.payload.size();
  }
  EXPECT_LT(bytes, 3U << 20U);  // of 10 MB that the driver wrote
}

TEST(RunnerFault, StateFloodMeetsABound) {
  RunnerUnderTest r(faulty("state_flood"));
  r.createAndStart(1);
  ASSERT_TRUE(r.call(1, 1, "run"));
  EXPECT_TRUE(r.call(2, 1, "run"));
}

TEST(RunnerFault, AbortIsReported) {
  RunnerUnderTest r(faulty("abort_in_execute"));
  r.createAndStart(1);
  r.execute(1, 1, "run");
  EXPECT_EQ(r.waitExit(), runner::kCrashExitBase + SIGABRT);
  EXPECT_NE(r.stderrText().find("crash signal=6 "), std::string::npos);
}

TEST(RunnerFault, ADriversExitIsNoOrderlyEnd) {
  RunnerUnderTest r(faulty("exit_in_execute"));
  r.createAndStart(1);
  r.execute(1, 1, "run");
  EXPECT_EQ(r.waitExit(), runner::kDriverExit);
  EXPECT_NE(r.stderrText().find("busbar-runner: exit callback=execute instance=1 call=1"),
            std::string::npos);
}

TEST(RunnerFault, ACrashWithoutMemoryLeftSaysSo) {
  for (const char* fault : {"leak", "crash_in_execute"}) {
    RunnerUnderTest r(faulty(fault));
    r.createAndStart(1);
    const rlimit limit{64U << 20U, 64U << 20U};
    ASSERT_EQ(::prlimit(r.pid(), RLIMIT_DATA, &limit, nullptr), 0);
    r.execute(1, 1, "run");
    EXPECT_EQ(r.waitExit(), runner::kCrashExitBase + SIGSEGV);
    const bool says =
        r.stderrText().find(" memory_full_mib=64 callback=execute ") != std::string::npos;
    EXPECT_EQ(says, std::string_view(fault) == "leak") << r.stderrText();
  }
}

TEST(RunnerFault, AFrameThatTakesTooMuchEndsTheLink) {
  RunnerUnderTest r(faulty("frame_too_much"));
  Life life(r);
  life.first();
  const auto lost = r.waitFor(wire::Type::LinkLost, 1);
  ASSERT_TRUE(lost);
  wire::LinkDown m;
  ASSERT_TRUE(wire::decode(lost->payload, m));
  EXPECT_EQ(m.error.code, "frame_malformed");
  EXPECT_NE(m.error.message.find("the driver's frame()"), std::string::npos);
  EXPECT_TRUE(r.sawBug("frame: answered more bytes"));
}

TEST(RunnerFault, RefusalsOfCreateAndStartAreToldAndLeaveNothing) {
  RunnerUnderTest r(faulty("refuses_create"));
  wire::Create m;
  m.settings = "{}";
  wire::encode(r.out(), uint64_t{1}, m);
  r.send();
  const auto created = r.waitFor(wire::Type::Created, 1);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->error().status, BUSBAR_E_INVALID);

  RunnerUnderTest s(faulty("refuses_start"));
  wire::encode(s.out(), uint64_t{1}, m);
  wire::encodeEmpty(s.out(), wire::Type::Start, 1);
  wire::encodeEmpty(s.out(), wire::Type::Destroy, 1);
  s.send();
  const auto started = s.waitFor(wire::Type::Started, 1);
  ASSERT_TRUE(started);
  EXPECT_EQ(started->error().status, BUSBAR_E_DEVICE);
  EXPECT_TRUE(s.waitFor(wire::Type::Destroyed, 1));
}

// Drivers that cannot be loaded: the code in the ready frame.
struct Refusal {
  const char* fault;
  const char* code;
};
class RunnerRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(RunnerRefusal, IsToldInTheReadyFrame) {
  RunnerUnderTest r(faulty(GetParam().fault));
  const auto frame = r.next();
  ASSERT_TRUE(frame);
  wire::Ready ready;
  ASSERT_TRUE(wire::decode(frame->payload, ready));
  EXPECT_EQ(ready.error.code, GetParam().code) << ready.error.message;
  EXPECT_EQ(r.waitExit(), 72);
}

INSTANTIATE_TEST_SUITE_P(Drivers, RunnerRefusal,
                         testing::Values(Refusal{"missing_symbol", "driver_no_entry"},
                                         Refusal{"wrong_abi", "driver_wrong_abi"},
                                         Refusal{"short_table", "driver_incomplete"},
                                         Refusal{"missing_function", "driver_incomplete"},
                                         Refusal{"refuses_host", "driver_refused"},
                                         Refusal{"refuses_init", "driver_refused"},
                                         Refusal{"other_manifest", "driver_manifest_differs"}),
                         [](const auto& test) { return std::string(test.param.fault); });

}  // namespace
}  // namespace busbar::test
