// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/runner.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace busbar {
namespace {

constexpr size_t kReadPerTurn = 128U << 10U;  // so that a flood leaves room for the others
constexpr size_t kFramesPerFlush = 32;
constexpr size_t kRestWorthFlush = 4U << 10U;
constexpr size_t kMaxLineBytes = 8U << 10U;
constexpr size_t kLastLines = 50;
constexpr size_t kMaxBacktrace = 64;
constexpr Milliseconds kLivenessPeriod{250};
constexpr Milliseconds kStackDumpLimit{300};
constexpr int kDriverExited = 74;  // host/runner/README.md "Exit codes"
constexpr std::string_view kOwnPrefix = "busbar-runner: ";

}  // namespace

// Splits what comes through a pipe into lines, bounded in length and rate.
class Runner::OutputPipe {
 public:
  OutputPipe(Runner& runner, UniqueFd fd, std::string_view stream)
      : runner_(runner), fd_(std::move(fd)), stream_(stream) {}

  Status watch(EventLoop& loop) {
    fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    auto watch = loop.watch(fd_.get(), EPOLLIN, [this](uint32_t) { drain(); });
    BUSBAR_TRY(watch);
    watch_ = std::move(*watch);
    return {};
  }

  void drain() {
    std::array<char, 16384> buffer;
    for (int round = 0; round < 16; ++round) {
      const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
      if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
          watch_.end();
        }
        return;
      }
      take({buffer.data(), static_cast<size_t>(n)});
    }
  }

  void finish() {
    drain();
    if (!line_.empty()) {
      emit(std::exchange(line_, {}));
    }
  }

 private:
  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      line_.append(part.substr(0, kMaxLineBytes - std::min(line_.size(), kMaxLineBytes)));
      if (end == std::string_view::npos) {
        return;
      }
      emit(std::exchange(line_, {}));
      bytes.remove_prefix(end + 1);
    }
  }

  void emit(const std::string& line) {
    const auto second = runner_.loop_.now().time_since_epoch() / std::chrono::seconds(1);
    if (second != second_) {
      second_ = second;
      budget_ = runner_.limits_.logBytesPerSecond;
      if (const uint64_t dropped = std::exchange(dropped_, 0); dropped > 0) {
        runner_.printed(stream_, std::to_string(dropped) + " lines dropped by the rate limit");
      }
    }
    if (line.size() + 1 > budget_) {
      ++dropped_;
      return;
    }
    budget_ -= line.size() + 1;
    runner_.printed(stream_, line);
  }

  Runner& runner_;
  UniqueFd fd_;
  std::string_view stream_;
  FdWatch watch_;
  std::string line_;
  int64_t second_ = 0;
  size_t budget_ = 0;
  uint64_t dropped_ = 0;
};

Runner::Runner(EventLoop& loop, Owner& owner, std::string id, Limits limits)
    : loop_(loop), owner_(owner), id_(std::move(id)), limits_(limits) {}

Runner::~Runner() {
  *alive_ = false;
  for (const TimerId timer : {loadTimer_, livenessTimer_, killTimer_}) {
    loop_.cancel(timer);
  }
}

void Runner::launch(Launcher& launcher, LaunchSpec spec, std::string_view hostVersion) {
  auto pages = RunnerPages::create();
  if (!pages) {
    launched(std::move(pages).error(), hostVersion);
    return;
  }
  pages_ = std::move(*pages);
  spec.runnerId = id_;
  spec.deadlinePage = pages_->takeDeadlineFd();
  spec.livenessPage = pages_->takeLivenessFd();
  loadTimer_ = loop_.runAfter(limits_.loadLimit, [this] {
    loadTimer_ = 0;
    if (state_ == State::Loading) {
      hung(pages_->readLiveness());
    } else {
      kill("start_timeout");
    }
  });
  launcher.launch(std::move(spec), [this, alive = alive_, version = std::string(hostVersion)](
                                       Result<std::unique_ptr<RunnerChild>> child) {
    if (*alive) {
      launched(std::move(child), version);
    }
  });
}

