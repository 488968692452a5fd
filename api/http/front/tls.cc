// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/tls.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <cstdio>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace busbar::http {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMinEcBits = 250;  // X25519-sized curves count 253 to 256

constexpr int kBioType = 100 | BIO_TYPE_SOURCE_SINK;  // above OpenSSL's own, below its 128

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE; this one does not.
int fdOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
}

int bioRead(BIO* bio, char* buffer, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(fdOf(bio), buffer, static_cast<size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_read(bio);
  }
  if (n == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  }
  return static_cast<int>(n);
}

int bioWrite(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(fdOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(n);
}

long bioControl(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

int bioCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

std::string lastError() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

Error bad(const std::string& file, std::string_view what) {
  return Error::because(ErrorCode::InvalidArgument, "bad_certificate",
                        "read " + file + ": " + std::string(what));
}

Status checkReadable(const std::string& file) {
  std::FILE* handle = std::fopen(file.c_str(), "re");
  if (handle == nullptr) {
    Error error = Error::fromErrno(errno, "open " + file);
    error.code = ErrorCode::InvalidArgument;
    error.reason = "bad_certificate";
    return error;
  }
  std::fclose(handle);
  return {};
}

// A daemon cannot be asked for a passphrase.
int refusePassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

int chooseHttp11(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* in,
                 unsigned int inSize, void*) {
  static constexpr unsigned char kSpoken[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, outSize, kSpoken, sizeof kSpoken - 1, in, inSize);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Status checkStrength(SSL_CTX* context, const std::string& keyFile) {
  const EVP_PKEY* key = SSL_CTX_get0_privatekey(context);
  const int bits = EVP_PKEY_get_bits(key);
  const bool isRsa =
      EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA || EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS;
  if (bits < (isRsa ? kMinRsaBits : kMinEcBits)) {
    return bad(keyFile, "the key is too weak: " + std::to_string(bits) + " bits, at least " +
                            (isRsa ? "2048 for RSA" : "256 for elliptic curves") + " are needed");
  }
  return {};
}

}  // namespace

TlsSession::TlsSession(SSL* ssl, std::shared_ptr<const TlsContext> context)
    : ssl_(ssl), context_(std::move(context)) {}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

IoResult TlsSession::result(int returned) const {
  if (returned > 0) {
    return {IoState::Ok, static_cast<size_t>(returned)};
  }
  const int error = SSL_get_error(ssl_, returned);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {IoState::WantRead};
    case SSL_ERROR_WANT_WRITE:
      return {IoState::WantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {IoState::Closed};
    default:
      return {IoState::Failed};
  }
}

IoResult TlsSession::handshake() {
  return result(SSL_accept(ssl_));
}

IoResult TlsSession::read(char* buffer, size_t size) {
  return result(SSL_read(ssl_, buffer, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

IoResult TlsSession::write(std::string_view bytes) {
  return result(
      SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX))));
}

bool TlsSession::hasPending() const {
  return SSL_has_pending(ssl_) != 0;
}

void TlsSession::sayGoodbye() {
  if (SSL_is_init_finished(ssl_) != 0) {
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
}

Result<std::shared_ptr<TlsContext>> TlsContext::create(const std::string& certificateFile,
                                                       const std::string& keyFile) {
  std::shared_ptr<TlsContext> context(new TlsContext());
  if (Status status = context->load(certificateFile, keyFile); !status.ok()) {
    return status.error();
  }
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
  BIO_meth_free(socketMethod_);
}

Status TlsContext::load(const std::string& certificateFile, const std::string& keyFile) {
  socketMethod_ = BIO_meth_new(kBioType, "busbar socket");
  BIO_meth_set_read(socketMethod_, bioRead);
  BIO_meth_set_write(socketMethod_, bioWrite);
  BIO_meth_set_ctrl(socketMethod_, bioControl);
  BIO_meth_set_create(socketMethod_, bioCreate);
  context_ = SSL_CTX_new(TLS_server_method());
  BUSBAR_CHECK(context_ != nullptr && socketMethod_ != nullptr);
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_options(context_, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context_, 1);  // one recv for many records
  SSL_CTX_set_cipher_list(context_, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_ciphersuites(
      context_, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_alpn_select_cb(context_, chooseHttp11, nullptr);
  bool asked = false;
  SSL_CTX_set_default_passwd_cb(context_, refusePassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context_, &asked);

  for (const std::string& file : {certificateFile, keyFile}) {
    if (Status status = checkReadable(file); !status.ok()) {
      return status;
    }
  }
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context_, certificateFile.c_str()) != 1) {
    return bad(certificateFile, "not a usable PEM certificate chain: " + lastError());
  }
  if (SSL_CTX_use_PrivateKey_file(context_, keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string reason = lastError();
    return asked ? bad(keyFile, "the private key is encrypted; an unencrypted one is needed")
                 : bad(keyFile, "not a PEM private key of the certificate " + certificateFile +
                                    ": " + reason);
  }
  if (SSL_CTX_check_private_key(context_) != 1) {
    return bad(keyFile, "the key does not belong to the certificate " + certificateFile);
  }
  SSL_CTX_set_default_passwd_cb_userdata(context_, nullptr);
  return checkStrength(context_, keyFile);
}

std::unique_ptr<TlsSession> TlsContext::accept(int fd) const {
  SSL* ssl = SSL_new(context_);
  BIO* bio = BIO_new(socketMethod_);
  BUSBAR_CHECK(ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  SSL_set_bio(ssl, bio, bio);
  return std::unique_ptr<TlsSession>(new TlsSession(ssl, shared_from_this()));
}

}  // namespace busbar::http
