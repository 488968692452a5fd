// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A Modbus TCP server for tests, demonstrations and benches: one thread, one epoll, thousands of
// connections. See README.md for its options and for the lines it takes on stdin and on the control
// port.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <unordered_map>

#include "tools/sim/net.h"
#include "tools/sim/register_bank.h"

namespace {

using sim::Bytes;
using sim::Socket;

constexpr size_t kHeaderBytes = 7;
constexpr size_t kMaxLineBytes = 4096;
constexpr size_t kMaxPendingOut = 1 << 20;

enum class Fail { None, Refuse, Drop, Stall, Rubbish, Exception, Slow };

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string control;
  unsigned units = 247;
  int64_t changeMs = 1000;
  std::string fail = "none";
};

struct Connection {
  Socket socket;
  uint64_t serial = 0;
  bool isControl = false;
  Bytes in;
  Bytes out;
};

struct Delayed {
  int64_t dueMs = 0;
  int fd = -1;
  uint64_t serial = 0;
  Bytes bytes;
};

class Server {
 public:
  explicit Server(const Options& options);
  int run();

 private:
  void watch(int fd, uint32_t events, int operation = EPOLL_CTL_ADD);
  void listenAgain();
  void acceptFrom(int listener, bool isControl);
  void readFrom(Connection& connection);
  void takeFrames(Connection& connection);
  void answer(Connection& connection, const Bytes& frame);
  void send(Connection& connection, const Bytes& bytes);
  void flush(Connection& connection);
  void drop(int fd);
  void dropDevices();
  void takeLines(Connection& connection);
  std::string obey(const std::string& line);
  std::string obeySet(std::istringstream& words);
  bool setFail(const std::string& text);
  void sendDue(int64_t now);
  int waitMs(int64_t now) const;
  void handle(const epoll_event& event);

  Options options_;
  sim::RegisterBank bank_;
  Socket epoll_;
  Socket listener_;
  Socket control_;
  sim::Address address_;
  std::unordered_map<int, Connection> connections_;
  std::deque<Delayed> delayed_;
  Fail fail_ = Fail::None;
  int64_t slowMs_ = 0;
  int64_t nextTickMs_ = 0;
  uint64_t nextSerial_ = 1;
  std::minstd_rand random_{7};  // rubbish repeats from run to run
  bool isRunning_ = true;
};

Server::Server(const Options& options)
    : options_(options), bank_(options.units), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  address_ = sim::addressOrExit(options.listen);
  listener_ = sim::bindTo(address_, SOCK_STREAM);
  if (!listener_.isOpen()) {
    std::fprintf(stderr, "listen on %s: %s\n", options.listen.c_str(), std::strerror(errno));
    std::exit(2);
  }
  address_ = sim::localAddress(listener_.fd());
  watch(listener_.fd(), EPOLLIN);
  if (!options.control.empty()) {
    control_ = sim::bindTo(sim::addressOrExit(options.control), SOCK_STREAM);
    if (!control_.isOpen()) {
      std::fprintf(stderr, "listen on %s: %s\n", options.control.c_str(), std::strerror(errno));
      std::exit(2);
    }
    watch(control_.fd(), EPOLLIN);
  }
  if (!setFail(options.fail)) {
    std::fprintf(stderr,
                 "--fail %s: want none, refuse, drop, stall, rubbish, exception or slow=MS\n",
                 options.fail.c_str());
    std::exit(2);
  }
}

void Server::watch(int fd, uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_.fd(), operation, fd, &event);
}

void Server::listenAgain() {
  if (!listener_.isOpen()) {
    listener_ = sim::bindTo(address_, SOCK_STREAM);
    if (listener_.isOpen()) {
      watch(listener_.fd(), EPOLLIN);
    }
  }
}

void Server::acceptFrom(int listener, bool isControl) {
  for (;;) {
    Socket socket(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.isOpen()) {
      return;
    }
    const int on = 1;
    setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int fd = socket.fd();
    Connection& connection = connections_[fd];
    connection = Connection{.socket = std::move(socket),
                            .serial = nextSerial_++,
                            .isControl = isControl,
                            .in = {},
                            .out = {}};
    watch(fd, EPOLLIN | EPOLLRDHUP);
  }
}

void Server::readFrom(Connection& connection) {
  const int fd = connection.socket.fd();
  uint8_t buffer[16384];
  const ssize_t count = read(fd, buffer, sizeof(buffer));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    drop(fd);
    return;
  }
  if (count > 0) {
    connection.in.insert(connection.in.end(), buffer, buffer + count);
    if (connection.isControl) {
      takeLines(connection);
    } else {
      takeFrames(connection);
    }
  }
}

