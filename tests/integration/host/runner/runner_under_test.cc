// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/host/runner/runner_under_test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <gtest/gtest.h>
#include <spawn.h>

#include <busbar/driver.h>

#include "sdk/base/clock.h"

namespace busbar::test {
namespace {

constexpr size_t kPageBytes = 4096;

std::string buildFolder() {
  const char* build = std::getenv("BUSBAR_BUILD");
  return build != nullptr ? build : ".";
}

UniqueFd sharedPage(void*& at) {
  UniqueFd fd(memfd_create("page", MFD_CLOEXEC));
  EXPECT_EQ(ftruncate(fd.get(), kPageBytes), 0);
  at = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  return fd;
}

// In the child: moves `fd` to `number`, out of the way of the numbers still to be set.
UniqueFd highFd(const UniqueFd& fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 100));
}

}  // namespace

std::string builtDriver(const std::string& name) {
  return buildFolder() + "/drivers/" + name + "/" + name + ".so";
}
std::string faultDriver(const std::string& name) {
  return buildFolder() + "/tests/drivers/" + name + "/" + name + ".so";
}
int64_t bootNowNs() {
  return BootClock::now().time_since_epoch().count();
}

wire::WireError OwnedFrame::error() const {
  wire::WireError e;
  EXPECT_TRUE(wire::decodeOutcome(payload, e));
  return e;
}
wire::Complete OwnedFrame::complete() const {
  wire::Complete m;
  EXPECT_TRUE(wire::decode(payload, m));
  return m;
}
wire::Log OwnedFrame::log() const {
  wire::Log m;
  EXPECT_TRUE(wire::decode(payload, m));
  return m;
}
std::vector<wire::StatePoint> OwnedFrame::points() const {
  std::vector<wire::StatePoint> points;
  EXPECT_TRUE(wire::decodeState(payload, points));
  return points;
}

RunnerUnderTest::RunnerUnderTest(const std::string& driverPath, uint32_t wireVersion) {
  std::array<int, 2> pair{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  channel_.reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  std::array<int, 2> errors{};
  EXPECT_EQ(pipe2(errors.data(), O_CLOEXEC), 0);
  stderr_.reset(errors[0]);
  fcntl(errors[0], F_SETFL, O_NONBLOCK);
  const UniqueFd errorsIn(errors[1]);
  void* at = nullptr;
  const UniqueFd deadlineFd = sharedPage(at);
  deadlines_ = static_cast<int64_t*>(at);
  std::fill_n(deadlines_, kPageBytes / sizeof(int64_t), INT64_MAX);
  const UniqueFd livenessFd = sharedPage(at);
  liveness_ = static_cast<runner::LivenessPage*>(at);

  const std::array<UniqueFd, 4> high{highFd(theirs), highFd(errorsIn), highFd(deadlineFd),
                                     highFd(livenessFd)};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, high[0].get(), 3);
  posix_spawn_file_actions_adddup2(&actions, high[1].get(), 2);
  posix_spawn_file_actions_adddup2(&actions, high[2].get(), 6);
  posix_spawn_file_actions_adddup2(&actions, high[3].get(), 7);
  const std::string program = buildFolder() + "/bin/busbar-runner-test";
  std::array<std::string, 4> words{program, "--unsandboxed", "--driver", driverPath};
  std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                            nullptr};
  EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);

  wire::Hello hello;
  hello.wire = wireVersion;
  hello.hostVersion = "test";
  wire::encode(out_, hello);
  send();
}

RunnerUnderTest::~RunnerUnderTest() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  munmap(liveness_, kPageBytes);
  munmap(deadlines_, kPageBytes);
}

void RunnerUnderTest::send(const std::vector<int>& fds) {
  // fds go with the first byte of the last frame; the caller encodes such a frame alone.
  std::string_view rest = out_;
  bool first = true;
  while (!rest.empty()) {
    iovec part{const_cast<char*>(rest.data()), rest.size()};  // NOLINT: sendmsg does not write
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    std::vector<char> control(CMSG_SPACE(sizeof(int) * 4));
    if (first && !fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
      cmsghdr* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
      std::memcpy(CMSG_DATA(c), fds.data(), sizeof(int) * fds.size());
    }
    const ssize_t n = sendmsg(channel_.get(), &message, MSG_NOSIGNAL);
    if (n < 0) {
      break;
    }
    rest.remove_prefix(static_cast<size_t>(n));
    first = false;
  }
  out_.clear();
}

