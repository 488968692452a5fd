// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/nginx.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

namespace busbar::test {
namespace {

constexpr const char* kNginx = "/usr/sbin/nginx";

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool answers(uint16_t port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

ReservedPort::ReservedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}

bool Nginx::isInstalled() {
  return access(kNginx, X_OK) == 0;
}

std::string Nginx::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder_.file(name), std::ios::binary) << text;
  return folder_.file(name);
}

void Nginx::start(const std::string& servers, uint16_t port) {
  const std::string& at = folder_.path();
  const std::string config =
      write("nginx.conf",
            "daemon off; master_process off; worker_processes 1; pid " + at + "/pid;\n" +
                "error_log stderr crit; events { worker_connections 512; }\nhttp {\n" +
                "log_format it '$request_method $request_uri connection=$connection "
                "requests=$connection_requests';\naccess_log " +
                at + "/access.log it;\n" + "client_body_temp_path " + at + "/b; proxy_temp_path " +
                at + "/p; fastcgi_temp_path " + at + "/f; uwsgi_temp_path " + at +
                "/u; scgi_temp_path " + at + "/s;\n" + servers + "\n}\n");
  std::filesystem::remove(folder_.file("pid"));
  program_.emplace(std::vector<std::string>{kNginx, "-p", at, "-c", config});
  // It listens on one port after the other and writes its pid when all are open.
  const auto limit = std::chrono::steady_clock::now() + Program::kLimit;
  while (!std::filesystem::exists(folder_.file("pid")) || !answers(port)) {
    if (std::chrono::steady_clock::now() > limit) {
      ADD_FAILURE() << "nginx does not start: " << program_->wait(std::chrono::milliseconds(1)).err;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string Nginx::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(folder_.file(name)).rdbuf();
  return text.str();
}

std::string Nginx::accessLog() const {
  return read("access.log");
}

}  // namespace busbar::test
