// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sdk/base/scope_exit.h"
#include "sdk/base/unique_fd.h"

namespace busbar {
namespace {

constexpr size_t kReadAheadBytes = 64U << 10U;        // freed while nothing comes
constexpr int kBioType = 101 | BIO_TYPE_SOURCE_SINK;  // above OpenSSL's own, below its 128
constexpr size_t kMaxPemBytes = 1U << 20U;

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE; this one does not.
int fdOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
}

int bioRead(BIO* bio, char* buffer, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(fdOf(bio), buffer, static_cast<size_t>(size), MSG_DONTWAIT);
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
  const ssize_t n =
      ::send(fdOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
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

// A daemon cannot be asked for a passphrase.
int refusePassphrase(char*, int, int, void*) {
  return -1;
}

std::string takeError() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

Error bad(const char* field, const std::string& what) {
  return Error::at(ErrorCode::InvalidArgument, field, what);
}

BIO* pemOf(const std::string& text) {
  return BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), kMaxPemBytes)));
}

// 0, or why the system does not let it be read; OpenSSL says no more than "system lib".
int whyUnreadable(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char byte = 0;
  return file.valid() && ::read(file.get(), &byte, 1) >= 0 ? 0 : errno;
}

bool isAddress(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

// Instead of the chain: the certificate's public key is the pinned one.
int verifyPin(X509_STORE_CTX* store, void* pin) {
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  unsigned char* der = nullptr;
  const int size =
      certificate == nullptr ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size < 0) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(der, static_cast<size_t>(size), digest.data());
  OPENSSL_free(der);
  const bool fits =
      std::memcmp(digest.data(), static_cast<std::string*>(pin)->data(), digest.size()) == 0;
  X509_STORE_CTX_set_error(store, fits ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return fits ? 1 : 0;
}

Error tlsError(const char* reason, std::string message) {
  return Error::because(ErrorCode::Unavailable, reason, std::move(message));
}

Error explainVerify(long result, const std::string& name) {
  const std::string said = X509_verify_cert_error_string(result);
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return tlsError("tls_certificate_expired",
                      "the certificate of " + name + " is outside of its dates (" + said +
                          "): renew it on the device, or check the clocks");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return tlsError("tls_wrong_name",
                      "the certificate does not bear the name " + name +
                          ": use the name that it bears as the address, or set busbar.tls."
                          "server_name to it");
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return tlsError("tls_pin_mismatch",
                      "the certificate of " + name +
                          " has another key than the pinned one: if the device was given a new "
                          "certificate, pin that");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_INVALID_CA:
      return tlsError("tls_unknown_authority",
                      "the certificate of " + name + " is not by an authority that is trusted (" +
                          said + "): set busbar.tls.ca to the authority's, or pin the certificate");
    default:
      return tlsError("tls_failed", "the certificate of " + name + " was refused: " + said);
  }
}

}  // namespace

// ---- session

TlsClientSession::TlsClientSession(SSL* ssl, std::shared_ptr<const TlsClient> client,
                                   std::string name)
    : ssl_(ssl), client_(std::move(client)), name_(std::move(name)) {}

TlsClientSession::~TlsClientSession() {
  SSL_free(ssl_);
}

Error TlsClientSession::explain(unsigned long code, int errnoValue) const {
  if (SSL_is_init_finished(ssl_) == 0) {
    if (const long verify = SSL_get_verify_result(ssl_);
        verify != X509_V_OK && client_->trust().verify != TlsVerify::None) {
      return explainVerify(verify, name_);
    }
  }
  if (code == 0 && errnoValue != 0) {
    return Error::fromErrno(errnoValue, "TLS with " + name_);
  }
  const char* said = code == 0 ? nullptr : ERR_reason_error_string(code);
  return tlsError("tls_failed",
                  "TLS with " + name_ + " failed (" +
                      (said == nullptr ? "the device closed the connection" : said) +
                      "): check that the device speaks TLS 1.2 or later at this port and which "
                      "client certificate it wants");
}

TlsClientSession::Io TlsClientSession::result(int returned) {
  if (returned > 0) {
    return {State::Ok, static_cast<size_t>(returned)};
  }
  const int errnoValue = errno;
  const int error = SSL_get_error(ssl_, returned);
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {State::WantRead};
    case SSL_ERROR_WANT_WRITE:
      return {State::WantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {State::Closed};
    default:
      failure_ = explain(code, error == SSL_ERROR_SYSCALL ? errnoValue : 0);
      return {State::Failed};
  }
}

TlsClientSession::Io TlsClientSession::handshake() {
  errno = 0;
  return result(SSL_connect(ssl_));
}

// SSL_read() gives a record at a time; what came with it is worth the same waking of the reader.
TlsClientSession::Io TlsClientSession::read(char* buffer, size_t size) {
  if (end_) {
    return *end_;
  }
  size = std::min<size_t>(size, INT_MAX);
  size_t got = 0;
  do {
    errno = 0;
    const Io one = result(SSL_read(ssl_, buffer + got, static_cast<int>(size - got)));
    if (one.state == State::Closed || one.state == State::Failed) {
      end_ = one;
    }
    if (one.state != State::Ok) {
      return got == 0 ? one : Io{State::Ok, got};
    }
    got += one.bytes;
  } while (got < size && SSL_has_pending(ssl_) == 1);
  return {State::Ok, got};
}

TlsClientSession::Io TlsClientSession::write(std::string_view bytes) {
  errno = 0;
  return result(
      SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX))));
}

