// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A PJLink projector for tests and demonstrations: one thread, one poll. See README.md for its
// options and for the lines it takes on stdin.

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tools/sim/command_lines.h"
#include "tools/sim/net.h"
#include "tools/sim/pjlink_projector.h"

namespace {

using sim::Socket;

constexpr size_t kMaxLineBytes = 4096;
constexpr size_t kMaxConnections = 64;
constexpr const char* kFaults = "want none, refuse, drop, stall, rubbish or auth";

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string password;
  int64_t deviceClass = 2;
  int64_t warmMs = 2000;
  int64_t coolMs = 2000;
  int64_t idleMs = 30'000;
  std::string fail = "none";
  std::string mac;     // empty: the projector's own
  std::string search;  // where searches are heard besides its own address; empty: nowhere
  std::string notify;  // whom class 2 tells what changes; empty: nobody
};

struct Connection {
  Socket socket;
  std::string random;  // empty: no password is wanted any more
  std::string in;
  int64_t lastMs = 0;
  bool isDead = false;
};

class Server {
 public:
  explicit Server(const Options& options);
  int run();

 private:
  void acceptOne();
  void readFrom(Connection& connection);
  void answer(Connection& connection, std::string line);
  void send(Connection& connection, const std::string& bytes);
  void answerSearch(const Socket& heard);
  void tell(const std::string& what);
  void tellChanges();
  std::string obey(const std::string& line);
  bool setFail(const std::string& text);
  std::string makeRandom();

  Options options_;
  sim::PjlinkProjector projector_;
  sim::Address address_;
  Socket listener_;
  Socket datagrams_;  // of its own address: answers and notices come from there
  Socket search_;     // shared: for broadcasts
  sim::Address notify_;
  std::map<std::string, std::string> told_;
  std::list<Connection> connections_;
  std::string fail_ = "none";
  sim::CommandLines commands_;
  uint64_t requestCount_ = 0;
  std::minstd_rand random_{7};  // the same in every run
  bool isRunning_ = true;
};

Server::Server(const Options& options)
    : options_(options),
      projector_({.deviceClass = static_cast<int>(options.deviceClass),
                  .warmMs = options.warmMs,
                  .coolMs = options.coolMs}),
      address_(sim::addressOrExit(options.listen)),
      listener_(sim::bindTo(address_, SOCK_STREAM)) {
  if (!listener_.isOpen()) {
    std::fprintf(stderr, "listen on %s: %s\n", options.listen.c_str(), std::strerror(errno));
    std::exit(2);
  }
  address_ = sim::localAddress(listener_.fd());
  if (options.deviceClass == 2) {
    datagrams_ = sim::bindTo(address_, SOCK_DGRAM);
  }
  if (options.deviceClass == 2 && !options.search.empty()) {
    search_ = sim::bindTo(sim::addressOrExit(options.search), SOCK_DGRAM, true);
    if (!search_.isOpen()) {
      std::fprintf(stderr, "--search %s: %s\n", options.search.c_str(), std::strerror(errno));
      std::exit(2);
    }
  }
  if (!options.notify.empty()) {
    notify_ = sim::addressOrExit(options.notify);
  }
  if (!options.mac.empty()) {
    projector_.set("mac", options.mac, 0);
  }
  tellChanges();
  if (!setFail(options.fail)) {
    std::fprintf(stderr, "--fail %s: %s\n", options.fail.c_str(), kFaults);
    std::exit(2);
  }
}

std::string Server::makeRandom() {
  char text[9];
  std::snprintf(text, sizeof(text), "%08lx", static_cast<unsigned long>(random_()) & 0xffffffffUL);
  return text;
}

void Server::acceptOne() {
  Socket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.isOpen() || connections_.size() == kMaxConnections) {
    return;
  }
  Connection& made = connections_.emplace_back();
  made.socket = std::move(socket);
  made.lastMs = sim::nowMs();
  if (options_.password.empty()) {
    send(made, "PJLINK 0\r");
  } else {
    made.random = makeRandom();
    send(made, "PJLINK 1 " + made.random + "\r");
  }
}

