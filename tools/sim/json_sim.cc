// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A small web service of measurements in JSON, for tests and demonstrations: one thread, one poll.
// HTTP/1.1 as far as GET needs it. See README.md for its options and for the lines it takes on
// stdin.

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/sim/command_lines.h"
#include "tools/sim/json_device.h"
#include "tools/sim/net.h"

namespace {

using sim::Socket;

constexpr size_t kMaxRequestBytes = 8192;
constexpr size_t kMaxConnections = 64;
constexpr const char* kFaults =
    "want none, refuse, drop, stall, rubbish, nojson, wrong, auth, slow=MS or status=CODE";

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string key;
  std::string fail = "none";
  sim::JsonDevice::Options device;
};

struct Connection {
  Socket socket;
  std::string in;
  std::string out;    // an answer that is due at `dueMs`
  int64_t dueMs = 0;  // 0: none
  bool isDead = false;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The value of a header out of a request's head; empty when it is not there.
std::string headerOf(const std::string& head, const std::string& name) {
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && lower(line.substr(0, colon)) == name) {
      const size_t begin = line.find_first_not_of(' ', colon + 1);
      const size_t end = line.find_last_not_of(" \r");
      return begin == std::string::npos || end < begin ? "" : line.substr(begin, end - begin + 1);
    }
  }
  return {};
}

std::string response(int64_t status, const std::string& body, const char* type) {
  return "HTTP/1.1 " + std::to_string(status) + " -\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Server {
 public:
  explicit Server(const Options& options);
  int run();

 private:
  void acceptOne();
  void readFrom(Connection& connection);
  void serve(Connection& connection, const std::string& head);
  void sendDue(Connection& connection);
  std::string answer(const std::string& head);
  std::string obey(const std::string& line);
  bool setFail(const std::string& text);

  const std::string key_;
  sim::JsonDevice device_;
  sim::Address address_;
  Socket listener_;
  std::list<Connection> connections_;
  std::string fail_ = "none";
  int64_t failValue_ = 0;  // of slow and status
  sim::CommandLines commands_;
  uint64_t requestCount_ = 0;
  std::minstd_rand random_{7};  // the same in every run
  bool isRunning_ = true;
};

Server::Server(const Options& options)
    : key_(options.key),
      device_(options.device),
      address_(sim::addressOrExit(options.listen)),
      listener_(sim::bindTo(address_, SOCK_STREAM)) {
  if (!listener_.isOpen()) {
    std::fprintf(stderr, "listen on %s: %s\n", options.listen.c_str(), std::strerror(errno));
    std::exit(2);
  }
  address_ = sim::localAddress(listener_.fd());
  if (!setFail(options.fail)) {
    std::fprintf(stderr, "--fail %s: %s\n", options.fail.c_str(), kFaults);
    std::exit(2);
  }
}

void Server::acceptOne() {
  Socket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.isOpen() && connections_.size() < kMaxConnections) {
    connections_.emplace_back().socket = std::move(socket);
  }
}

void Server::readFrom(Connection& connection) {
  char buffer[2048];
  const ssize_t count = read(connection.socket.fd(), buffer, sizeof(buffer));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    connection.isDead = true;
    return;
  }
  connection.in.append(buffer, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  const size_t end = connection.in.find("\r\n\r\n");
  if (end == std::string::npos || connection.dueMs != 0) {
    connection.isDead = connection.in.size() > kMaxRequestBytes;
    return;
  }
  const std::string head = connection.in.substr(0, end + 2);
  connection.in.erase(0, end + 4);
  serve(connection, head);
}

void Server::serve(Connection& connection, const std::string& head) {
  ++requestCount_;
  if (fail_ == "stall") {
    return;
  }
  if (fail_ == "drop") {
    connection.isDead = true;
    return;
  }
  connection.out = answer(head);
  connection.dueMs = sim::nowMs() + (fail_ == "slow" ? failValue_ : 0);
  sendDue(connection);
}

