// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/settings/connection.h"
#include "sdk/base/result.h"

typedef struct ssl_st SSL;  // NOLINT: OpenSSL's own names, so that its headers stay in the .cc file
typedef struct ssl_ctx_st SSL_CTX;        // NOLINT
typedef struct bio_method_st BIO_METHOD;  // NOLINT

namespace busbar {

class TlsClient;

// Our end of one TLS connection over a non-blocking socket that it does not own. Loop-only.
class TlsClientSession {
 public:
  enum class State { Ok, WantRead, WantWrite, Closed, Failed };
  struct Io {
    State state = State::Failed;
    size_t bytes = 0;  // with Ok
  };

  TlsClientSession(SSL* ssl, std::shared_ptr<const TlsClient> client, std::string name);
  TlsClientSession(const TlsClientSession&) = delete;
  TlsClientSession& operator=(const TlsClientSession&) = delete;
  ~TlsClientSession();

  Io handshake();
  // As much as has come, up to `size`. Closed and Failed come again and again.
  Io read(char* buffer, size_t size);
  Io write(std::string_view bytes);
  // Sends close_notify if that is possible at once.
  void sayGoodbye();
  // After Failed. Reasons: tls_certificate_expired, tls_wrong_name, tls_unknown_authority,
  // tls_pin_mismatch, tls_failed; the message says what to do.
  const Error& failure() const { return failure_; }

 private:
  Io result(int returned);
  Error explain(unsigned long code, int errnoValue) const;

  SSL* ssl_;
  std::shared_ptr<const TlsClient> client_;
  std::string name_;
  std::optional<Io> end_;  // how reading has ended
  Error failure_;
};

// How others are verified and what we show them: TLS 1.2 with ECDHE and AEAD suites, or TLS 1.3.
// Immutable; shared by the sessions of all links with the same trust. Thread-compatible.
//
// Does not check revocation. With TlsVerify::None anybody on the way reads and changes what is
// said.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  // `siteCaFile`: PEM, whom to trust where `trust` names no CA; empty: whom the system trusts.
  // InvalidArgument: PEM that cannot be used; `field` names the member, "/tls/ca".
  static Result<std::shared_ptr<const TlsClient>> create(const TlsTrust& trust,
                                                         const std::string& siteCaFile);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  // `host` is what was connected to: a name, or an address.
  std::unique_ptr<TlsClientSession> connect(int fd, const std::string& host) const;
  const TlsTrust& trust() const { return trust_; }

 private:
  explicit TlsClient(TlsTrust trust) : trust_(std::move(trust)) {}
  Status load(const std::string& siteCaFile);
  Status loadAuthorities(const std::string& siteCaFile);
  Status loadOwnCertificate();

  const TlsTrust trust_;
  std::string pin_;  // 32 bytes
  SSL_CTX* context_ = nullptr;
  BIO_METHOD* socketMethod_ = nullptr;
};

}  // namespace busbar
