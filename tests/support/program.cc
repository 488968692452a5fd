// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>
#include <spawn.h>

extern char** environ;

namespace busbar::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }
  UniqueFd reader;
  UniqueFd writer;
};

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

int leftMs(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

// False at the end of the stream.
bool readSome(UniqueFd& fd, std::string& into) {
  char block[16 << 10];
  const ssize_t count = read(fd.get(), block, sizeof(block));
  if (count <= 0) {
    fd.reset();
    return false;
  }
  into.append(block, static_cast<size_t>(count));
  return true;
}

}  // namespace

std::string builtProgram(const std::string& name) {
  const char* build = getenv("BUSBAR_BUILD");
  return std::string(build == nullptr ? "build/dev" : build) + "/bin/" + name;
}

Program::Program(std::vector<std::string> argv, std::vector<std::string> environment) {
  if (argv[0].find('/') == std::string::npos) {
    argv[0] = builtProgram(argv[0]);
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  Pipe in;
  Pipe out;
  Pipe err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.reader.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.writer.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.writer.get(), 2);
  auto arguments = pointersTo(argv);
  auto variables = pointersTo(environment);
  const int failed =
      posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(failed, 0) << argv[0] << ": " << strerror(failed);
  stdin_ = std::move(in.writer);
  stdout_ = std::move(out.reader);
  stderr_ = std::move(err.reader);
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

Program::Outcome Program::run(std::vector<std::string> argv, std::vector<std::string> environment,
                              const std::string& input) {
  Program program(std::move(argv), std::move(environment));
  program.write(input);
  program.closeInput();
  return program.wait();
}

bool Program::write(const std::string& text) {
  return text.empty() ||
         ::write(stdin_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void Program::signal(int number) const {
  if (pid_ > 0) {
    kill(pid_, number);
  }
}

bool Program::pump(Clock::time_point until) {
  pollfd fds[2] = {{stdout_.get(), POLLIN, 0}, {stderr_.get(), POLLIN, 0}};
  if ((!stdout_ && !stderr_) || poll(fds, 2, leftMs(until)) <= 0) {
    return false;
  }
  if (stdout_ && fds[0].revents != 0) {
    readSome(stdout_, out_);
  }
  if (stderr_ && fds[1].revents != 0) {
    readSome(stderr_, err_);
  }
  return true;
}

std::optional<std::string> Program::readLine(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (true) {
    if (const size_t end = out_.find('\n', linesAt_); end != std::string::npos) {
      const size_t begin = std::exchange(linesAt_, end + 1);
      return out_.substr(begin, end - begin);
    }
    if (!stdout_ || !pump(until)) {
      return std::nullopt;
    }
  }
}

Program::Outcome Program::wait(std::chrono::milliseconds limit) {
  const auto until = Clock::now() + limit;
  while (pump(until)) {
  }
  int status = 0;
  pid_t ended = 0;
  while (pid_ > 0 && (ended = waitpid(pid_, &status, WNOHANG)) == 0 && Clock::now() < until) {
    poll(nullptr, 0, 5);
  }
  if (pid_ > 0 && ended == 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  Outcome outcome;
  outcome.out = out_;
  outcome.err = err_;
  outcome.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return outcome;
}

}  // namespace busbar::test
