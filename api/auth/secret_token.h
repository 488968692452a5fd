// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace busbar::auth {

// 256 random bits of the kernel as 43 characters of base64url, and what is stored of them: the
// lower hex SHA-256 of the text, without salt or Argon2, which 256 random bits do not need.
struct SecretToken {
  std::string text;
  std::string hash;
};
SecretToken newSecret();
std::string hashSecret(std::string_view text);
// SHA-256 as 32 raw bytes.
std::string sha256(std::string_view text);
// In a time that depends on the lengths only.
bool equalsSecretly(std::string_view a, std::string_view b);

// A credential that names its row: "<id>.<secret>".
struct NamedSecret {
  std::string id;
  std::string hash;  // of the secret shown
};
// None unless it is an id of at most 64 bytes, a point, and 43 characters of strict base64url.
std::optional<NamedSecret> parseNamedSecret(std::string_view text);

}  // namespace busbar::auth