void Server::takeFrames(Connection& connection) {
  const int fd = connection.socket.fd();
  size_t at = 0;
  while (connection.in.size() - at >= kHeaderBytes) {
    const size_t length = static_cast<size_t>(connection.in[at + 4] << 8 | connection.in[at + 5]);
    if (length < 2 || length > 254 || connection.in[at + 2] != 0 || connection.in[at + 3] != 0) {
      drop(fd);
      return;
    }
    if (connection.in.size() - at < 6 + length) {
      break;
    }
    const auto begin = connection.in.begin() + static_cast<ptrdiff_t>(at);
    const Bytes frame(begin, begin + static_cast<ptrdiff_t>(6 + length));
    at += 6 + length;
    answer(connection, frame);
    if (!connections_.contains(fd)) {
      return;
    }
  }
  connection.in.erase(connection.in.begin(), connection.in.begin() + static_cast<ptrdiff_t>(at));
}

void Server::answer(Connection& connection, const Bytes& frame) {
  const int fd = connection.socket.fd();
  if (fail_ == Fail::Drop) {
    drop(fd);
    return;
  }
  if (fail_ == Fail::Stall) {
    return;
  }
  if (fail_ == Fail::Rubbish) {
    Bytes rubbish(1 + random_() % 300);
    std::generate(rubbish.begin(), rubbish.end(),
                  [&] { return static_cast<uint8_t>(random_() >> 8); });
    send(connection, rubbish);
    return;
  }
  const Bytes pdu(frame.begin() + kHeaderBytes, frame.end());
  const Bytes reply = fail_ == Fail::Exception
                          ? Bytes{static_cast<uint8_t>(frame[kHeaderBytes] | 0x80), 4}
                          : bank_.answer(frame[6], pdu);
  Bytes out(frame.begin(), frame.begin() + kHeaderBytes);
  out[4] = static_cast<uint8_t>((reply.size() + 1) >> 8);
  out[5] = static_cast<uint8_t>(reply.size() + 1);
  out.insert(out.end(), reply.begin(), reply.end());
  if (fail_ == Fail::Slow) {
    delayed_.push_back(
        {.dueMs = sim::nowMs() + slowMs_, .fd = fd, .serial = connection.serial, .bytes = out});
    return;
  }
  send(connection, out);
}

void Server::send(Connection& connection, const Bytes& bytes) {
  if (connection.out.size() + bytes.size() > kMaxPendingOut) {
    drop(connection.socket.fd());
    return;
  }
  connection.out.insert(connection.out.end(), bytes.begin(), bytes.end());
  flush(connection);
}

void Server::flush(Connection& connection) {
  const int fd = connection.socket.fd();
  const ssize_t count = ::send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    drop(fd);
    return;
  }
  if (count > 0) {
    connection.out.erase(connection.out.begin(), connection.out.begin() + count);
  }
  if (!connection.out.empty()) {
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP, EPOLL_CTL_MOD);
  }
}

void Server::drop(int fd) {
  const auto found = connections_.find(fd);
  if (found != connections_.end()) {
    found->second.socket.reset();
    connections_.erase(found);
  }
}

void Server::dropDevices() {
  for (auto& [fd, connection] : connections_) {
    if (!connection.isControl) {
      connection.socket.reset();
    }
  }
  std::erase_if(connections_, [](const auto& entry) { return !entry.second.isControl; });
}

void Server::takeLines(Connection& connection) {
  const int fd = connection.socket.fd();
  for (;;) {
    const auto end = std::find(connection.in.begin(), connection.in.end(), '\n');
    if (end == connection.in.end()) {
      if (connection.in.size() > kMaxLineBytes) {
        drop(fd);
      }
      return;
    }
    const std::string line(connection.in.begin(), end);
    connection.in.erase(connection.in.begin(), end + 1);
    const std::string reply = obey(line) + "\n";
    send(connection, Bytes(reply.begin(), reply.end()));
    if (!connections_.contains(fd)) {
      return;
    }
  }
}

bool Server::setFail(const std::string& text) {
  static const std::map<std::string, Fail> kNames = {
      {"none", Fail::None},   {"refuse", Fail::Refuse},   {"drop", Fail::Drop},
      {"stall", Fail::Stall}, {"rubbish", Fail::Rubbish}, {"exception", Fail::Exception}};
  if (text.starts_with("slow=")) {
    slowMs_ = std::atoll(text.c_str() + 5);
    fail_ = Fail::Slow;
    return slowMs_ > 0;
  }
  const auto found = kNames.find(text);
  if (found == kNames.end()) {
    return false;
  }
  fail_ = found->second;
  if (fail_ == Fail::Refuse) {
    listener_.close();
    dropDevices();
  } else {
    listenAgain();
  }
  return fail_ == Fail::Refuse || listener_.isOpen();
}

std::string Server::obeySet(std::istringstream& words) {
  std::string table;
  unsigned unit = 0;
  unsigned address = 0;
  unsigned value = 0;
  words >> table >> unit >> address >> value;
  if (!words || unit > 255 || address > 65535 || value > 65535 ||
      (table != "holding" && table != "coil")) {
    return "error: want set holding|coil UNIT ADDRESS VALUE";
  }
  if (table == "coil") {
    bank_.setCoil(static_cast<uint8_t>(unit), static_cast<uint16_t>(address), value != 0);
  } else {
    bank_.setHolding(static_cast<uint8_t>(unit), static_cast<uint16_t>(address),
                     static_cast<uint16_t>(value));
  }
  return "ok";
}

