// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/runner.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "host/runner/host_table.h"
#include "host/runner/instance.h"

namespace busbar::runner {
namespace {

// Answers to this many frames go out before the rest is worked on, if that rest is worth a turn of
// the host's.
constexpr size_t kFramesPerFlush = 32;
constexpr size_t kRestWorthFlush = 4U << 10U;
constexpr Nanoseconds kSpin{20'000};

}  // namespace

Runner::Runner(EventLoop& loop, UniqueFd channel, const Pages& pages)
    : channel_(std::move(channel)),
      process_(loop, pages),
      reader_(wire::kMaxToRunnerBytes, /*fdsAllowed=*/true) {
  process_.onEndTurn([this] { endTurn(); });
}

Runner::~Runner() = default;

void Runner::end(Exit exit, const std::string& why) {
  if (exit_) {
    return;
  }
  exit_ = exit;
  if (!why.empty()) {
    const std::string line = "busbar-runner: " + why + "\n";
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
  }
  process_.loop.stop();
}

Status Runner::awaitHello() {
  wire::Frame frame;
  for (;;) {
    switch (reader_.next(frame)) {
      case wire::FrameReader::Next::Frame: {
        wire::Hello hello;
        if (frame.type != wire::Type::Hello || !wire::decode(frame.payload, hello) ||
            hello.wire != wire::kWireVersion) {
          return Error::of(ErrorCode::FailedPrecondition, "the host speaks another wire");
        }
        process_.logBytesPerS = hello.logBytesPerS;
        hostVersion_ = hello.hostVersion;
        process_.host = bindHostTable(process_, instances_, hostVersion_);
        return {};
      }
      case wire::FrameReader::Next::Error:
        return Error::of(ErrorCode::FailedPrecondition, reader_.error());
      case wire::FrameReader::Next::NeedMore:
        break;
    }
    pollfd waiting{channel_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) {
      return Error::fromErrno(errno, "wait for the host");
    }
    receive();
    if (exit_) {
      return Error::of(ErrorCode::Unavailable, "the host closed the channel");
    }
  }
}

bool Runner::receive() {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * wire::kMaxFds)> control;
  char* const at = reader_.prepare(1);
  iovec part{at, reader_.room()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(channel_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      end(Exit::HostGone);
    }
    return false;
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
      const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        fds_.emplace_back(fd);
      }
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    end(Exit::Protocol, "a control message was truncated");
    return false;
  }
  if (got == 0) {
    end(Exit::HostGone);
    return false;
  }
  reader_.commit(static_cast<size_t>(got));
  return true;
}

void Runner::onReadable() {
  if (receive()) {
    takeFrames();
  }
}

// Answers go out while the rest is still being worked on, so that host and runner work at once.
void Runner::takeFrames() {
  wire::Frame frame;
  for (size_t taken = 0; !exit_; ++taken) {
    if (taken >= kFramesPerFlush && reader_.buffered() >= kRestWorthFlush) {
      taken = 0;
      flush();
    }
    switch (reader_.next(frame)) {
      case wire::FrameReader::Next::Frame:
        if (!handle(frame)) {
          end(Exit::Protocol,
              "malformed frame of type " + std::to_string(static_cast<unsigned>(frame.type)));
        }
        break;
      case wire::FrameReader::Next::Error:
        end(Exit::Protocol, reader_.error());
        break;
      case wire::FrameReader::Next::NeedMore:
        return;
    }
  }
}

UniqueFd Runner::takeFd() {
  UniqueFd fd;
  if (!fds_.empty()) {
    fd = std::move(fds_.front());
    fds_.pop_front();
  }
  return fd;
}

