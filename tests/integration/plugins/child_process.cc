// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/plugins/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace busbar::test {
namespace {

constexpr int kLineTimeoutMs = 10'000;

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
    abort();
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // execv does not write to them
  }
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  setpgid(pid_, pid_);
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
}

ChildProcess::~ChildProcess() {
  close(in_);
  close(out_);
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

std::string ChildProcess::readLine() {
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd readable = {.fd = out_, .events = POLLIN, .revents = 0};
    char bytes[4096];
    if (poll(&readable, 1, kLineTimeoutMs) != 1) {
      return "";
    }
    const ssize_t count = read(out_, bytes, sizeof(bytes));
    if (count <= 0) {
      return "";
    }
    buffer_.append(bytes, static_cast<size_t>(count));
  }
}

void ChildProcess::writeLine(const std::string& line) const {
  const std::string bytes = line + "\n";
  if (write(in_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    abort();
  }
}

int ChildProcess::readReadyPort() {
  const std::string line = readLine();
  return line.starts_with("ready ") ? atoi(line.c_str() + 6) : 0;
}

}  // namespace busbar::test
