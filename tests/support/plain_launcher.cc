// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/plain_launcher.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

namespace busbar {
namespace {

class PlainChild : public RunnerChild {
 public:
  PlainChild(pid_t pid, UniqueFd pidfd, UniqueFd channel, UniqueFd out, UniqueFd err)
      : pid_(pid),
        pidfd_(std::move(pidfd)),
        channel_(std::move(channel)),
        stdout_(std::move(out)),
        stderr_(std::move(err)) {}
  ~PlainChild() override {
    kill();
    if (!status_) {
      siginfo_t info{};
      waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
    }
  }
  pid_t pid() const override { return pid_; }
  int pidfd() const override { return pidfd_.get(); }
  UniqueFd takeChannel() override { return std::move(channel_); }
  UniqueFd takeStdout() override { return std::move(stdout_); }
  UniqueFd takeStderr() override { return std::move(stderr_); }
  std::string tier() const override { return "none"; }
  void kill() override {
    if (!status_) {
      syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    }
  }
  Status signal(int number) override {
    return syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0
               ? Status()
               : Error::of(ErrorCode::NotFound, "gone");
  }
  std::optional<sandbox::ExitStatus> tryReap() override {
    siginfo_t info{};
    if (!status_ &&
        waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid != 0) {
      status_ = sandbox::ExitStatus{info.si_code != CLD_EXITED, info.si_status, false};
    }
    return status_;
  }
  Result<sandbox::RunnerUsage> usage() const override { return sandbox::RunnerUsage{}; }
  Status verify() const override { return {}; }

 private:
  pid_t pid_;
  UniqueFd pidfd_, channel_, stdout_, stderr_;
  std::optional<sandbox::ExitStatus> status_;
};

struct Pipe {
  UniqueFd read, write;
  Pipe() {
    int fds[2];
    BUSBAR_CHECK(pipe2(fds, O_CLOEXEC) == 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
};

// In the child: moves each fd to its number, by way of high ones so that none is overwritten.
void place(std::initializer_list<std::pair<int, int>> moves) {
  int high[8];
  size_t i = 0;
  for (const auto& [from, to] : moves) {
    high[i++] = fcntl(from, F_DUPFD, 100);
  }
  i = 0;
  for (const auto& [from, to] : moves) {
    dup2(high[i], to);
    close(high[i++]);
  }
}

}  // namespace

void PlainLauncher::launch(LaunchSpec spec, Done done) {
  ++launched_;
  if (!failure_.empty()) {
    auto shared = std::make_shared<Done>(std::move(done));
    loop_.post([shared, why = failure_] { (*shared)(Error::of(ErrorCode::Unavailable, why)); });
    return;
  }
  int pair[2];
  BUSBAR_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  UniqueFd ours(pair[0]);
  const UniqueFd theirs(pair[1]);
  Pipe out;
  Pipe err;
  const std::string library = spec.driverFolder + "/" + spec.driverFile;
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    place({{out.write.get(), 1},
           {err.write.get(), 2},
           {theirs.get(), 3},
           {spec.deadlinePage.get(), 6},
           {spec.livenessPage.get(), 7}});
    execl(runnerPath_.c_str(), "busbar-runner-test", "--unsandboxed", "--driver", library.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  auto child = std::make_shared<std::unique_ptr<RunnerChild>>(std::make_unique<PlainChild>(
      pid, std::move(pidfd), std::move(ours), std::move(out.read), std::move(err.read)));
  auto shared = std::make_shared<Done>(std::move(done));
  loop_.post([child, shared] { (*shared)(std::move(*child)); });
}

}  // namespace busbar
