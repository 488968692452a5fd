// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Any text at the door for tokens: without the key nothing opens it. Then the input as the claims
// of a token that is signed well: what opens is what was signed, and judging it never fails badly.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/auth/base64url.h"
#include "api/auth/jwt.h"

namespace {

using namespace busbar;
using namespace busbar::auth;

// Made once per run; a fixed one would be a private key in the tree.
const std::vector<SigningKey>& keys() {
  static const std::vector<SigningKey> all{SigningKey::generate().value()};
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  BUSBAR_CHECK(!openJwt(text, JwtType::Access, keys()).ok());
  if (const auto bytes = decodeBase64Url(text)) {
    BUSBAR_CHECK(encodeBase64Url(*bytes) == text);
  }
  const auto value = json::parse(text, {4096, 64});
  if (!value.ok() || value->asObject() == nullptr) {
    return 0;
  }
  const auto token = signJwt(keys()[0], JwtType::Access, *value->asObject());
  BUSBAR_CHECK(token.has_value());
  const auto opened = openJwt(*token, JwtType::Access, keys());
  if (opened.ok()) {
    BUSBAR_CHECK(json::write(json::Value(opened->claims)) == json::write(*value));
    (void)checkClaims(opened->claims, {"POS", "busbar.test", 1'700'000'000}).ok();
  }
  return 0;
}
