// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/fault_proxy.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <utility>

namespace sim {
namespace {

constexpr size_t kReadBytes = 65536;
constexpr int kMaxWaitMs = 60'000;

const sockaddr* raw(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.storage);
}

}  // namespace

bool Fault::fromText(const std::string& text, Fault& out) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const int64_t value = equals == std::string::npos ? 0 : std::atoll(text.c_str() + equals + 1);
  static const std::map<std::string, std::pair<Kind, bool>> kNames = {
      {"none", {Kind::None, false}},   {"drop", {Kind::Drop, false}},
      {"stall", {Kind::Stall, false}}, {"refuse", {Kind::Refuse, false}},
      {"delay", {Kind::Delay, true}},  {"corrupt", {Kind::Corrupt, true}},
      {"cut", {Kind::Cut, true}}};
  const auto found = kNames.find(name);
  if (found == kNames.end() || found->second.second != (equals != std::string::npos) ||
      (found->second.second && value <= 0)) {
    return false;
  }
  out = {.kind = found->second.first, .value = value};
  return true;
}

FaultProxy::FaultProxy(const std::string& listen, const std::string& to, bool isUdp)
    : listenAddress_(addressOrExit(listen)),
      serverAddress_(addressOrExit(to)),
      isUdp_(isUdp),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  listenOn();
  if (!listener_.isOpen()) {
    std::fprintf(stderr, "listen on %s: %s\n", listen.c_str(), std::strerror(errno));
    std::exit(2);
  }
  listenAddress_ = localAddress(listener_.fd());
}

void FaultProxy::watch(int fd, uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_.fd(), operation, fd, &event);
}

void FaultProxy::listenOn() {
  if (!listener_.isOpen()) {
    listener_ = bindTo(listenAddress_, isUdp_ ? SOCK_DGRAM : SOCK_STREAM);
    if (listener_.isOpen()) {
      watch(listener_.fd(), EPOLLIN, EPOLL_CTL_ADD);
    }
  }
}

void FaultProxy::open(Flow flow) {
  const uint64_t id = nextFlow_++;
  for (const Socket& socket : flow.sockets) {
    if (socket.isOpen()) {
      flowOf_[socket.fd()] = id;
      watch(socket.fd(), EPOLLIN, EPOLL_CTL_ADD);
    }
  }
  flows_.emplace(id, std::move(flow));
}

void FaultProxy::accept() {
  Flow flow;
  flow.sockets[0] = Socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!flow.sockets[0].isOpen()) {
    return;
  }
  flow.sockets[1] = connectTo(serverAddress_, SOCK_STREAM);
  if (!flow.sockets[1].isOpen() || flows_.size() >= kMaxFlows) {
    flow.sockets[0].reset();
    return;
  }
  open(std::move(flow));
}

void FaultProxy::takeDatagram() {
  std::string bytes(kReadBytes, '\0');
  Address peer;
  peer.length = sizeof(peer.storage);
  const ssize_t count = recvfrom(listener_.fd(), bytes.data(), bytes.size(), 0,
                                 reinterpret_cast<sockaddr*>(&peer.storage), &peer.length);
  if (count < 0) {
    return;
  }
  bytes.resize(static_cast<size_t>(count));
  const std::string key(reinterpret_cast<const char*>(&peer.storage), peer.length);
  if (!peers_.contains(key)) {
    Flow flow;
    flow.sockets[1] = connectTo(serverAddress_, SOCK_DGRAM);
    flow.peer = peer;
    if (!flow.sockets[1].isOpen() || flows_.size() >= kMaxFlows) {
      return;
    }
    peers_[key] = nextFlow_;
    open(std::move(flow));
  }
  pass(peers_[key], 1, std::move(bytes));
}

void FaultProxy::readFrom(int fd) {
  const auto found = flowOf_.find(fd);
  if (found == flowOf_.end()) {
    return;
  }
  const uint64_t id = found->second;
  const int from = flows_.at(id).sockets[0].fd() == fd ? 0 : 1;
  if (fault_.kind == Fault::Kind::Stall && !isUdp_) {
    // Left in the kernel, so that the sender feels the stall; looked at again when the fault
    // changes.
    watch(fd, 0, EPOLL_CTL_MOD);
    return;
  }
  std::string bytes(kReadBytes, '\0');
  const ssize_t count = recv(fd, bytes.data(), bytes.size(), 0);
  if (count > 0) {
    bytes.resize(static_cast<size_t>(count));
    pass(id, 1 - from, std::move(bytes));
  } else if (!isUdp_ && (count == 0 || (errno != EAGAIN && errno != EINTR))) {
    close(id);
  }
}

// Applies the fault; false when the bytes do not go on.
bool FaultProxy::spoil(Flow& flow, std::string& bytes) {
  switch (fault_.kind) {
    case Fault::Kind::Drop:
    case Fault::Kind::Refuse:
    case Fault::Kind::Stall:
      return false;
    case Fault::Kind::Corrupt:
      for (char& byte : bytes) {
        if (random_() % static_cast<uint64_t>(fault_.value) == 0) {
          byte = static_cast<char>(byte ^ (1 << (random_() % 8)));
        }
      }
      return true;
    case Fault::Kind::Cut: {
      const int64_t left = isUdp_ ? fault_.value : fault_.value - flow.passedBytes;
      bytes.resize(std::min(bytes.size(), static_cast<size_t>(std::max<int64_t>(left, 0))));
      return !bytes.empty();
    }
    default:
      return true;
  }
}