std::string Server::obey(const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  if (verb == "fail") {
    std::string mode;
    words >> mode;
    return setFail(mode) ? "ok"
                         : "error: want none, refuse, drop, stall, rubbish, exception or slow=MS";
  }
  if (verb == "set") {
    return obeySet(words);
  }
  if (verb == "get") {
    unsigned unit = 0;
    unsigned function = 0;
    unsigned address = 0;
    words >> unit >> function >> address;
    if (!words || unit > 255 || function < 1 || function > 4 || address > 65535) {
      return "error: want get UNIT FUNCTION(1-4) ADDRESS";
    }
    return std::to_string(bank_.value(static_cast<uint8_t>(unit), static_cast<uint8_t>(function),
                                      static_cast<uint16_t>(address)));
  }
  if (verb == "stats") {
    const auto devices = std::count_if(connections_.begin(), connections_.end(),
                                       [](const auto& entry) { return !entry.second.isControl; });
    return "connections=" + std::to_string(devices) +
           " requests=" + std::to_string(bank_.requestCount()) +
           " writes=" + std::to_string(bank_.writeCount()) +
           " ticks=" + std::to_string(bank_.tickCount());
  }
  if (verb == "tick") {
    bank_.tick();
    return "ok";
  }
  if (verb == "quit") {
    isRunning_ = false;
    return "ok";
  }
  return "error: want fail, set, get, stats, tick or quit";
}

void Server::sendDue(int64_t now) {
  while (!delayed_.empty() && delayed_.front().dueMs <= now) {
    const Delayed due = std::move(delayed_.front());
    delayed_.pop_front();
    const auto found = connections_.find(due.fd);
    if (found != connections_.end() && found->second.serial == due.serial) {
      send(found->second, due.bytes);
    }
  }
  while (options_.changeMs > 0 && nextTickMs_ <= now) {
    bank_.tick();
    nextTickMs_ += options_.changeMs;
  }
}

int Server::waitMs(int64_t now) const {
  int64_t wait = options_.changeMs > 0 ? nextTickMs_ - now : 60'000;
  if (!delayed_.empty()) {
    wait = std::min(wait, delayed_.front().dueMs - now);
  }
  return static_cast<int>(std::clamp<int64_t>(wait, 0, 60'000));
}

void Server::handle(const epoll_event& event) {
  const int fd = event.data.fd;
  if (fd == listener_.fd() || (control_.isOpen() && fd == control_.fd())) {
    acceptFrom(fd, control_.isOpen() && fd == control_.fd());
    return;
  }
  if (fd == STDIN_FILENO) {
    char buffer[kMaxLineBytes];
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count <= 0) {
      epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr);  // no commands any more; serving goes on
      return;
    }
    std::istringstream lines(std::string(buffer, static_cast<size_t>(count)));
    for (std::string line; std::getline(lines, line);) {
      std::printf("%s\n", obey(line).c_str());
    }
    std::fflush(stdout);
    return;
  }
  const auto found = connections_.find(fd);
  if (found == connections_.end()) {
    return;
  }
  if ((event.events & EPOLLOUT) != 0) {
    watch(fd, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_MOD);
    flush(found->second);
  }
  if ((event.events & ~uint32_t{EPOLLOUT}) != 0 && connections_.contains(fd)) {
    readFrom(found->second);
  }
}

int Server::run() {
  std::printf("ready %u\n", sim::portOf(address_));
  if (control_.isOpen()) {
    std::printf("control %u\n", sim::portOf(sim::localAddress(control_.fd())));
  }
  std::fflush(stdout);
  watch(STDIN_FILENO, EPOLLIN);
  nextTickMs_ = sim::nowMs() + options_.changeMs;
  while (isRunning_) {
    epoll_event events[256];
    const int count = epoll_wait(epoll_.fd(), events, 256, waitMs(sim::nowMs()));
    if (count < 0 && errno != EINTR) {
      std::perror("epoll_wait");
      return 1;
    }
    for (int i = 0; i < count; ++i) {
      handle(events[i]);
    }
    sendDue(sim::nowMs());
  }
  return 0;
}

[[noreturn]] void usage() {
  std::fprintf(
      stderr,
      "modbus_sim [--listen ADDR:PORT] [--control ADDR:PORT] [--units N] [--change-ms MS]\n"
      "           [--fail none|refuse|drop|stall|rubbish|exception|slow=MS]\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) {
      usage();
    }
    const std::string value = argv[i + 1];
    if (name == "--listen") {
      options.listen = value;
    } else if (name == "--control") {
      options.control = value;
    } else if (name == "--units") {
      options.units = static_cast<unsigned>(sim::numberOrExit(value, 1, 247, "--units"));
    } else if (name == "--change-ms") {
      options.changeMs = sim::numberOrExit(value, 0, 3'600'000, "--change-ms");
    } else if (name == "--fail") {
      options.fail = value;
    } else {
      usage();
    }
  }
  signal(SIGPIPE, SIG_IGN);
  sim::raiseFileLimit();
  return Server(options).run();
}