bool Runner::handle(const wire::Frame& frame) {
  if (frame.fdCount != (frame.type == wire::Type::LinkUp ? 1U : 0U) ||
      frame.fdCount > fds_.size()) {
    return false;
  }
  switch (frame.type) {
    case wire::Type::Execute:
      return handleExecute(frame);
    case wire::Type::Cancel:
      return handleCancel(frame);
    case wire::Type::Create:
      return handleCreate(frame);
    case wire::Type::Shutdown:
      shutdown();
      return frame.payload.empty();
    case wire::Type::Start:
    case wire::Type::Stop:
    case wire::Type::Destroy:
    case wire::Type::Settings:
    case wire::Type::LinkUp:
    case wire::Type::LinkDown:
    case wire::Type::LogLevel:
    case wire::Type::ServiceEvent:
    case wire::Type::HttpPart: {
      Instance* instance = instances_.find(static_cast<uint32_t>(frame.id));
      // A frame that crossed the end of its instance is no error; its fds must not pile up.
      if (instance == nullptr) {
        fds_.erase(fds_.begin(), fds_.begin() + static_cast<ptrdiff_t>(frame.fdCount));
      }
      return instance == nullptr || handleInstance(frame, *instance);
    }
    default:
      return false;
  }
}

bool Runner::handleInstance(const wire::Frame& frame, Instance& instance) {
  switch (frame.type) {
    case wire::Type::Start:
      instance.start();
      return frame.payload.empty();
    case wire::Type::Stop: {
      wire::Stop m;
      return wire::decode(frame.payload, m) && (instance.stop(m), true);
    }
    case wire::Type::Destroy:
      if (instance.destroy()) {
        remove(instance.number());
        const ProcessLock lock(process_);
        wire::encodeEmpty(process_.outbox.priority(), wire::Type::Destroyed, frame.id);
        process_.touch();
      }
      return frame.payload.empty();
    case wire::Type::Settings: {
      wire::SettingsUpdate m;
      return wire::decode(frame.payload, m) && (instance.settings(m), true);
    }
    case wire::Type::LinkUp: {
      wire::LinkUp m;
      UniqueFd fd = takeFd();
      return wire::decode(frame.payload, m) && (instance.linkUp(std::move(fd), m), true);
    }
    case wire::Type::LinkDown: {
      wire::LinkDown m;
      return wire::decode(frame.payload, m) && (instance.linkDown(m), true);
    }
    case wire::Type::LogLevel: {
      uint8_t level = 0;
      return wire::decodeLogLevel(frame.payload, level) && (instance.setLogLevel(level), true);
    }
    case wire::Type::ServiceEvent: {
      wire::ServiceEvent m;
      return wire::decode(frame.payload, m) && (instance.serviceEvent(m), true);
    }
    case wire::Type::HttpPart: {
      wire::HttpPart m;
      return wire::decode(frame.payload, m) && (instance.httpPart(m), true);
    }
    default:
      return false;
  }
}

void Runner::refuseCreate(uint32_t number, const Error& why) {
  wire::WireError error;
  error.status = BUSBAR_E_INVALID;
  error.code = "driver_bad_manifest";
  error.message = why.message;
  const ProcessLock lock(process_);
  wire::encodeOutcome(process_.outbox.priority(), wire::Type::Created, number, error);
  process_.touch();
}

bool Runner::handleCreate(const wire::Frame& frame) {
  wire::Create m;
  if (!wire::decode(frame.payload, m)) {
    return false;
  }
  const auto number = static_cast<uint32_t>(frame.id);
  if (names_ == nullptr || !names_->equals(m.status)) {
    auto names = StatusNames::create(m.status);
    if (!names.ok()) {
      refuseCreate(number, names.error());
      return true;
    }
    names_ = std::move(*names);
  }
  Instance* instance = nullptr;
  {
    const ProcessLock lock(process_);
    busbar_instance* const handle = instances_.reserve(number);
    if (handle == nullptr) {
      return false;
    }
    auto made = std::make_unique<Instance>(process_, number, handle, names_, m);
    instance = made.get();
    instances_.put(handle, std::move(made));
  }
  if (const Status links = instance->addLinks(m); !links.ok()) {
    refuseCreate(number, links.error());
    remove(number);
  } else if (instance->create(m) != BUSBAR_OK) {
    remove(number);
  }
  return true;
}

