// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/auth/auth_events.h"
#include "api/auth/key_ring.h"
#include "api/auth/signing_key.h"
#include "tests/support/await.h"
#include "tests/support/fake_auth_store.h"

namespace busbar {

// Keeps what an audit would be told.
class RecordingAuthEvents : public auth::AuthEvents {
 public:
  void onAuthEvent(const auth::AuthEvent& event) override { all.push_back(event); }
  size_t count(auth::AuthEvent::Kind kind, std::string_view detail = {}) const {
    size_t n = 0;
    for (const auth::AuthEvent& event : all) {
      n += event.kind == kind && (detail.empty() || event.detail == detail) ? 1U : 0U;
    }
    return n;
  }
  std::vector<auth::AuthEvent> all;
};

// A new signing key; it takes long to make on a busy machine.
inline Result<std::string> rotateKey(EventLoop& loop, auth::KeyRing& keys) {
  std::optional<Result<std::string>> made;
  keys.rotate([&made](Result<std::string> id) { made.emplace(std::move(id)); });
  for (int tries = 0; tries < 12 && !made; ++tries) {
    runUntil(loop, [&made] { return made.has_value(); });
  }
  BUSBAR_CHECK(made.has_value());  // the callback refers to this frame
  return std::move(*made);
}

// A store with a signing key that was made once for the whole test program.
inline std::shared_ptr<FakeAuthStore::Data> authDataWithKey() {
  static const SigningKeyRecord kKey = [] {
    const auto key = auth::SigningKey::generate().value();
    SigningKeyRecord record;
    record.id = key.id();
    record.pem = key.toPem().value();
    record.expiresAt = int64_t{1} << 40;
    return record;
  }();
  auto data = std::make_shared<FakeAuthStore::Data>();
  data->rows.insert_or_assign(std::pair(std::string("signing_key"), kKey.id), AuthRecord(kKey));
  return data;
}

}  // namespace busbar
