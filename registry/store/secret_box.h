// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar {

// Encrypts short texts at rest: AES-256-GCM (NIST SP 800-38D), a random 96-bit nonce each, the
// 128-bit tag checked. A sealed text names its key and is bound to a context, so that it cannot be
// moved to another row. Protects a copied database file or backup; not against who can read the key
// file or the memory of this process, nor against putting back an older sealed text of the same
// row. Thread-safe.
class SecretBox {
 public:
  static constexpr size_t kKeyBytes = 32;
  enum class IfMissing { Create, Fail };

  // Reads the key file: 32 bytes, a regular file of this user that nobody else may read. Created
  // with mode 0600, complete or not at all. FailedPrecondition names what is wrong with the file.
  static Result<SecretBox> open(const std::string& keyPath, IfMissing ifMissing);
  static SecretBox fromKey(std::span<const uint8_t, kKeyBytes> key);

  // Shape: KEYS.md "sealed text".
  Result<std::string> seal(std::string_view plain, std::string_view context) const;
  // DataLoss when the text was altered, belongs to another context or was sealed with another key.
  Result<std::string> unseal(std::string_view sealed, std::string_view context) const;

  // 16 hex digits that name the key and tell nothing of it.
  const std::string& keyId() const { return keyId_; }

 private:
  using Key = std::array<uint8_t, kKeyBytes>;
  struct WipeKey {
    void operator()(Key* key) const;
  };
  explicit SecretBox(std::unique_ptr<Key, WipeKey> key);

  std::unique_ptr<Key, WipeKey> key_;
  std::string keyId_;
};

}  // namespace busbar
