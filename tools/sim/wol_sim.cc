// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Sleeping machines that magic packets wake. See README.md for its options and for the lines it
// takes on stdin.

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <string>

#include "tools/sim/command_lines.h"
#include "tools/sim/net.h"

namespace {

struct Machine {
  std::string password;  // bytes; empty: none is wanted
  int packets = 0;       // magic ones since it was put to sleep
};

// "0011aabbccff" to bytes; empty when it is no such thing.
std::string fromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    char* end = nullptr;
    const std::string digits = hex.substr(i, 2);
    bytes += static_cast<char>(std::strtoul(digits.c_str(), &end, 16));
    if (*end != '\0') {
      return {};
    }
  }
  return hex.size() % 2 == 0 ? bytes : std::string();
}

class Site {
 public:
  // A network card looks for the pattern anywhere in a frame; its password follows.
  void receive(const std::string& frame) {
    ++datagrams_;
    for (auto& [mac, machine] : machines_) {
      std::string pattern(6, '\xff');
      for (int i = 0; i < 16; ++i) {
        pattern += mac;
      }
      if (!isDeaf_ && frame.find(pattern + machine.password) != std::string::npos) {
        ++machine.packets;
      }
    }
  }

  std::string obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string hex;
    std::string password;
    words >> verb >> hex >> password;
    if (verb == "fail" && (hex == "none" || hex == "deaf")) {
      isDeaf_ = hex == "deaf";
      return "ok";
    }
    if (verb == "stats") {
      return "datagrams=" + std::to_string(datagrams_);
    }
    const std::string mac = fromHex(hex);
    if (mac.size() == 6 && verb == "sleep") {
      machines_[mac] = {fromHex(password), 0};
      return "ok";
    }
    if (mac.size() == 6 && verb == "get" && machines_.count(mac) != 0) {
      const int packets = machines_[mac].packets;
      return packets > 0 ? "awake " + std::to_string(packets) : "asleep";
    }
    return "error: want sleep MAC [PASSWORD], get MAC, fail none|deaf, stats or quit";
  }

 private:
  std::map<std::string, Machine> machines_;  // by their six bytes
  uint64_t datagrams_ = 0;
  bool isDeaf_ = false;
};

int serve(const sim::Socket& socket) {
  Site site;
  sim::CommandLines commands;
  bool isRunning = true;
  while (isRunning) {
    pollfd waits[] = {{socket.fd(), POLLIN, 0}, {commands.fd(), POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) {
      std::perror("poll");
      return 1;
    }
    char buffer[2048];
    // All that has come before a question is looked at before it is answered.
    for (ssize_t count = 0; (count = recv(socket.fd(), buffer, sizeof(buffer), 0)) >= 0;) {
      site.receive(std::string(buffer, static_cast<size_t>(count)));
    }
    if (waits[1].revents != 0) {
      commands.read([&](const std::string& line) {
        isRunning = isRunning && line != "quit";
        return line == "quit" ? "ok" : site.obey(line);
      });
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:0";
  if (argc == 3 && std::string(argv[1]) == "--listen") {
    listen = argv[2];
  } else if (argc != 1) {
    std::fprintf(stderr, "wol_sim [--listen ADDR:PORT]\n");
    return 2;
  }
  const sim::Socket socket = sim::bindTo(sim::addressOrExit(listen), SOCK_DGRAM);
  if (!socket.isOpen()) {
    std::fprintf(stderr, "listen on %s: %s\n", listen.c_str(), std::strerror(errno));
    return 2;
  }
  std::printf("ready %u\n", sim::portOf(sim::localAddress(socket.fd())));
  std::fflush(stdout);
  return serve(socket);
}
