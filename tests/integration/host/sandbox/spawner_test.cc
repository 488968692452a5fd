// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/spawner.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <vector>

#include "host/sandbox/small_file.h"
#include "tests/integration/host/sandbox/sandboxed.h"
#include "tests/support/sandbox_access.h"
#include "tests/support/temp_dir.h"

namespace busbar::sandbox {
namespace {

using SpawnerTest = Sandboxed;

size_t countEntries(const std::string& path) {
  size_t count = 0;
  DIR* dir = ::opendir(path.c_str());
  while (dir != nullptr && ::readdir(dir) != nullptr) {
    ++count;
  }
  if (dir != nullptr) {
    ::closedir(dir);
  }
  return count;
}

size_t countLines(const std::string& path) {
  const std::string text = readSmallFile(path).value_or("");
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string statusField(pid_t pid, const std::string& key) {
  std::istringstream lines(readSmallFile("/proc/" + std::to_string(pid) + "/status").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key + ":", 0) == 0) {
      const size_t value = line.find_first_not_of(" \t", key.size() + 1);
      return value == std::string::npos ? std::string() : line.substr(value);
    }
  }
  return {};
}

std::string namespaceOf(const std::string& pid, const std::string& kind) {
  char buffer[64] = {};
  const ssize_t length =
      ::readlink(("/proc/" + pid + "/ns/" + kind).c_str(), buffer, sizeof(buffer) - 1);
  return length > 0 ? std::string(buffer, static_cast<size_t>(length)) : std::string();
}

std::string ask(int channel, char command, const std::string& until) {
  EXPECT_EQ(::write(channel, &command, 1), 1);
  return readUntil(channel, until);
}

TEST_F(SpawnerTest, StartsARunnerBehindEveryWall) {
  EXPECT_EQ(spawner_->facts().tier, Tier::Full) << spawner_->facts().tierReason;
  auto runner = start(plainSpec());
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  ASSERT_EQ(readUntil(channel.get(), "ready\n"), "ready\n")
      << readUntil((*runner)->takeStderr().get(), "\n");

  EXPECT_EQ(ask(channel.get(), 'd', "\n"),
            "pid=1 uid=1000 euid=1000 gid=1000 nofile=64 environment=0\n");
  const pid_t pid = (*runner)->pid();
  for (const char* kind : {"user", "mnt", "pid", "ipc", "uts", "net", "cgroup"}) {
    EXPECT_NE(namespaceOf(std::to_string(pid), kind), namespaceOf("self", kind)) << kind;
    EXPECT_FALSE(namespaceOf(std::to_string(pid), kind).empty()) << kind;
  }
  EXPECT_EQ(statusField(pid, "Seccomp"), "2");
  EXPECT_EQ(statusField(pid, "NoNewPrivs"), "1");
  EXPECT_EQ(statusField(pid, "CapEff"), "0000000000000000");
  EXPECT_EQ(statusField(pid, "CapBnd"), "0000000000000000");
  EXPECT_EQ(statusField(pid, "SigBlk"), "0000000000000000");
  if ((*runner)->layers().has(Layer::OwnUid)) {
    EXPECT_EQ(statusField(pid, "Uid").substr(0, 10), std::to_string((*runner)->uid()));
    EXPECT_GE((*runner)->uid(), 2'000'000'000U);
    EXPECT_EQ(statusField(pid, "Groups"), "");
  }
  EXPECT_TRUE((*runner)->verify().ok()) << (*runner)->verify().error().message;
}

TEST_F(SpawnerTest, ShowsTheRunnerAnEmptyReadOnlyRoot) {
  auto runner = start(plainSpec());
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  ASSERT_EQ(readUntil(channel.get(), "ready\n"), "ready\n");
  std::istringstream mounts(
      readSmallFile("/proc/" + std::to_string((*runner)->pid()) + "/mountinfo").value_or(""));
  size_t count = 0;
  for (std::string line; std::getline(mounts, line); ++count) {
    std::string id, parent, device, root, at, options;
    std::istringstream(line) >> id >> parent >> device >> root >> at >> options;
    EXPECT_NE(options.find("nosuid"), std::string::npos) << line;
    EXPECT_NE(options.find("nodev"), std::string::npos) << line;
    if (at == "/tmp") {
      EXPECT_NE(options.find("noexec"), std::string::npos) << line;
      EXPECT_NE(line.find("size=16384k"), std::string::npos) << line;
    } else {
      EXPECT_EQ(options.rfind("ro,", 0), 0U) << line;
    }
  }
  EXPECT_GE(count, 4U);
  EXPECT_LE(count, 8U);
}

TEST_F(SpawnerTest, ReportsHowARunnerEnded) {
  const std::vector<std::pair<char, std::string>> cases = {
      {'q', "exit code 0"}, {'x', "exit code 7"}, {'s', "signal 11 (SIGSEGV)"}};
  for (const auto& [command, expected] : cases) {
    auto runner = start(plainSpec());
    ASSERT_TRUE(runner.ok()) << runner.error().message;
    UniqueFd channel = (*runner)->takeChannel();
    readUntil(channel.get(), "ready\n");
    EXPECT_EQ((*runner)->tryReap(), std::nullopt);
    ASSERT_EQ(::write(channel.get(), &command, 1), 1);
    EXPECT_EQ(waitForEnd(**runner).toString(), expected);
    EXPECT_EQ((*runner)->tryReap()->toString(), expected) << "the answer must stay";
    EXPECT_FALSE((*runner)->usage().ok());
    EXPECT_FALSE((*runner)->verify().ok());
  }
}

TEST_F(SpawnerTest, KillsARunnerAtOnce) {
  auto runner = start(plainSpec());
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  (*runner)->kill();
  EXPECT_EQ(waitForEnd(**runner).toString(), "signal 9 (SIGKILL)");
}

TEST_F(SpawnerTest, CarriesOutputAndPassedDescriptors) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  UniqueFd read(fds[0]);
  RunnerSpec spec = plainSpec();
  spec.fds.push_back({9, UniqueFd(fds[1])});
  auto runner = start(std::move(spec));
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  readUntil(channel.get(), "ready\n");
  EXPECT_EQ(ask(channel.get(), 'o', "+"), "+");
  EXPECT_EQ(readUntil((*runner)->takeStdout().get(), "out"), "out");
  EXPECT_EQ(readUntil((*runner)->takeStderr().get(), "err"), "err");
  // fds 0-3 and 9; 4 and 5 are closed by entering.
  EXPECT_EQ((*runner)->usage()->openFiles, 5U);
}

TEST_F(SpawnerTest, EndsARunnerThatPassesItsMemoryLimit) {
  if (spawner_->facts().cgroups == CgroupMode::None) {
    GTEST_SKIP() << "no cgroup here";
  }
  RunnerSpec spec = plainSpec();
  spec.policy.memoryBytes = 32ULL << 20;
  auto runner = start(std::move(spec));
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  readUntil(channel.get(), "ready\n");
  ASSERT_EQ(::write(channel.get(), "m", 1), 1);
  const ExitStatus status = waitForEnd(**runner);
  EXPECT_EQ(status.toString(), "out of memory (limit 32 MiB)");
}

TEST_F(SpawnerTest, BoundsThreads) {
  RunnerSpec spec = plainSpec();
  spec.policy.tasks = 4;
  auto runner = start(std::move(spec));
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  readUntil(channel.get(), "ready\n");
  std::string answers;
  for (int i = 0; i < 5; ++i) {
    const char command = 't';
    ASSERT_EQ(::write(channel.get(), &command, 1), 1);
    pollfd ready{channel.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    char answer = 0;
    ASSERT_EQ(::read(channel.get(), &answer, 1), 1);
    answers += answer;
  }
  EXPECT_EQ(answers, "+++--");
  EXPECT_EQ((*runner)->usage()->threads, 4U);
  EXPECT_TRUE((*runner)->verify().ok());
}

TEST_F(SpawnerTest, MeasuresARunner) {
  auto runner = start(plainSpec());
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  readUntil(channel.get(), "ready\n");
  const auto usage = (*runner)->usage();
  ASSERT_TRUE(usage.ok());
  ASSERT_TRUE(usage->cpuSeconds.has_value());
  if (spawner_->facts().cgroups != CgroupMode::None) {
    EXPECT_GT(*usage->cpuSeconds, 0.0);  // else in steps of 10 ms
  }
  EXPECT_LT(usage->cpuSeconds.value_or(9), 1.0);
  EXPECT_GT(usage->pssBytes.value_or(0), 50'000U);
  EXPECT_LT(usage->pssBytes.value_or(0), 4'000'000U);
  EXPECT_EQ(usage->openFiles, 4U);
  EXPECT_EQ(usage->threads, 1U);
}

TEST_F(SpawnerTest, RefusesASpecThatCannotBeMeant) {
  const auto refusal = [this](auto change) {
    RunnerSpec spec = plainSpec();
    change(spec);
    auto runner = start(std::move(spec));
    return runner.ok() ? std::string("started") : runner.error().field;
  };
  EXPECT_EQ(refusal([](RunnerSpec& s) { s.name = "../x"; }), "name");
  EXPECT_EQ(refusal([](RunnerSpec& s) { s.driverFolder = "relative"; }), "driverFolder");
  EXPECT_EQ(refusal([](RunnerSpec& s) {
              s.driverFolder = "/tmp";
              s.driverFile = "../etc/passwd";
            }),
            "driverFile");
  EXPECT_EQ(refusal([](RunnerSpec& s) { s.fds.push_back({3, UniqueFd(::dup(0))}); }), "fds");
  EXPECT_EQ(refusal([](RunnerSpec& s) { s.policy.tasks = 1; }), "tasks");
}

TEST_F(SpawnerTest, NamesAMissingDriver) {
  RunnerSpec spec = plainSpec();
  spec.driverFolder = "/nowhere";
  spec.driverFile = "driver.so";
  auto runner = start(std::move(spec));
  ASSERT_FALSE(runner.ok());
  EXPECT_EQ(runner.error().code, ErrorCode::NotFound);
  EXPECT_NE(runner.error().message.find("/nowhere/driver.so"), std::string::npos);
}

TEST_F(SpawnerTest, RefusesADriverThatIsNotOne) {
  test::TempDir folder;
  std::ofstream(folder.file("driver.so")) << "#!/bin/sh\n";
  RunnerSpec spec = plainSpec();
  spec.driverFolder = folder.path();
  spec.driverFile = "driver.so";
  auto runner = start(std::move(spec));
  ASSERT_FALSE(runner.ok());
  EXPECT_EQ(runner.error().reason, "bad_elf");
}

TEST_F(SpawnerTest, SeesARunnerThatDidNotEnter) {
  for (const char* missing : {"wide_filter", "tight_filter"}) {
    RunnerSpec spec = plainSpec();
    spec.arguments = {std::string("--without=") + missing};
    if (std::string(missing) == "wide_filter") {
      spec.arguments.emplace_back("--without=tight_filter");
    }
    auto runner = start(std::move(spec));
    ASSERT_TRUE(runner.ok()) << runner.error().message;
    UniqueFd channel = (*runner)->takeChannel();
    readUntil(channel.get(), "ready\n");
    const Status verified = (*runner)->verify();
    ASSERT_FALSE(verified.ok()) << missing;
    EXPECT_EQ(verified.error().reason, "sandbox_not_entered");
  }
}

TEST_F(SpawnerTest, LeavesNothingBehind) {
  const size_t fdsBefore = countEntries("/proc/self/fd");
  const size_t mountsBefore = countLines("/proc/self/mountinfo");
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<RunnerProcess>> runners;
    for (int i = 0; i < 10; ++i) {
      auto runner = start(plainSpec("many-" + std::to_string(i)));
      ASSERT_TRUE(runner.ok()) << runner.error().message;
      runners.push_back(std::move(*runner));
    }
  }
  // The last ones are reaped by the spawner's thread.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto childrenPath = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  while (std::chrono::steady_clock::now() < limit &&
         (::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == 0 ||
          countEntries("/proc/self/fd") > fdsBefore)) {
    loop_->runOnce(Milliseconds(5));
  }
  EXPECT_EQ(countEntries("/proc/self/fd"), fdsBefore);
  EXPECT_EQ(countLines("/proc/self/mountinfo"), mountsBefore);
  EXPECT_NE(::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT), 0) << "a child is left";
  const std::string own = "busbar-" + std::to_string(::getpid()) + "-";
  spawner_.reset();
  for (const char* controller : {"memory", "pids", "cpu", "cpuacct"}) {
    DIR* dir = ::opendir((std::string("/sys/fs/cgroup/") + controller).c_str());
    while (const dirent* entry = dir == nullptr ? nullptr : ::readdir(dir)) {
      EXPECT_NE(std::string(entry->d_name).rfind(own, 0), 0U) << entry->d_name;
    }
    if (dir != nullptr) {
      ::closedir(dir);
    }
  }
}

