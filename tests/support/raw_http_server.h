// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sdk/base/unique_fd.h"

namespace busbar::test {

// A server on a free loopback port that answers with exactly the bytes it is told to: for what no
// real server can be made to do. Each connection has a thread that runs the script. Thread-safe.
class RawHttpServer {
 public:
  class Connection {
   public:
    explicit Connection(UniqueFd fd) : fd_(std::move(fd)) {}
    // One request with its body by Content-Length; empty when the client has gone.
    std::string readRequest();
    // False once the client has gone.
    bool send(std::string_view bytes);
    void reset();  // RST instead of FIN
    // Waits until the client ends the connection.
    void awaitEnd();

   private:
    UniqueFd fd_;
    std::string received_;
  };
  using Script = std::function<void(Connection&)>;

  explicit RawHttpServer(Script script);
  RawHttpServer(const RawHttpServer&) = delete;
  RawHttpServer& operator=(const RawHttpServer&) = delete;
  ~RawHttpServer();

  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void acceptAll();

  Script script_;
  UniqueFd listener_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK", Content-Length and the body.
std::string okAnswer(std::string_view body, std::string_view moreHeaders = {});

}  // namespace busbar::test
