// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/transport.h"

#include <errno.h>
#include <sys/socket.h>

namespace busbar::http {

IoResult Transport::read(char* buffer, size_t size) {
  if (tls_) {
    return tls_->read(buffer, size);
  }
  const ssize_t n = ::recv(fd_.get(), buffer, size, 0);
  if (n > 0) {
    return {IoState::Ok, static_cast<size_t>(n)};
  }
  if (n == 0) {
    return {IoState::Closed};
  }
  return {errno == EAGAIN || errno == EINTR ? IoState::WantRead : IoState::Failed};
}

IoResult Transport::write(std::string_view bytes) {
  if (tls_) {
    return tls_->write(bytes);
  }
  const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0) {
    return {IoState::Ok, static_cast<size_t>(n)};
  }
  return {errno == EAGAIN || errno == EINTR ? IoState::WantWrite : IoState::Failed};
}

void Transport::endWriting() {
  if (tls_) {
    tls_->sayGoodbye();
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

void Transport::discardUnsent() {
  const linger none{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void Transport::close() {
  tls_.reset();
  fd_.reset();
}

}  // namespace busbar::http
