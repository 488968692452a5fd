// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/raw_http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "sdk/base/result.h"

namespace busbar {

RawHttpClient::RawHttpClient(EventLoop& loop, uint16_t port, int receiveBufferBytes) : loop_(loop) {
  fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  BUSBAR_CHECK(fd_);
  if (receiveBufferBytes > 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receiveBufferBytes, sizeof receiveBufferBytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int rc = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  BUSBAR_CHECK(rc == 0 || errno == EINPROGRESS);
}

bool RawHttpClient::send(std::string_view bytes) {
  const Instant end = BootClock::now() + kPatience;
  while (!bytes.empty() && BootClock::now() < end) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EAGAIN) {
      return false;
    }
    loop_.runOnce(Milliseconds(1));
  }
  return bytes.empty();
}

void RawHttpClient::endSending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void RawHttpClient::readSome() {
  std::array<char, 65536> buffer;
  while (!ended_) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      received_.append(buffer.data(), static_cast<size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      return;
    } else {
      ended_ = true;
    }
  }
}

bool RawHttpClient::readUntil(Callback<bool(const std::string&)> enough) {
  const Instant end = BootClock::now() + kPatience;
  while (BootClock::now() < end) {
    readSome();
    if (enough(received_)) {
      return true;
    }
    if (ended_) {
      return false;
    }
    loop_.runOnce(Milliseconds(1));
  }
  return false;
}

bool RawHttpClient::readUntilContains(std::string_view text) {
  return readUntil([text](const std::string& all) { return all.find(text) != std::string::npos; });
}

bool RawHttpClient::readToEnd() {
  readUntil([](const std::string&) { return false; });
  return ended_;
}

std::string RawHttpClient::readResponse() {
  size_t total = 0;
  readUntil([&total](const std::string& all) {
    const size_t head = all.find("\r\n\r\n");
    if (head == std::string::npos) {
      return false;
    }
    const size_t at = all.find("Content-Length: ");
    const size_t length = at < head ? std::strtoul(all.c_str() + at + 16, nullptr, 10) : 0;
    total = head + 4 + length;
    return all.size() >= total;
  });
  std::string response = received_.substr(0, total);
  received_.erase(0, total);
  return response;
}

bool RawHttpClient::turnUntil(Callback<bool()> enough) {
  const Instant end = BootClock::now() + kPatience;
  while (BootClock::now() < end) {
    if (enough()) {
      return true;
    }
    loop_.runOnce(Milliseconds(1));
  }
  return false;
}

}  // namespace busbar
