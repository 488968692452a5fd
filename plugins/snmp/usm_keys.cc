// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/usm_keys.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace busbar::snmp {
namespace {

constexpr size_t kPasswordExpansionBytes = 1 << 20;  // RFC 3414 A.2
constexpr size_t kChunkBytes = 64;

const EVP_MD* hashOf(AuthProtocol protocol) {
  switch (protocol) {
    case AuthProtocol::None:
      return nullptr;
    case AuthProtocol::Sha1:
      return EVP_sha1();
    case AuthProtocol::Sha224:
      return EVP_sha224();
    case AuthProtocol::Sha256:
      return EVP_sha256();
    case AuthProtocol::Sha384:
      return EVP_sha384();
    case AuthProtocol::Sha512:
      return EVP_sha512();
  }
  return nullptr;
}

const EVP_CIPHER* cipherOf(PrivProtocol protocol) {
  switch (protocol) {
    case PrivProtocol::None:
      return nullptr;
    case PrivProtocol::Aes128:
      return EVP_aes_128_cfb128();
    case PrivProtocol::Aes192:
      return EVP_aes_192_cfb128();
    case PrivProtocol::Aes256:
      return EVP_aes_256_cfb128();
  }
  return nullptr;
}

struct FreeMdContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// A running hash; `finish` gives nothing after any failure.
class Hash {
 public:
  explicit Hash(AuthProtocol protocol) : context_(EVP_MD_CTX_new()) {
    const EVP_MD* const hash = hashOf(protocol);
    isOk_ = context_ != nullptr && hash != nullptr &&
            EVP_DigestInit_ex(context_.get(), hash, nullptr) == 1;
  }
  void add(std::span<const uint8_t> bytes) {
    isOk_ = isOk_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }
  std::vector<uint8_t> finish() {
    std::vector<uint8_t> out(EVP_MAX_MD_SIZE);
    unsigned length = 0;
    isOk_ = isOk_ && EVP_DigestFinal_ex(context_.get(), out.data(), &length) == 1;
    out.resize(isOk_ ? length : 0);
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeMdContext> context_;
  bool isOk_ = false;
};

std::array<uint8_t, 16> ivBytes(const PrivIv& iv) {
  std::array<uint8_t, 16> bytes{};
  for (unsigned i = 0; i < 4; ++i) {
    bytes[i] = static_cast<uint8_t>(static_cast<uint32_t>(iv.engineBoots) >> (24 - 8 * i));
    bytes[4 + i] = static_cast<uint8_t>(static_cast<uint32_t>(iv.engineTime) >> (24 - 8 * i));
  }
  std::copy(iv.salt.begin(), iv.salt.end(), bytes.begin() + 8);
  return bytes;
}

std::optional<std::vector<uint8_t>> runCipher(PrivProtocol protocol, std::span<const uint8_t> key,
                                              const PrivIv& iv, std::span<const uint8_t> in,
                                              int isEncrypt) {
  const EVP_CIPHER* const cipher = cipherOf(protocol);
  if (cipher == nullptr || std::cmp_not_equal(key.size(), EVP_CIPHER_get_key_length(cipher)) ||
      iv.salt.size() != kPrivParameterBytes ||
      std::cmp_greater(in.size(), std::numeric_limits<int>::max())) {
    return std::nullopt;
  }
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext> context(EVP_CIPHER_CTX_new());
  const auto initial = ivBytes(iv);
  std::vector<uint8_t> out(in.size());
  int written = 0;
  if (context == nullptr ||
      EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), initial.data(), isEncrypt) !=
          1 ||
      EVP_CipherUpdate(context.get(), out.data(), &written, in.data(),
                       static_cast<int>(in.size())) != 1 ||
      std::cmp_not_equal(written, in.size())) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

void SecretBytes::wipe() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::optional<AuthProtocol> authFromText(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, AuthProtocol>, 7> kNames = {{
      {"none", AuthProtocol::None},
      {"sha", AuthProtocol::Sha1},
      {"sha1", AuthProtocol::Sha1},
      {"sha224", AuthProtocol::Sha224},
      {"sha256", AuthProtocol::Sha256},
      {"sha384", AuthProtocol::Sha384},
      {"sha512", AuthProtocol::Sha512},
  }};
  for (const auto& [name, protocol] : kNames) {
    if (name == text) {
      return protocol;
    }
  }
  return std::nullopt;
}

std::optional<PrivProtocol> privFromText(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, PrivProtocol>, 5> kNames = {{
      {"none", PrivProtocol::None},
      {"aes", PrivProtocol::Aes128},
      {"aes128", PrivProtocol::Aes128},
      {"aes192", PrivProtocol::Aes192},
      {"aes256", PrivProtocol::Aes256},
  }};
  for (const auto& [name, protocol] : kNames) {
    if (name == text) {
      return protocol;
    }
  }
  return std::nullopt;
}

size_t authParameterBytes(AuthProtocol protocol) {
  switch (protocol) {
    case AuthProtocol::None:
      return 0;
    case AuthProtocol::Sha1:
      return 12;
    case AuthProtocol::Sha224:
      return 16;
    case AuthProtocol::Sha256:
      return 24;
    case AuthProtocol::Sha384:
      return 32;
    case AuthProtocol::Sha512:
      return 48;
  }
  return 0;
}

SecretBytes keyFromPassword(AuthProtocol protocol, std::string_view password) {
  if (password.empty()) {
    return {};
  }
  Hash hash(protocol);
  std::array<uint8_t, kChunkBytes> chunk{};
  size_t at = 0;
  for (size_t done = 0; done < kPasswordExpansionBytes; done += kChunkBytes) {
    for (uint8_t& octet : chunk) {
      octet = static_cast<uint8_t>(password[at]);
      at = at + 1 == password.size() ? 0 : at + 1;
    }
    hash.add(chunk);
  }
  OPENSSL_cleanse(chunk.data(), chunk.size());
  return SecretBytes(hash.finish());
}

SecretBytes localizeKey(AuthProtocol protocol, std::span<const uint8_t> key,
                        std::span<const uint8_t> engineId) {
  Hash hash(protocol);
  hash.add(key);
  hash.add(engineId);
  hash.add(key);
  return SecretBytes(hash.finish());
}

SecretBytes privKey(AuthProtocol auth, PrivProtocol priv, std::span<const uint8_t> localizedKey) {
  const EVP_CIPHER* const cipher = cipherOf(priv);
  if (cipher == nullptr || localizedKey.empty()) {
    return {};
  }
  const auto wanted = static_cast<size_t>(EVP_CIPHER_get_key_length(cipher));
  std::vector<uint8_t> key;
  key.reserve(wanted + EVP_MAX_MD_SIZE);  // so that growing leaves no copy behind
  key.assign(localizedKey.begin(), localizedKey.end());
  while (key.size() < wanted) {
    Hash hash(auth);
    hash.add(key);
    const SecretBytes more(hash.finish());
    if (more.empty()) {
      return {};
    }
    key.insert(key.end(), more.span().begin(), more.span().end());
  }
  OPENSSL_cleanse(key.data() + wanted, key.size() - wanted);
  key.resize(wanted);
  return SecretBytes(std::move(key));
}

std::vector<uint8_t> digest(AuthProtocol protocol, std::span<const uint8_t> key,
                            std::span<const uint8_t> message) {
  const EVP_MD* const hash = hashOf(protocol);
  std::vector<uint8_t> out(EVP_MAX_MD_SIZE);
  unsigned length = 0;
  if (hash == nullptr || HMAC(hash, key.data(), static_cast<int>(key.size()), message.data(),
                              message.size(), out.data(), &length) == nullptr) {
    return {};
  }
  out.resize(authParameterBytes(protocol));
  return out;
}

bool isSameDigest(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::vector<uint8_t>> encrypt(PrivProtocol protocol, std::span<const uint8_t> key,
                                            const PrivIv& iv, std::span<const uint8_t> plain) {
  return runCipher(protocol, key, iv, plain, 1);
}

std::optional<std::vector<uint8_t>> decrypt(PrivProtocol protocol, std::span<const uint8_t> key,
                                            const PrivIv& iv, std::span<const uint8_t> secret) {
  return runCipher(protocol, key, iv, secret, 0);
}

bool randomNumber(uint64_t& out) {
  std::array<uint8_t, sizeof(uint64_t)> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return false;
  }
  out = 0;
  for (const uint8_t octet : bytes) {
    out = out << 8 | octet;
  }
  return true;
}

}  // namespace busbar::snmp