// What is left of runners of a busbard that is killed: nothing.
TEST_F(SpawnerTest, RunnersDieWithAKilledHost) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  UniqueFd read(fds[0]);
  UniqueFd write(fds[1]);
  spawner_.reset();
  loop_.reset();
  const pid_t host = ::fork();
  if (host == 0) {
    Sandboxed::SetUp();
    auto runner = start(plainSpec());
    UniqueFd channel = (*runner)->takeChannel();
    readUntil(channel.get(), "ready\n");
    const pid_t pid = (*runner)->pid();
    (void)!::write(write.get(), &pid, sizeof(pid));
    ::kill(::getpid(), SIGKILL);
  }
  pid_t runner = 0;
  ASSERT_EQ(::read(read.get(), &runner, sizeof(runner)), ssize_t{sizeof(runner)});
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, runner, 0)));
  ASSERT_EQ(::waitpid(host, nullptr, 0), host);
  if (pidfd) {  // else it is gone already
    pollfd end{pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 10'000), 1) << "the runner outlives its host";
  }
}

TEST_F(SpawnerTest, RunnersDieWithTheSpawner) {
  auto runner = start(plainSpec());
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  UniqueFd channel = (*runner)->takeChannel();
  readUntil(channel.get(), "ready\n");
  spawner_.reset();
  EXPECT_EQ(waitForEnd(**runner).toString(), "signal 9 (SIGKILL)");
}

TEST_F(SpawnerTest, ReadyWithinTheTarget) {
  std::vector<double> milliseconds;
  for (int i = 0; i < 40; ++i) {
    auto runner = start(plainSpec());
    ASSERT_TRUE(runner.ok()) << runner.error().message;
    UniqueFd channel = (*runner)->takeChannel();
    ASSERT_EQ(readUntil(channel.get(), "ready\n"), "ready\n");
    const auto took = BootClock::now() - (*runner)->startedAt();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(took).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  ::printf("clone to ready: p50 %.2f ms, p90 %.2f ms\n", milliseconds[20], milliseconds[36]);
  EXPECT_LT(milliseconds[20], 50.0) << "an order of magnitude over the target";
}

}  // namespace
}  // namespace busbar::sandbox
