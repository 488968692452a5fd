// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/signing_key.h"

#include <array>
#include <cstdint>
#include <vector>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "api/auth/base64url.h"

namespace busbar::auth {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string numberOf(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  BUSBAR_CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const std::unique_ptr<BIGNUM, Free> number(raw);
  std::vector<uint8_t> bytes(static_cast<size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), bytes.data());
  return encodeBase64Url(bytes);
}

// A prompt for a passphrase would wait on the terminal; an encrypted key is none of ours.
int noPassphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

SigningKey::SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {
  const std::string n = numberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N);
  const std::string e = numberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  json::Object thumbprint;  // in this order: RFC 7638 s. 3.2
  thumbprint.set("e", e);
  thumbprint.set("kty", "RSA");
  thumbprint.set("n", n);
  const std::string text = json::write(json::Value(thumbprint));
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  BUSBAR_CHECK(SHA256(bytesOf(text), text.size(), digest.data()) != nullptr);
  id_ = encodeBase64Url(digest);
  jwk_.set("kty", "RSA");
  jwk_.set("use", "sig");
  jwk_.set("alg", "RS256");
  jwk_.set("kid", id_);
  jwk_.set("n", n);
  jwk_.set("e", e);
}

Result<SigningKey> SigningKey::generate() {
  EVP_PKEY* key = EVP_RSA_gen(kBits);
  if (key == nullptr) {
    return Error::of(ErrorCode::Unavailable, "a signing key cannot be made");
  }
  return SigningKey(std::shared_ptr<evp_pkey_st>(key, EVP_PKEY_free));
}

Result<SigningKey> SigningKey::fromPem(std::string_view pem) {
  const Error damaged = Error::of(ErrorCode::DataLoss, "the stored signing key is no RSA key of " +
                                                           std::to_string(kBits) + " bits");
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) {
    return damaged;
  }
  const std::shared_ptr<evp_pkey_st> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, &noPassphrase, nullptr), EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < kBits) {
    return damaged;
  }
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) {
    return damaged;
  }
  return SigningKey(key);
}

Result<std::string> SigningKey::toPem() const {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1) {
    return Error::of(ErrorCode::Unavailable, "the signing key cannot be written");
  }
  char* text = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &text));
  return std::string(text, size);
}

std::optional<std::string> SigningKey::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytesOf(text), text.size()) != 1) {
    return std::nullopt;
  }
  signature.resize(size);
  return signature;
}

bool SigningKey::verifies(std::string_view text, std::string_view signature) const {
  if (signature.size() != static_cast<size_t>(EVP_PKEY_get_size(key_.get()))) {
    return false;
  }
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  // PKCS #1 v1.5 is the padding of EVP's RSA signatures unless another one is asked for.
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytesOf(signature), signature.size(), bytesOf(text),
                          text.size()) == 1;
}

}  // namespace busbar::auth