void Server::send(Connection& connection, const std::string& bytes) {
  if (fail_ == "stall") {
    return;
  }
  // What a projector says is short: a peer whose window is full is no use to it.
  const ssize_t count = ::send(connection.socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  connection.isDead = connection.isDead || count != static_cast<ssize_t>(bytes.size());
}

void Server::readFrom(Connection& connection) {
  char buffer[1024];
  const ssize_t count = read(connection.socket.fd(), buffer, sizeof(buffer));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    connection.isDead = true;
    return;
  }
  connection.in.append(buffer, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  connection.lastMs = sim::nowMs();
  for (;;) {
    const size_t end = connection.in.find('\r');
    if (end == std::string::npos || connection.isDead) {
      connection.isDead = connection.isDead || connection.in.size() > kMaxLineBytes;
      return;
    }
    std::string line = connection.in.substr(0, end);
    connection.in.erase(0, end + 1);
    answer(connection, std::move(line));
  }
}

void Server::answer(Connection& connection, std::string line) {
  ++requestCount_;
  if (fail_ == "drop") {
    connection.isDead = true;
    return;
  }
  if (fail_ == "rubbish") {
    std::string rubbish(1 + random_() % 200, ' ');
    std::generate(rubbish.begin(), rubbish.end(),
                  [&] { return static_cast<char>(random_() >> 8); });
    send(connection, rubbish + "\r");
    return;
  }
  if (fail_ == "auth" || !connection.random.empty()) {
    const std::string wanted = sim::md5Hex(connection.random + options_.password);
    if (fail_ == "auth" || !line.starts_with(wanted)) {
      send(connection, "PJLINK ERRA\r");
      connection.isDead = true;
      return;
    }
    line.erase(0, wanted.size());
    connection.random.clear();
  }
  const std::string reply = projector_.answer(line, sim::nowMs());
  if (!reply.empty()) {
    send(connection, reply + "\r");
  }
}

void Server::answerSearch(const Socket& heard) {
  char buffer[64];
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  auto* const raw = reinterpret_cast<sockaddr*>(&peer);
  const ssize_t count = recvfrom(heard.fd(), buffer, sizeof(buffer), 0, raw, &length);
  if (count > 0 && std::string(buffer, static_cast<size_t>(count)) == "%2SRCH\r" &&
      fail_ == "none") {
    const std::string reply = "%2ACKN=" + projector_.mac() + "\r";
    sendto(datagrams_.fd(), reply.data(), reply.size(), 0, raw, length);
  }
}

void Server::tell(const std::string& what) {
  const std::string bytes = what + "\r";
  sendto(datagrams_.fd(), bytes.data(), bytes.size(), 0,
         reinterpret_cast<const sockaddr*>(&notify_.storage), notify_.length);
}

// What has changed since the last time; of the power once it has settled.
void Server::tellChanges() {
  static const std::map<std::string, std::string> kNotices = {
      {"ERST", "errors"}, {"INPT", "input"}, {"POWR", "power"}};
  for (const auto& [command, name] : kNotices) {
    const std::string value = projector_.get(name, sim::nowMs());
    const bool isPassing = command == "POWR" && value != "0" && value != "1";
    std::string& told = told_[command];
    if (value == told || isPassing) {
      continue;
    }
    if (!told.empty() && notify_.length != 0) {
      tell("%2" + command + "=" + value);
    }
    told = value;
  }
}

bool Server::setFail(const std::string& text) {
  const std::vector<std::string> known = {"none", "refuse", "drop", "stall", "rubbish", "auth"};
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    return false;
  }
  fail_ = text;
  if (fail_ == "refuse") {
    listener_.close();
    for (Connection& connection : connections_) {
      connection.socket.reset();
    }
    connections_.clear();
  } else if (!listener_.isOpen()) {
    listener_ = sim::bindTo(address_, SOCK_STREAM);
  }
  return fail_ == "refuse" || listener_.isOpen();
}

