// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// busbar-runner itself, behind every layer that this machine has.
#include "tests/integration/host/sandbox/sandboxed.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "host/runner/crash_report.h"
#include "sdk/base/json.h"
#include "sdk/wire/frame.h"
#include "sdk/wire/messages.h"
#include "tests/integration/host/runner/runner_under_test.h"

namespace busbar::test {
namespace {

using sandbox::RunnerProcess;
using sandbox::RunnerSpec;
using sandbox::Sandboxed;

class SandboxedRunner : public Sandboxed {
 protected:
  void SetUp() override {
    auto loop = EventLoop::create(clock_);
    ASSERT_TRUE(loop.ok());
    loop_ = std::move(*loop);
    sandbox::SpawnerOptions options;
    options.runnerPath = sandbox::builtFile("bin/busbar-runner");
    options.require = sandbox::Tier::SeccompOnly;
    auto spawner = sandbox::Spawner::create(*loop_, options);
    ASSERT_TRUE(spawner.ok()) << spawner.error().message;
    spawner_ = std::move(*spawner);
  }

  std::unique_ptr<RunnerProcess> startDriver(const std::string& folder, const std::string& file) {
    RunnerSpec spec = plainSpec("runner-test");
    spec.driverFolder = sandbox::builtFile(folder);
    spec.driverFile = file;
    auto process = start(std::move(spec));
    EXPECT_TRUE(process.ok()) << process.error().message;
    if (!process.ok()) {
      return nullptr;
    }
    channel_ = (*process)->takeChannel();
    reader_ = std::make_unique<wire::FrameReader>(wire::kMaxToHostBytes, false);
    wire::encode(out_, wire::Hello{});
    send();
    return std::move(*process);
  }
  void send() {
    ASSERT_EQ(::write(channel_.get(), out_.data(), out_.size()), static_cast<ssize_t>(out_.size()));
    out_.clear();
  }
  std::optional<OwnedFrame> waitFor(wire::Type type) {
    wire::Frame frame;
    for (;;) {
      while (reader_->next(frame) == wire::FrameReader::Next::Frame) {
        if (frame.type == type) {
          return OwnedFrame{frame.type, frame.id, std::string(frame.payload)};
        }
      }
      pollfd ready{channel_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 10'000) <= 0) {
        return std::nullopt;
      }
      char* at = reader_->prepare(1);
      const ssize_t n = ::read(channel_.get(), at, reader_->room());
      if (n <= 0) {
        return std::nullopt;
      }
      reader_->commit(static_cast<size_t>(n));
    }
  }
  void startModule() {
    wire::Create m;
    m.moduleId = "mod-1";
    m.settings = "{}";
    m.status = {{true, "^.*$"}};
    wire::encode(out_, uint64_t{1}, m);
    wire::encodeEmpty(out_, wire::Type::Start, 1);
    send();
    ASSERT_TRUE(waitFor(wire::Type::Started));
  }
  void execute(std::string_view function, std::string_view args) {
    wire::Execute m;
    m.instance = 1;
    m.role = 2;
    m.deadlineNs = INT64_MAX;
    m.function = function;
    m.args = args;
    wire::encode(out_, uint64_t{7}, m);
    send();
  }