void FaultProxy::pass(uint64_t id, int side, std::string bytes) {
  Flow& flow = flows_.at(id);
  const bool goesOn = spoil(flow, bytes);
  if (goesOn) {
    flow.passedBytes += static_cast<int64_t>(bytes.size());
    total_ += bytes.size();
    const int64_t delayMs = fault_.kind == Fault::Kind::Delay ? fault_.value : 0;
    Chunk chunk = {.dueMs = nowMs() + delayMs, .flow = id, .side = side, .bytes = std::move(bytes)};
    if (delayMs > 0 || !delayed_.empty()) {
      delayed_.push_back(std::move(chunk));
    } else {
      deliver(std::move(chunk));
    }
  }
  const bool isCut =
      fault_.kind == Fault::Kind::Cut && flows_.contains(id) && flow.passedBytes >= fault_.value;
  if (!isUdp_ && (!goesOn || isCut)) {
    close(id);
  }
}

void FaultProxy::deliver(Chunk chunk) {
  const auto found = flows_.find(chunk.flow);
  if (found == flows_.end()) {
    return;
  }
  Flow& flow = found->second;
  if (isUdp_) {
    if (chunk.side == 1) {
      ::send(flow.sockets[1].fd(), chunk.bytes.data(), chunk.bytes.size(), MSG_NOSIGNAL);
    } else if (listener_.isOpen()) {
      sendto(listener_.fd(), chunk.bytes.data(), chunk.bytes.size(), MSG_NOSIGNAL, raw(flow.peer),
             flow.peer.length);
    }
    return;
  }
  flow.out[chunk.side] += chunk.bytes;
  flush(chunk.flow, chunk.side);
}

void FaultProxy::flush(uint64_t id, int side) {
  Flow& flow = flows_.at(id);
  std::string& out = flow.out[side];
  const int fd = flow.sockets[side].fd();
  if (!out.empty()) {
    const ssize_t count = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN) {
      close(id);
      return;
    }
    out.erase(0, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  }
  if (out.size() > kMaxPendingBytes) {
    close(id);
    return;
  }
  watch(fd, out.empty() ? uint32_t{EPOLLIN} : uint32_t{EPOLLIN} | EPOLLOUT, EPOLL_CTL_MOD);
}

void FaultProxy::close(uint64_t id) {
  const auto found = flows_.find(id);
  if (found == flows_.end()) {
    return;
  }
  for (Socket& socket : found->second.sockets) {
    if (socket.isOpen()) {
      flowOf_.erase(socket.fd());
      socket.reset();
    }
  }
  flows_.erase(found);
}

void FaultProxy::closeAll() {
  while (!flows_.empty()) {
    close(flows_.begin()->first);
  }
  peers_.clear();
}

std::string FaultProxy::obey(const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string argument;
  words >> verb >> argument;
  if (verb == "quit") {
    isRunning_ = false;
    return "ok";
  }
  if (verb == "stats") {
    return "flows=" + std::to_string(flows_.size()) + " bytes=" + std::to_string(total_);
  }
  if (verb != "fail" || !Fault::fromText(argument, fault_)) {
    return "error: want fail none|drop|stall|refuse|delay=MS|corrupt=N|cut=BYTES, stats or quit";
  }
  for (auto& [id, flow] : flows_) {
    flow.passedBytes = 0;
  }
  for (const auto& [fd, id] : flowOf_) {
    const Flow& flow = flows_.at(id);
    const int side = flow.sockets[0].fd() == fd ? 0 : 1;
    watch(fd, flow.out[side].empty() ? uint32_t{EPOLLIN} : uint32_t{EPOLLIN} | EPOLLOUT,
          EPOLL_CTL_MOD);
  }
  if (fault_.kind == Fault::Kind::Refuse && !isUdp_) {
    listener_.close();
    closeAll();
  } else {
    listenOn();
  }
  return listener_.isOpen() || fault_.kind == Fault::Kind::Refuse ? "ok"
                                                                  : "error: the port is taken";
}

void FaultProxy::readCommands() {
  char buffer[4096];
  const ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
  if (count <= 0) {
    epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, STDIN_FILENO,
              nullptr);  // no commands any more; serving goes on
    return;
  }
  std::istringstream lines(std::string(buffer, static_cast<size_t>(count)));
  for (std::string line; std::getline(lines, line);) {
    std::printf("%s\n", obey(line).c_str());
  }
  std::fflush(stdout);
}

int FaultProxy::waitMs() const {
  if (delayed_.empty()) {
    return kMaxWaitMs;
  }
  return static_cast<int>(std::clamp<int64_t>(delayed_.front().dueMs - nowMs(), 0, kMaxWaitMs));
}

int FaultProxy::run() {
  std::printf("ready %u\n", portOf(listenAddress_));
  std::fflush(stdout);
  watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  while (isRunning_) {
    epoll_event events[128];
    const int count = epoll_wait(epoll_.fd(), events, 128, waitMs());
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == STDIN_FILENO) {
        readCommands();
      } else if (fd == listener_.fd()) {
        isUdp_ ? takeDatagram() : accept();
      } else if (const auto found = flowOf_.find(fd); found != flowOf_.end()) {
        if ((events[i].events & EPOLLOUT) != 0) {
          flush(found->second, flows_.at(found->second).sockets[0].fd() == fd ? 0 : 1);
        }
        if (fault_.kind == Fault::Kind::Stall && (events[i].events & (EPOLLHUP | EPOLLERR)) != 0) {
          close(flowOf_[fd]);
        } else if ((events[i].events & ~uint32_t{EPOLLOUT}) != 0) {
          readFrom(fd);
        }
      }
    }
    while (!delayed_.empty() && delayed_.front().dueMs <= nowMs()) {
      Chunk chunk = std::move(delayed_.front());
      delayed_.pop_front();
      deliver(std::move(chunk));
    }
  }
  return 0;
}

}  // namespace sim