std::string Server::obey(const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string name;
  std::string value;
  words >> verb >> name;
  std::getline(words >> std::ws, value);
  if (verb == "fail") {
    return setFail(name) ? "ok" : std::string("error: ") + kFaults;
  }
  if (verb == "set" && name == "password") {
    options_.password = value;
    return "ok";
  }
  if (verb == "set") {
    return projector_.set(name, value, sim::nowMs()) ? "ok" : "error: no such name or value";
  }
  if (verb == "get") {
    const std::string found = projector_.get(name, sim::nowMs());
    return found.empty() ? "error: no such name" : found;
  }
  if ((verb == "linkup" || verb == "notice") && notify_.length == 0) {
    return "error: nobody to tell: --notify";
  }
  if (verb == "linkup") {
    tell("%2LKUP=" + projector_.mac());
    return "ok";
  }
  if (verb == "notice") {
    tell(name);
    return "ok";
  }
  if (verb == "stats") {
    return "connections=" + std::to_string(connections_.size()) +
           " requests=" + std::to_string(requestCount_);
  }
  if (verb == "quit") {
    isRunning_ = false;
    return "ok";
  }
  return "error: want fail, set, get, linkup, notice, stats or quit";
}

int Server::run() {
  std::printf("ready %u\n", sim::portOf(address_));
  std::fflush(stdout);
  while (isRunning_) {
    std::vector<pollfd> waits = {{listener_.fd(), POLLIN, 0},
                                 {datagrams_.fd(), POLLIN, 0},
                                 {search_.fd(), POLLIN, 0},
                                 {commands_.fd(), POLLIN, 0}};
    for (const Connection& connection : connections_) {
      waits.push_back({connection.socket.fd(), POLLIN, 0});
    }
    if (poll(waits.data(), waits.size(), 100) < 0 && errno != EINTR) {
      std::perror("poll");
      return 1;
    }
    size_t at = 4;
    for (Connection& connection : connections_) {
      if (waits[at++].revents != 0) {
        readFrom(connection);
      }
      connection.isDead = connection.isDead || sim::nowMs() - connection.lastMs > options_.idleMs;
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.isDead; });
    if (waits[0].revents != 0) {
      acceptOne();
    }
    if (waits[1].revents != 0) {
      answerSearch(datagrams_);
    }
    if (waits[2].revents != 0) {
      answerSearch(search_);
    }
    if (waits[3].revents != 0) {
      commands_.read([this](const std::string& line) { return obey(line); });
    }
    tellChanges();
  }
  return 0;
}

[[noreturn]] void usage() {
  std::fprintf(
      stderr,
      "pjlink_sim [--listen ADDR:PORT] [--class 1|2] [--password TEXT] [--warm-ms MS]\n"
      "           [--cool-ms MS] [--idle-ms MS] [--fail none|refuse|drop|stall|rubbish|auth]\n"
      "           [--mac MAC] [--search ADDR:PORT] [--notify ADDR:PORT]\n");
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
    } else if (name == "--class") {
      options.deviceClass = sim::numberOrExit(value, 1, 2, "--class");
    } else if (name == "--password") {
      options.password = value;
    } else if (name == "--warm-ms") {
      options.warmMs = sim::numberOrExit(value, 0, 3'600'000, "--warm-ms");
    } else if (name == "--cool-ms") {
      options.coolMs = sim::numberOrExit(value, 0, 3'600'000, "--cool-ms");
    } else if (name == "--idle-ms") {
      options.idleMs = sim::numberOrExit(value, 100, 3'600'000, "--idle-ms");
    } else if (name == "--fail") {
      options.fail = value;
    } else if (name == "--mac") {
      options.mac = value;
    } else if (name == "--search") {
      options.search = value;
    } else if (name == "--notify") {
      options.notify = value;
    } else {
      usage();
    }
  }
  signal(SIGPIPE, SIG_IGN);
  return Server(options).run();
}
