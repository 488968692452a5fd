// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace busbar::auth {

// The client id of an application: MD5 of its redirect URI in lower hex, as PlaceOS's client
// library makes it. A name, not a protection.
std::string clientIdOf(std::string_view redirectUri);

// An application's secret: 43 characters of base64url, 256 random bits from the kernel. Stored is
// only the hash, without salt or Argon2, which 256 random bits do not need.
struct NewClientSecret {
  std::string text;        // shown once
  std::string secretHash;  // for model::OauthApp::secretHash: SHA-256 of the text, lower hex
};
NewClientSecret generateClientSecret();
// Compares in constant time.
bool isClientSecret(std::string_view text, std::string_view secretHash);

// MD5 of an e-mail address in lower hex, for services of profile pictures.
std::string emailDigest(std::string_view lowerEmail);

}  // namespace busbar::auth