void RunnerUnderTest::sendRaw(std::string_view bytes) {
  out_.append(bytes);
  send();
}

bool RunnerUnderTest::receive(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  pollfd p{channel_.get(), POLLIN, 0};
  if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0) {
    return false;
  }
  char* at = reader_.prepare(1);
  const ssize_t n = recv(channel_.get(), at, reader_.room(), 0);
  if (n <= 0) {
    return false;
  }
  reader_.commit(static_cast<size_t>(n));
  return true;
}

std::optional<OwnedFrame> RunnerUnderTest::next() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  wire::Frame frame;
  for (;;) {
    switch (reader_.next(frame)) {
      case wire::FrameReader::Next::Frame:
        return OwnedFrame{frame.type, frame.id, std::string(frame.payload)};
      case wire::FrameReader::Next::Error:
        ADD_FAILURE() << reader_.error();
        return std::nullopt;
      case wire::FrameReader::Next::NeedMore:
        if (!receive(until)) {
          return std::nullopt;
        }
    }
  }
}

std::optional<OwnedFrame> RunnerUnderTest::waitFor(
    const std::function<bool(const OwnedFrame&)>& wanted) {
  while (auto frame = next()) {
    if (wanted(*frame)) {
      return frame;
    }
    skipped_.push_back(std::move(*frame));
  }
  return std::nullopt;
}

std::optional<OwnedFrame> RunnerUnderTest::waitFor(wire::Type type) {
  return waitFor([type](const OwnedFrame& f) { return f.type == type; });
}

std::optional<OwnedFrame> RunnerUnderTest::waitFor(wire::Type type, uint64_t id) {
  return waitFor([=](const OwnedFrame& f) { return f.type == type && f.id == id; });
}

bool RunnerUnderTest::sawBug(std::string_view text) {
  const auto isIt = [text](const OwnedFrame& f) {
    return f.type == wire::Type::Log && f.log().level == 6 &&
           f.log().message.find(text) != std::string_view::npos;
  };
  for (const OwnedFrame& frame : skipped_) {
    if (isIt(frame)) {
      return true;
    }
  }
  return waitFor(isIt).has_value();
}

void RunnerUnderTest::createAndStart(uint32_t instance, const std::vector<std::string>& status,
                                     const std::vector<wire::CreateLink>& links) {
  wire::Create m;
  m.moduleId = "mod-1";
  m.driverId = "driver-1";
  m.epoch = "0";
  m.timeZone = "UTC";
  m.locale = "en";
  m.settings = "{}";
  m.logLevel = 0;
  m.links = links;
  for (const std::string& key : status) {
    m.status.push_back({key.front() == '^', key});
  }
  wire::encode(out_, instance, m);
  wire::encodeEmpty(out_, wire::Type::Start, instance);
  send();
  const auto created = waitFor(wire::Type::Created, instance);
  ASSERT_TRUE(created);
  ASSERT_EQ(created->error().status, 0) << created->error().message;
  const auto started = waitFor(wire::Type::Started, instance);
  ASSERT_TRUE(started);
  ASSERT_EQ(started->error().status, 0) << started->error().message;
}

void RunnerUnderTest::execute(uint64_t call, uint32_t instance, std::string_view function,
                              std::string_view args, std::chrono::milliseconds deadline) {
  wire::Execute m;
  m.instance = instance;
  m.role = BUSBAR_ROLE_ADMIN;
  m.deadlineNs = bootNowNs() + std::chrono::nanoseconds(deadline).count();
  m.function = function;
  m.args = args;
  wire::encode(out_, call, m);
  send();
}

std::optional<OwnedFrame> RunnerUnderTest::call(uint64_t call, uint32_t instance,
                                                std::string_view function, std::string_view args) {
  execute(call, instance, function, args);
  return waitFor(wire::Type::Complete, call);
}

int RunnerUnderTest::waitExit() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  for (;;) {
    const pid_t got = waitpid(pid_, &status, WNOHANG);
    if (got == pid_) {
      break;
    }
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "the runner does not end";
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void RunnerUnderTest::signal(int number) {
  ASSERT_EQ(::kill(pid_, number), 0);
}

std::string RunnerUnderTest::stderrText() {
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t n = ::read(stderr_.get(), chunk.data(), chunk.size());
    if (n <= 0) {
      return stderrText_;
    }
    stderrText_.append(chunk.data(), static_cast<size_t>(n));
  }
}

}  // namespace busbar::test
