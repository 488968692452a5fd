// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

typedef struct ssl_st SSL;  // NOLINT: OpenSSL's own names, so that its headers stay in tls.cc
typedef struct ssl_ctx_st SSL_CTX;        // NOLINT
typedef struct bio_method_st BIO_METHOD;  // NOLINT

namespace busbar::http {

enum class IoState { Ok, WantRead, WantWrite, Closed, Failed };
struct IoResult {
  IoState state = IoState::Failed;
  size_t bytes = 0;  // with Ok
};

class TlsContext;

// The server's end of one TLS connection over a non-blocking socket that it does not own.
// Loop-only.
class TlsSession {
 public:
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoResult handshake();
  IoResult read(char* buffer, size_t size);
  IoResult write(std::string_view bytes);
  // Bytes that wait inside, for which no fd event will come. They may be part of a record only.
  bool hasPending() const;
  // Sends close_notify if that is possible at once.
  void sayGoodbye();

 private:
  friend class TlsContext;
  TlsSession(SSL* ssl, std::shared_ptr<const TlsContext> context);
  IoResult result(int returned) const;
  SSL* ssl_;
  std::shared_ptr<const TlsContext> context_;  // outlived by no session, whatever is reloaded
};

// Certificate, key and rules: TLS 1.2 with ECDHE and AEAD suites, TLS 1.3; no renegotiation, no
// compression. Immutable; a reload makes a new one, and sessions keep the one they began with.
// Does not check names, expiry or revocation of its own certificate.
class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  // InvalidArgument: a file cannot be read, is not PEM, is encrypted, the two do not belong
  // together, or the key is too weak (RSA under 2048 bits, EC under 256). The message names the
  // file.
  static Result<std::shared_ptr<TlsContext>> create(const std::string& certificateFile,
                                                    const std::string& keyFile);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  std::unique_ptr<TlsSession> accept(int fd) const;

 private:
  TlsContext() = default;
  Status load(const std::string& certificateFile, const std::string& keyFile);
  SSL_CTX* context_ = nullptr;
  BIO_METHOD* socketMethod_ = nullptr;
};

}  // namespace busbar::http