void Server::sendDue(Connection& connection) {
  if (connection.dueMs == 0 || connection.dueMs > sim::nowMs()) {
    return;
  }
  // What is said is short: a peer whose window is full is no use to it.
  const std::string bytes = std::exchange(connection.out, {});
  const ssize_t count = ::send(connection.socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  connection.isDead = count != static_cast<ssize_t>(bytes.size()) || fail_ == "rubbish";
  connection.dueMs = 0;
}

std::string Server::answer(const std::string& head) {
  constexpr const char* kJson = "application/json";
  if (fail_ == "rubbish") {
    std::string rubbish(1 + random_() % 200, ' ');
    std::generate(rubbish.begin(), rubbish.end(),
                  [&] { return static_cast<char>(random_() >> 8); });
    return rubbish;
  }
  if (fail_ == "status") {
    return response(failValue_, R"({"error":"broken on purpose"})", kJson);
  }
  if (fail_ == "auth" || (!key_.empty() && headerOf(head, "x-api-key") != key_)) {
    return response(401, R"({"error":"the key is not known"})", kJson);
  }
  if (fail_ == "nojson") {
    return response(200, "<html><body>Please log in to the network.</body></html>", "text/html");
  }
  std::istringstream words(head);
  std::string method;
  std::string path;
  words >> method >> path;
  if (method != "GET") {
    return response(405, R"({"error":"want GET"})", kJson);
  }
  const auto document =
      device_.answer(path.substr(0, path.find('?')), sim::nowMs(), fail_ == "wrong");
  return document ? response(200, *document, kJson)
                  : response(404, R"({"error":"there is nothing of that name"})", kJson);
}

bool Server::setFail(const std::string& text) {
  static const std::vector<std::string> kPlain = {"none",    "refuse", "drop",  "stall",
                                                  "rubbish", "nojson", "wrong", "auth"};
  const size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  const bool hasValue = name == "slow" || name == "status";
  if (!hasValue && (sign != std::string::npos ||
                    std::find(kPlain.begin(), kPlain.end(), name) == kPlain.end())) {
    return false;
  }
  if (hasValue) {
    const std::string digits = sign == std::string::npos ? "" : text.substr(sign + 1);
    const bool isNumber =
        !digits.empty() && digits.size() <= 5 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    const int64_t value = isNumber ? std::strtol(digits.c_str(), nullptr, 10) : -1;
    if (value < 0 || (name == "status" && (value < 200 || value > 599))) {
      return false;
    }
    failValue_ = value;
  }
  fail_ = name;
  // What was opened before has the old fault behind it, such as an answer that never comes.
  for (Connection& connection : connections_) {
    connection.socket.reset();
  }
  connections_.clear();
  if (fail_ == "refuse") {
    listener_.close();
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
  if (verb == "set") {
    return device_.set(name, value) ? "ok" : "error: no such name, or no value";
  }
  if (verb == "get") {
    const std::string found = device_.get(name, sim::nowMs());
    return found.empty() ? "error: no such name" : found;
  }
  if (verb == "stats") {
    return "connections=" + std::to_string(connections_.size()) +
           " requests=" + std::to_string(requestCount_);
  }
  if (verb == "quit") {
    isRunning_ = false;
    return "ok";
  }
  return "error: want fail, set, get, stats or quit";
}

int Server::run() {
  std::printf("ready %u\n", sim::portOf(address_));
  std::fflush(stdout);
  while (isRunning_) {
    std::vector<pollfd> waits = {{listener_.fd(), POLLIN, 0}, {commands_.fd(), POLLIN, 0}};
    int64_t waitMs = 1000;
    for (const Connection& connection : connections_) {
      waits.push_back({connection.socket.fd(), POLLIN, 0});
      if (connection.dueMs != 0) {
        waitMs = std::min(waitMs, std::max<int64_t>(connection.dueMs - sim::nowMs(), 1));
      }
    }
    if (poll(waits.data(), waits.size(), static_cast<int>(waitMs)) < 0 && errno != EINTR) {
      std::perror("poll");
      return 1;
    }
    size_t at = 2;
    for (Connection& connection : connections_) {
      if (waits[at++].revents != 0) {
        readFrom(connection);
      }
      if (!connection.isDead) {
        sendDue(connection);
      }
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.isDead; });
    if (waits[0].revents != 0) {
      acceptOne();
    }
    if (waits[1].revents != 0) {
      commands_.read([this](const std::string& line) { return obey(line); });
    }
  }
  return 0;
}

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "json_sim [--listen ADDR:PORT] [--device weather|sensor] [--key TEXT]\n"
               "         [--present-ms MS] [--absent-ms MS] [--fail FAULT]\n%s\n",
               kFaults);
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
    } else if (name == "--device" && sim::JsonDevice::isKnown(value)) {
      options.device.device = value;
    } else if (name == "--key") {
      options.key = value;
    } else if (name == "--present-ms") {
      options.device.presentMs = sim::numberOrExit(value, 0, 86'400'000, "--present-ms");
    } else if (name == "--absent-ms") {
      options.device.absentMs = sim::numberOrExit(value, 1, 86'400'000, "--absent-ms");
    } else if (name == "--fail") {
      options.fail = value;
    } else {
      usage();
    }
  }
  signal(SIGPIPE, SIG_IGN);
  return Server(options).run();
}