void Runner::launched(Result<std::unique_ptr<RunnerChild>> child, std::string_view hostVersion) {
  if (!child) {
    ExitReport report = makeReport(std::nullopt);
    report.cause = "start_failed: " + child.error().message;
    loop_.post([this, alive = alive_, report = std::move(report)]() mutable {
      if (*alive) {
        finish(std::move(report));
      }
    });
    return;
  }
  child_ = std::move(*child);
  state_ = State::Loading;
  if (const Status watched = watchChild(); !watched.ok()) {
    kill("start_failed: " + watched.error().message);
    return;
  }
  if (!cause_.empty()) {  // killed while it was being launched
    child_->kill();
    return;
  }
  wire::Hello hello;
  hello.hostVersion = hostVersion;
  hello.strandHardMs = static_cast<uint32_t>(limits_.strandHard.count());
  hello.logBytesPerS = limits_.logBytesPerSecond;
  wire::encode(out_, hello);
  flushSoon();
  livenessTimer_ = loop_.runAfter(kLivenessPeriod, [this] { checkLiveness(); });
}

Status Runner::watchChild() {
  channel_ = child_->takeChannel();
  fcntl(channel_.get(), F_SETFL, O_NONBLOCK);
  auto channel =
      loop_.watch(channel_.get(), EPOLLIN, [this](uint32_t events) { onChannel(events); });
  BUSBAR_TRY(channel);
  channelWatch_ = std::move(*channel);
  auto exit = loop_.watch(child_->pidfd(), EPOLLIN, [this](uint32_t) { onExit(); });
  BUSBAR_TRY(exit);
  exitWatch_ = std::move(*exit);
  stdout_ = std::make_unique<OutputPipe>(*this, child_->takeStdout(), "stdout");
  BUSBAR_TRY(stdout_->watch(loop_));
  stderr_ = std::make_unique<OutputPipe>(*this, child_->takeStderr(), "stderr");
  return stderr_->watch(loop_);
}

void Runner::onChannel(uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    writable_ = true;
    flush();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    readChannel(kReadPerTurn);
  }
}

void Runner::readChannel(size_t budgetBytes) {
  while (channel_ && budgetBytes > 0) {
    char* to = reader_.prepare(64U << 10U);
    // recv, not recvmsg: an fd that a runner tries to push is dropped by the kernel.
    const ssize_t n = ::recv(channel_.get(), to, reader_.room(), MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno != EAGAIN) {
        channelWatch_.end();
      }
      return;
    }
    if (n == 0) {
      channelWatch_.end();
      if (cause_.empty() && !shuttingDown_) {
        // The process may be ending already; its exit status then tells more than this.
        killTimer_ = loop_.runAfter(Milliseconds(100), [this] { kill("channel_closed"); });
      }
      return;
    }
    reader_.commit(static_cast<size_t>(n));
    if (!handleFrames()) {
      return;
    }
    budgetBytes -= std::min(budgetBytes, static_cast<size_t>(n));
    if (static_cast<size_t>(n) < (32U << 10U)) {
      return;  // most likely drained; epoll is level-triggered
    }
  }
}

// What answers bring about goes out while the rest, if it is worth that, is still being worked on,
// so that host and runner work at once.
bool Runner::handleFrames() {
  wire::Frame frame;
  std::string why;
  for (size_t taken = 0;; ++taken) {
    if (taken >= kFramesPerFlush && reader_.buffered() >= kRestWorthFlush) {
      taken = 0;
      flush();
    }
    const auto next = reader_.next(frame);
    if (next == wire::FrameReader::Next::NeedMore) {
      return true;
    }
    bool fine = next == wire::FrameReader::Next::Frame;
    if (!fine) {
      why = reader_.error();
    } else if (frame.type == wire::Type::Ready) {
      fine = handleReady(frame);
      why = "ready frame";
    } else if (state_ != State::Ready && frame.type != wire::Type::Log) {
      fine = false;
      why = "frame before ready";
    } else {
      fine = owner_.runnerFrame(*this, frame, why);
    }
    if (!fine) {
      kill("protocol_error: " + why);
      channelWatch_.end();
      return false;
    }
  }
}

bool Runner::handleReady(const wire::Frame& frame) {
  wire::Ready ready;
  if (state_ != State::Loading || !wire::decode(frame.payload, ready) ||
      ready.wire != wire::kWireVersion || !json::isUtf8(ready.error.message)) {
    return false;
  }
  loop_.cancel(std::exchange(loadTimer_, 0));
  if (ready.error.status != 0) {
    kill("driver_refused: " + std::string(ready.error.message.substr(0, 500)));
    return true;
  }
  if (const Status verified = child_->verify(); !verified.ok()) {
    if (verified.error().code == ErrorCode::NotFound) {
      return true;  // it has ended meanwhile; its exit status says why
    }
    kill("sandbox_not_entered: " + verified.error().message);
    return true;
  }
  if (cause_.empty()) {
    state_ = State::Ready;
    owner_.runnerReady(*this);
  }
  return true;
}