void TlsClientSession::sayGoodbye() {
  if (SSL_is_init_finished(ssl_) != 0) {
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
}

// ---- client

Result<std::shared_ptr<const TlsClient>> TlsClient::create(const TlsTrust& trust,
                                                           const std::string& siteCaFile) {
  const std::shared_ptr<TlsClient> client(new TlsClient(trust));
  ERR_clear_error();
  BUSBAR_TRY(client->load(siteCaFile));
  return std::shared_ptr<const TlsClient>(client);
}

TlsClient::~TlsClient() {
  SSL_CTX_free(context_);
  BIO_meth_free(socketMethod_);
}

Status TlsClient::load(const std::string& siteCaFile) {
  socketMethod_ = BIO_meth_new(kBioType, "busbar link");
  BIO_meth_set_read(socketMethod_, bioRead);
  BIO_meth_set_write(socketMethod_, bioWrite);
  BIO_meth_set_ctrl(socketMethod_, bioControl);
  BIO_meth_set_create(socketMethod_, bioCreate);
  context_ = SSL_CTX_new(TLS_client_method());
  BUSBAR_CHECK(context_ != nullptr && socketMethod_ != nullptr);
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_options(context_, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context_, 1);  // one recv for many records
  SSL_CTX_set_default_read_buffer_len(context_, kReadAheadBytes);
  // AES-128 first, which each device that speaks TLS 1.3 has (RFC 8446 section 9.1): it is out of
  // reach of any attack, too, and cheaper at both ends.
  SSL_CTX_set_cipher_list(context_, "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_ciphersuites(
      context_, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context_, refusePassphrase);
  switch (trust_.verify) {
    case TlsVerify::Full:
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      BUSBAR_TRY(loadAuthorities(siteCaFile));
      break;
    case TlsVerify::Pin: {
      std::array<unsigned char, 48> bytes{};
      const std::string text = trust_.pin.substr(std::min<size_t>(8, trust_.pin.size()));
      if (text.size() != 44 ||
          EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), 44) !=
              33) {
        return bad("/tls/pin", "must be sha256// and 44 characters of base64");
      }
      pin_.assign(bytes.begin(), bytes.begin() + SHA256_DIGEST_LENGTH);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      SSL_CTX_set_cert_verify_callback(context_, verifyPin, &pin_);
      break;
    }
    case TlsVerify::None:
      SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
      break;
  }
  return trust_.certificate.empty() ? Status() : loadOwnCertificate();
}

Status TlsClient::loadAuthorities(const std::string& siteCaFile) {
  if (trust_.ca.empty() && siteCaFile.empty()) {
    SSL_CTX_set_default_verify_paths(context_);
    return {};
  }
  if (trust_.ca.empty()) {
    const std::string attempt = "read the site's authorities from " + siteCaFile;
    if (const int error = whyUnreadable(siteCaFile); error != 0) {
      return bad("/tls/ca", Error::fromErrno(error, attempt).message);
    }
    if (SSL_CTX_load_verify_file(context_, siteCaFile.c_str()) != 1) {
      return bad("/tls/ca", attempt + ": " + takeError());
    }
    return {};
  }
  BIO* pem = pemOf(trust_.ca);
  const ScopeExit free([pem] { BIO_free(pem); });
  size_t count = 0;
  for (;; ++count) {
    X509* certificate = PEM_read_bio_X509(pem, nullptr, refusePassphrase, nullptr);
    if (certificate == nullptr) {
      break;
    }
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), certificate);
    X509_free(certificate);
  }
  ERR_clear_error();
  if (count == 0) {
    return bad("/tls/ca", "holds no certificate in PEM");
  }
  return {};
}

Status TlsClient::loadOwnCertificate() {
  BIO* pem = pemOf(trust_.certificate);
  const ScopeExit freePem([pem] { BIO_free(pem); });
  X509* own = PEM_read_bio_X509(pem, nullptr, refusePassphrase, nullptr);
  const ScopeExit freeOwn([own] { X509_free(own); });
  if (own == nullptr || SSL_CTX_use_certificate(context_, own) != 1) {
    return bad("/tls/certificate", "is not a usable certificate in PEM: " + takeError());
  }
  while (X509* further = PEM_read_bio_X509(pem, nullptr, refusePassphrase, nullptr)) {
    SSL_CTX_add0_chain_cert(context_, further);
  }
  ERR_clear_error();
  BIO* keyPem = pemOf(trust_.key);
  const ScopeExit freeKeyPem([keyPem] { BIO_free(keyPem); });
  EVP_PKEY* key = PEM_read_bio_PrivateKey(keyPem, nullptr, refusePassphrase, nullptr);
  const ScopeExit freeKey([key] { EVP_PKEY_free(key); });
  if (key == nullptr) {
    ERR_clear_error();
    return bad("/tls/key", "is not an unencrypted private key in PEM");
  }
  if (SSL_CTX_use_PrivateKey(context_, key) != 1 || SSL_CTX_check_private_key(context_) != 1) {
    ERR_clear_error();
    return bad("/tls/key", "does not belong to the certificate");
  }
  return {};
}

std::unique_ptr<TlsClientSession> TlsClient::connect(int fd, const std::string& host) const {
  SSL* ssl = SSL_new(context_);
  BIO* bio = BIO_new(socketMethod_);
  BUSBAR_CHECK(ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  SSL_set_bio(ssl, bio, bio);
  const std::string& name = trust_.serverName.empty() ? host : trust_.serverName;
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (isAddress(name)) {
    BUSBAR_CHECK(X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1);
  } else {
    // A name that OpenSSL does not take matches no certificate.
    static_cast<void>(SSL_set1_host(ssl, name.c_str()));
    std::string copy = name;  // SSL_set_tlsext_host_name() without its C cast
    static_cast<void>(
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, copy.data()));
  }
  return std::make_unique<TlsClientSession>(ssl, shared_from_this(), name);
}

}  // namespace busbar