void Runner::remove(uint32_t number) {
  std::unique_ptr<Instance> gone;
  const ProcessLock lock(process_);
  gone = instances_.take(number);
  process_.forget(*gone);
  std::erase(dirty_, gone.get());
  gone.reset();
}

bool Runner::handleExecute(const wire::Frame& frame) {
  wire::Execute m;
  if (!wire::decode(frame.payload, m)) {
    return false;
  }
  if (Instance* instance = instances_.find(m.instance); instance != nullptr) {
    instance->execute(frame.id, m);
    return true;
  }
  wire::Complete done;
  done.error.status = BUSBAR_E_NOTFOUND;
  done.error.message = "the module is not in this runner";
  const ProcessLock lock(process_);
  wire::encode(process_.outbox.priority(), frame.id, done);
  process_.touch();
  return true;
}

bool Runner::handleCancel(const wire::Frame& frame) {
  uint32_t number = 0;
  if (!wire::decodeCancel(frame.payload, number)) {
    return false;
  }
  if (Instance* instance = instances_.find(number); instance != nullptr) {
    static_cast<void>(instance->cancel(frame.id));
  }
  return true;
}

// With instances left their threads may run, so process_exit, which wants none, is left out.
void Runner::shutdown() {
  if (instances_.size() == 0 && process_.driver.process_exit != nullptr) {
    const CallScope scope(process_, Entry::ProcessExit, 0, 0);
    process_.driver.process_exit();
  }
  flush();
  end(Exit::Shutdown);
}

void Runner::endTurn() {
  LivenessPage& page = process_.pages.liveness();
  page.turns.store(page.turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  process_.takeDirty(dirty_);
  for (size_t i = 0; i < dirty_.size(); ++i) {
    dirty_[i]->pump();
  }
  dirty_.clear();
  flush();
}

void Runner::flush() {
  Outbox::Flush result = Outbox::Flush::Drained;
  {
    const ProcessLock lock(process_);
    result = process_.outbox.flush(channel_.get());
  }
  if (result == Outbox::Flush::Closed) {
    end(Exit::HostGone);
  } else {
    watch_.setEvents(result == Outbox::Flush::Blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

void Runner::sendReady(const Status& loaded) {
  wire::Ready ready;
  ready.wire = wire::kWireVersion;
  ready.abiMajor = BUSBAR_ABI_MAJOR;
  ready.abiMinor = process_.driver.abi_minor;
  if (!loaded.ok()) {
    ready.error.status = BUSBAR_E_INVALID;
    ready.error.code = loaded.error().reason;
    ready.error.message = loaded.error().message;
  }
  const ProcessLock lock(process_);
  wire::encode(process_.outbox.priority(), ready);
  process_.touch();
}

Exit Runner::serve(const Status& loaded) {
  Status state = loaded;
  process_.loop.refreshNow();
  if (state.ok() && process_.driver.process_init != nullptr) {
    const CallScope scope(process_, Entry::ProcessInit, 0, 0);
    const busbar_status status = process_.driver.process_init(process_.host);
    if (status < 0) {
      state =
          Error::because(ErrorCode::FailedPrecondition, "driver_refused",
                         "the driver's process_init failed with status " + std::to_string(status));
    }
  }
  sendReady(state);
  if (!state.ok()) {
    flush();
    return Exit::Refused;
  }
  auto watch = process_.loop.watch(channel_.get(), EPOLLIN, [this](uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      flush();
    }
    onReadable();
  });
  if (!watch.ok()) {
    return Exit::Protocol;
  }
  watch_ = std::move(*watch);
  process_.loop.setSpin(kSpin);
  takeFrames();  // what came together with the hello
  if (!exit_) {
    process_.loop.run();
  }
  watch_.end();
  return exit_.value_or(Exit::Protocol);
}

}  // namespace busbar::runner
