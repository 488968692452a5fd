// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

// The cryptography of the User-based Security Model: keys from passwords (RFC 3414 A.2, 2.6),
// HMAC-SHA-1 (RFC 3414 s.7) and HMAC-SHA-2 (RFC 7860), AES in CFB mode (RFC 3826). MD5 and DES are
// left out on purpose. AES-192 and AES-256 follow draft-blumenthal-aes-usm-04, as net-snmp does;
// the variant of some vendors that stretches keys as for 3DES is not here. Primitives are
// libcrypto's.
namespace busbar::snmp {

enum class AuthProtocol : uint8_t { None, Sha1, Sha224, Sha256, Sha384, Sha512 };
enum class PrivProtocol : uint8_t { None, Aes128, Aes192, Aes256 };

// Bytes that are wiped before their memory is given back.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(); }

  bool empty() const { return bytes_.empty(); }
  std::span<const uint8_t> span() const { return bytes_; }

 private:
  void wipe();

  std::vector<uint8_t> bytes_;
};

// "sha", "sha1", "sha224" …, "none"; and "aes", "aes128", "aes192", "aes256", "none".
std::optional<AuthProtocol> authFromText(std::string_view text);
std::optional<PrivProtocol> privFromText(std::string_view text);

// Octets of the digest that a message carries, after truncation.
size_t authParameterBytes(AuthProtocol protocol);
inline constexpr size_t kPrivParameterBytes = 8;

// Hashes a megabyte of the repeated password: milliseconds, so keep the result. `password` is not
// empty.
SecretBytes keyFromPassword(AuthProtocol protocol, std::string_view password);
SecretBytes localizeKey(AuthProtocol protocol, std::span<const uint8_t> key,
                        std::span<const uint8_t> engineId);
// A localised key, stretched where the cipher needs more octets than the hash gives, and cut to its
// size.
SecretBytes privKey(AuthProtocol auth, PrivProtocol priv, std::span<const uint8_t> localizedKey);

// The truncated digest of `message`; empty when libcrypto fails.
std::vector<uint8_t> digest(AuthProtocol protocol, std::span<const uint8_t> key,
                            std::span<const uint8_t> message);
// In constant time for equal lengths.
bool isSameDigest(std::span<const uint8_t> a, std::span<const uint8_t> b);

struct PrivIv {
  int32_t engineBoots = 0;
  int32_t engineTime = 0;
  std::span<const uint8_t> salt;  // kPrivParameterBytes
};
// nullopt when the key or salt has the wrong size or libcrypto fails.
std::optional<std::vector<uint8_t>> encrypt(PrivProtocol protocol, std::span<const uint8_t> key,
                                            const PrivIv& iv, std::span<const uint8_t> plain);
std::optional<std::vector<uint8_t>> decrypt(PrivProtocol protocol, std::span<const uint8_t> key,
                                            const PrivIv& iv, std::span<const uint8_t> secret);
// A number that no one can foresee, for salts and message ids. False when there is none to be had.
[[nodiscard]] bool randomNumber(uint64_t& out);

}  // namespace busbar::snmp
