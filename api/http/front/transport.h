// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "api/http/front/tls.h"
#include "sdk/base/unique_fd.h"

namespace busbar::http {

// A non-blocking socket with or without TLS on it. Loop-only.
class Transport {
 public:
  // `tls` (may be null) was made for `fd`.
  Transport(UniqueFd fd, std::unique_ptr<TlsSession> tls)
      : fd_(std::move(fd)), tls_(std::move(tls)) {}

  int fd() const { return fd_.get(); }
  bool isTls() const { return tls_ != nullptr; }

  IoResult handshake() { return tls_->handshake(); }  // only with TLS
  IoResult read(char* buffer, size_t size);
  IoResult write(std::string_view bytes);
  // Input for which no fd event will come.
  bool hasPending() const { return tls_ && tls_->hasPending(); }
  // Ends our direction: close_notify, then FIN.
  void endWriting();
  // What is not sent yet is dropped by close(), and the peer gets a reset (socket(7), SO_LINGER 0):
  // a peer that reads nothing would otherwise keep the kernel's buffers long after.
  void discardUnsent();
  void close();

 private:
  UniqueFd fd_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace busbar::http