  UniqueFd channel_;
  std::string out_;
  std::unique_ptr<wire::FrameReader> reader_;
};

TEST_F(SandboxedRunner, ServesACallBehindEveryLayer) {
  const auto process = startDriver("drivers/echo", "echo.so");
  ASSERT_TRUE(process);
  const auto frame = waitFor(wire::Type::Ready);
  ASSERT_TRUE(frame);
  wire::Ready ready;
  ASSERT_TRUE(wire::decode(frame->payload, ready));
  ASSERT_EQ(ready.error.status, 0) << ready.error.message;
  EXPECT_TRUE(process->verify().ok()) << process->verify().error().message;
  startModule();
  execute("echo", R"({"value":[1,2]})");
  const auto done = waitFor(wire::Type::Complete);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->complete().result, "[1,2]");
  // A timer and a log line need calls that a filter could refuse.
  execute("sleep", R"({"ms":5})");
  EXPECT_TRUE(waitFor(wire::Type::Complete));
  wire::encodeEmpty(out_, wire::Type::Shutdown, 0);
  send();
  const auto end = waitForEnd(*process);
  EXPECT_EQ(end.toString(), "exit code 0");
}

TEST_F(SandboxedRunner, ReportsACrashFromInside) {
  const auto process = startDriver("drivers/echo", "echo.so");
  ASSERT_TRUE(process);
  ASSERT_TRUE(waitFor(wire::Type::Ready));
  startModule();
  execute("crash", "{}");
  const auto end = waitForEnd(*process);
  EXPECT_FALSE(end.signaled);
  EXPECT_EQ(end.value, runner::kCrashExitBase + SIGSEGV);
  const UniqueFd errors = process->takeStderr();
  const std::string report = sandbox::readUntil(errors.get(), "busbar-runner: end\n");
  EXPECT_NE(report.find("callback=execute instance=1 call=7 thread=loop"), std::string::npos)
      << report;
  EXPECT_NE(report.find("frame 0 echo.so+0x"), std::string::npos) << report;
}

TEST_F(SandboxedRunner, ReportsAnAbortFromInside) {
  const auto process =
      startDriver("tests/drivers/fault_abort_in_execute", "fault_abort_in_execute.so");
  ASSERT_TRUE(process);
  ASSERT_TRUE(waitFor(wire::Type::Ready));
  startModule();
  execute("run", "{}");
  EXPECT_EQ(waitForEnd(*process).value, runner::kCrashExitBase + SIGABRT);
}

TEST_F(SandboxedRunner, DumpsItsStackWhenAskedFromOutside) {
  const auto process = startDriver("drivers/echo", "echo.so");
  ASSERT_TRUE(process);
  ASSERT_TRUE(waitFor(wire::Type::Ready));
  startModule();
  execute("echo", R"({"value":1})");
  ASSERT_TRUE(waitFor(wire::Type::Complete));
  execute("hang", "{}");
  // The hang begins some time after the frame was written; a dump in between shows an idle loop.
  const UniqueFd errors = process->takeStderr();
  std::string dump;
  for (int i = 0; i < 1000 && dump.find("callback=execute") == std::string::npos; ++i) {
    ASSERT_TRUE(process->signal(SIGQUIT).ok());
    dump = sandbox::readUntil(errors.get(), "busbar-runner: end\n");
  }
  EXPECT_NE(dump.find("busbar-runner: dump callback=execute"), std::string::npos) << dump;
  EXPECT_NE(dump.find(" echo.so+0x"), std::string::npos) << dump;
}

TEST_F(SandboxedRunner, InspectsAPassedFile) {
  RunnerSpec spec = plainSpec("inspect");
  spec.arguments = {"--inspect", "fd:8"};
  sandbox::PassedFd file;
  file.number = 8;
  file.fd.reset(::open(sandbox::builtFile("drivers/echo/echo.so").c_str(), O_RDONLY | O_CLOEXEC));
  spec.fds.push_back(std::move(file));
  const auto process = start(std::move(spec));
  ASSERT_TRUE(process.ok()) << process.error().message;
  const UniqueFd out = (*process)->takeStdout();
  const auto report = json::parse(sandbox::readUntil(out.get(), "}\n"));
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(*report->find("ok"), json::Value(true));
  EXPECT_EQ(waitForEnd(**process).toString(), "exit code 0");
}

// The program as the dynamic loader sees it: libc and the loader, nothing of ours.
TEST(RunnerProgram, NeedsLibcOnly) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer brings its libraries";
#endif
  for (const char* name : {"bin/busbar-runner", "bin/busbar-runner-test"}) {
    const std::string command = "ldd " + sandbox::builtFile(name);
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char line[512];
    while (::fgets(line, sizeof line, pipe) != nullptr) {
      const std::string text(line);
      EXPECT_TRUE(text.find("libc.so.6") != std::string::npos ||
                  text.find("ld-linux") != std::string::npos ||
                  text.find("linux-vdso") != std::string::npos)
          << name << " needs " << text;
    }
    EXPECT_EQ(::pclose(pipe), 0);
  }
}

TEST(RunnerProgram, RefusesToServeWithoutASandbox) {
  const std::string program = sandbox::builtFile("bin/busbar-runner");
  EXPECT_EQ(WEXITSTATUS(std::system((program + " 2>/dev/null").c_str())), 2);
  EXPECT_EQ(WEXITSTATUS(std::system((program + " --unsandboxed --driver x 2>/dev/null").c_str())),
            2);
}

}  // namespace
}  // namespace busbar::test
