// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/tls_material.h"

#include <algorithm>
#include <memory>
#include <string>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

namespace busbar {
namespace {

template <class T, void (*kFree)(T*)>
struct Deleter {
  void operator()(T* object) const { kFree(object); }
};
using X509Ptr = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;

constexpr size_t kMaxPemBytes = 1U << 20;

BioPtr open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// An encrypted key asks for a password here, and gets none instead of a prompt on the terminal.
int noPassword(char*, int, int, void*) {
  return -1;
}

X509Ptr nextCertificate(BIO* bio) {
  return X509Ptr(PEM_read_bio_X509(bio, nullptr, noPassword, nullptr));
}

Error badMaterial(const std::string& field, std::string message) {
  ERR_clear_error();
  return Error::at(ErrorCode::InvalidArgument, field, std::move(message));
}

}  // namespace

Status checkCertificates(const std::string& field, const std::string& pem) {
  if (pem.size() > kMaxPemBytes) {
    return badMaterial(field, "the certificates are over 1 MiB");
  }
  const BioPtr bio = open(pem);
  if (!nextCertificate(bio.get())) {
    return badMaterial(field, "there is no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  while (nextCertificate(bio.get())) {
  }
  const bool isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return isEnd ? Status() : badMaterial(field, "one of the certificates is damaged");
}

Status checkKeyPair(const std::string& certificatePem, const std::string& keyPem) {
  BUSBAR_TRY(checkCertificates("clientCertificate", certificatePem));
  if (keyPem.size() > kMaxPemBytes) {
    return badMaterial("clientKey", "the key is over 1 MiB");
  }
  const KeyPtr key(PEM_read_bio_PrivateKey(open(keyPem).get(), nullptr, noPassword, nullptr));
  if (!key) {
    return badMaterial("clientKey", "there is no unencrypted private key in PEM form");
  }
  const X509Ptr certificate = nextCertificate(open(certificatePem).get());
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return badMaterial("clientKey", "the key does not belong to the client certificate");
  }
  return {};
}

Result<std::string> publicKeyPin(const std::string& certificatePem) {
  BUSBAR_TRY(checkCertificates("certificate", certificatePem));
  const X509Ptr certificate = nextCertificate(open(certificatePem).get());
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) {
    return badMaterial("certificate", "the certificate has no public key");
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<size_t>(size), digest);
  OPENSSL_free(der);
  unsigned char text[48] = {};
  const int length = EVP_EncodeBlock(text, digest, sizeof digest);
  return "sha256//" + std::string(text, text + length);
}

bool isPublicKeyPin(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256//";
  if (text.size() != kPrefix.size() + 44 || text.substr(0, kPrefix.size()) != kPrefix ||
      text.back() != '=') {
    return false;
  }
  text = text.substr(kPrefix.size(), 43);
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/';
  });
}

}  // namespace busbar