void Runner::flushSoon() {
  if (!flushScheduled_) {
    flushScheduled_ = true;
    loop_.defer([this, alive = alive_] {
      if (*alive) {
        flushScheduled_ = false;
        flush();
      }
    });
  }
}

void Runner::sendWithFd(UniqueFd fd, Callback<void(std::string&)> write) {
  pendingFds_.push_back({out_.size(), std::move(fd)});
  write(out_);
  flushSoon();
}

ssize_t Runner::sendSome() {
  const char* data = out_.data() + sent_;
  size_t size = out_.size() - sent_;
  if (pendingFds_.empty()) {
    return ::send(channel_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (pendingFds_.front().offset > sent_) {
    size = pendingFds_.front().offset - sent_;
    return ::send(channel_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (pendingFds_.size() > 1) {
    size = pendingFds_[1].offset - sent_;
  }
  iovec iov{const_cast<char*>(data), size};  // NOLINT: sendmsg does not write to it
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = pendingFds_.front().fd.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  const ssize_t n = ::sendmsg(channel_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) {
    pendingFds_.pop_front();  // our copy is closed here
  }
  return n;
}

void Runner::flush() {
  while (channel_ && writable_ && sent_ < out_.size()) {
    const ssize_t n = sendSome();
    if (n < 0 && errno == EAGAIN) {
      writable_ = false;
      break;
    }
    if (n < 0 && errno != EINTR) {
      return;  // the exit watch tells why it is gone
    }
    sent_ += static_cast<size_t>(std::max<ssize_t>(n, 0));
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > (1U << 20U)) {
      out_ = std::string();
    }
  } else if (sent_ > (1U << 20U)) {
    out_.erase(0, sent_);
    for (PendingFd& pending : pendingFds_) {
      pending.offset -= sent_;
    }
    sent_ = 0;
  }
  if (channelWatch_.active()) {
    channelWatch_.setEvents(EPOLLIN | (writable_ ? 0U : EPOLLOUT));
  }
}

void Runner::kill(std::string cause) {
  if (state_ == State::Ended || !cause_.empty()) {
    return;
  }
  cause_ = std::move(cause);
  loop_.cancel(std::exchange(loadTimer_, 0));
  if (child_) {
    child_->kill();
  }
}

void Runner::shutdown(Milliseconds limit) {
  if (state_ == State::Ended || shuttingDown_) {
    return;
  }
  shuttingDown_ = true;
  if (state_ != State::Ready) {
    kill("shutdown");
    return;
  }
  wire::encodeEmpty(out_, wire::Type::Shutdown, 0);
  flushSoon();
  killTimer_ = loop_.runAfter(limit, [this] { endLateShutdown(); });
}

// A driver that holds up the end is named; a runner that is only slow is not.
void Runner::endLateShutdown() {
  killTimer_ = 0;
  const RunnerPages::Liveness liveness = pages_->readLiveness();
  if (liveness.callStartNs <= 0) {
    kill("shutdown");
    return;
  }
  lastInstance_ = liveness.instance;
  lastCall_ = RunnerPages::callbackName(liveness.callback);
  kill("hang in " + lastCall_);
}

void Runner::checkLiveness() {
  livenessTimer_ = loop_.runAfter(kLivenessPeriod, [this] { checkLiveness(); });
  if (state_ != State::Ready || !cause_.empty()) {
    return;
  }
  const RunnerPages::Liveness liveness = pages_->readLiveness();
  const int64_t nowNs = loop_.now().time_since_epoch().count();
  if (liveness.callStartNs > 0 &&
      nowNs - liveness.callStartNs > Nanoseconds(limits_.strandHard).count()) {
    hung(liveness);
  }
}

void Runner::hung(const RunnerPages::Liveness& liveness) {
  if (!crashCause_.empty() || !child_) {
    return;
  }
  lastInstance_ = liveness.instance;
  lastCall_ = RunnerPages::callbackName(liveness.callback);
  crashCause_ = "hang in " + lastCall_;
  // The runner prints its stack on SIGQUIT; whatever has arrived by then goes into the report.
  const Status asked = child_->signal(SIGQUIT);
  loop_.cancel(std::exchange(killTimer_, 0));
  killTimer_ =
      loop_.runAfter(asked.ok() ? kStackDumpLimit : Milliseconds(0), [this] { kill(crashCause_); });
}

void Runner::printed(std::string_view stream, std::string_view line) {
  if (stream == "stderr" && parseCrashLine(line)) {
    return;
  }
  LogLine log;
  log.utcNs = loop_.clock().utcNs();
  log.level = 2;
  std::string clean;
  json::appendString(clean, line);  // replaces what is not UTF-8
  if (const auto text = json::parse(clean); text.ok()) {
    log.message = *text->asString();
  }
  log.fieldsJson = R"({"stream":")" + std::string(stream) + "\"}";
  lastLines_.push_back(log.message);
  if (lastLines_.size() > kLastLines) {
    lastLines_.pop_front();
  }
  owner_.runnerPrinted(*this, std::move(log));
}

// Shape: host/runner/README.md "Crash lines". A driver can print such lines too; they only colour
// the report of its own end.
bool Runner::parseCrashLine(std::string_view line) {
  if (!line.starts_with(kOwnPrefix)) {
    return false;
  }
  line.remove_prefix(kOwnPrefix.size());
  const auto field = [&](std::string_view name) -> std::string_view {
    const size_t at = line.find(name);
    if (at == std::string_view::npos) {
      return {};
    }
    const std::string_view rest = line.substr(at + name.size());
    return rest.substr(0, rest.find(' '));
  };
  if (line.starts_with("frame ")) {
    if (backtrace_.size() < kMaxBacktrace && json::isUtf8(line)) {
      backtrace_.emplace_back(line.substr(6, 300));
    }
    return true;
  }
  if (!line.starts_with("crash ")) {
    return line == "end";
  }
  int signalNumber = 0;
  const std::string_view text = field("signal=");
  std::from_chars(text.data(), text.data() + text.size(), signalNumber);
  const char* name = sigabbrev_np(signalNumber);
  crashCause_ = name != nullptr ? "signal SIG" + std::string(name) : "crash";
  uint64_t fullMib = 0;
  const std::string_view full = field("memory_full_mib=");
  std::from_chars(full.data(), full.data() + full.size(), fullMib);
  if (fullMib != 0) {
    crashCause_ =
        "memory: " + crashCause_ + " with the limit of " + std::to_string(fullMib) + " MiB used up";
  }
  const std::string_view instance = field("instance=");
  std::from_chars(instance.data(), instance.data() + instance.size(), lastInstance_);
  if (const std::string_view callback = field("callback="); json::isUtf8(callback)) {
    lastCall_ = callback.substr(0, 64);
  }
  return true;
}

void Runner::onExit() {
  auto status = child_->tryReap();
  if (!status) {
    return;
  }
  exitWatch_.end();
  if (channelWatch_.active() && cause_.empty()) {
    readChannel(SIZE_MAX);  // completions that it sent before it died still count
  }
  if (stdout_ && stderr_) {
    stdout_->finish();
    stderr_->finish();
  }
  finish(makeReport(status));
}

ExitReport Runner::makeReport(const std::optional<sandbox::ExitStatus>& status) {
  ExitReport report;
  report.utcNs = loop_.clock().utcNs();
  report.runnerId = id_;
  if (crashCause_.empty() && pages_) {
    const RunnerPages::Liveness liveness = pages_->readLiveness();
    if (liveness.callStartNs > 0 && lastInstance_ == 0 && !shuttingDown_) {
      lastInstance_ = liveness.instance;
      lastCall_ = RunnerPages::callbackName(liveness.callback);
    }
  }
  if (status && status->outOfMemory) {
    report.cause = "memory: " + status->toString();
  } else if (!cause_.empty()) {
    report.cause = cause_;
  } else if (!crashCause_.empty()) {
    report.cause = crashCause_;
  } else if (status && shuttingDown_ && !status->signaled && status->value == 0) {
    report.cause = "shutdown";
  } else if (status && !status->signaled && status->value == kDriverExited) {
    report.cause = "the driver called exit()";
  } else if (status) {
    report.cause = status->toString();
  }
  report.lastCall = lastCall_;
  report.backtrace = backtrace_;
  report.lastLogs.assign(lastLines_.begin(), lastLines_.end());
  return report;
}

void Runner::finish(ExitReport report) {
  if (state_ == State::Ended) {
    return;
  }
  state_ = State::Ended;
  channelWatch_.end();
  exitWatch_.end();
  for (TimerId* timer : {&loadTimer_, &livenessTimer_, &killTimer_}) {
    loop_.cancel(std::exchange(*timer, 0));
  }
  stdout_.reset();
  stderr_.reset();
  channel_.reset();
  owner_.runnerEnded(*this, std::move(report));
}

Result<sandbox::RunnerUsage> Runner::usage() const {
  if (!child_ || state_ == State::Ended) {
    return Error::of(ErrorCode::NotFound, "the runner has ended");
  }
  return child_->usage();
}

}  // namespace busbar
