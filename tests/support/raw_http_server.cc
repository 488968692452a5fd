// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/raw_http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdlib>

#include <gtest/gtest.h>

namespace busbar::test {
namespace {

constexpr int kPatienceSeconds = 20;

size_t bodyBytesOf(const std::string& head) {
  const size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

std::string RawHttpServer::Connection::readRequest() {
  while (true) {
    const size_t headEnd = received_.find("\r\n\r\n");
    if (headEnd != std::string::npos) {
      const size_t size = headEnd + 4 + bodyBytesOf(received_.substr(0, headEnd + 2));
      if (received_.size() >= size) {
        const std::string request = received_.substr(0, size);
        received_.erase(0, size);
        return request;
      }
    }
    char block[16 << 10];
    const ssize_t count = recv(fd_.get(), block, sizeof block, 0);
    if (count <= 0) {
      return {};
    }
    received_.append(block, static_cast<size_t>(count));
  }
}

bool RawHttpServer::Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

void RawHttpServer::Connection::reset() {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;  // connect(2) to it resets an established connection
  connect(fd_.get(), &none, sizeof none);
}

void RawHttpServer::Connection::awaitEnd() {
  char block[4096];
  while (recv(fd_.get(), block, sizeof block, 0) > 0) {
  }
}

RawHttpServer::RawHttpServer(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener_.get(), 128), 0);
  EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { acceptAll(); });
}

RawHttpServer::~RawHttpServer() {
  stopping_ = true;
  shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
  acceptor_.join();
}

void RawHttpServer::acceptAll() {
  std::vector<std::thread> threads;
  std::vector<UniqueFd> copies;  // to end what still waits when the server goes
  while (!stopping_) {
    UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
      break;
    }
    const timeval patience{kPatienceSeconds, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ++connections_;
    copies.emplace_back(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    threads.emplace_back([this, connection = std::move(fd)]() mutable {
      const int number = connection.get();
      Connection it(std::move(connection));
      script_(it);
      shutdown(number, SHUT_RDWR);
    });
  }
  for (const UniqueFd& copy : copies) {
    shutdown(copy.get(), SHUT_RDWR);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

std::string okAnswer(std::string_view body, std::string_view moreHeaders) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(moreHeaders) + "\r\n" + std::string(body);
}

}  // namespace busbar::test
