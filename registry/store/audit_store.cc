// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/audit_store.h"

#include <array>

#include <openssl/sha.h>

#include "registry/model/record_json.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr std::string_view kHidden = "(hidden)";

// Members that are never shown, whatever record they stand in.
bool isSecret(std::string_view member, const model::Record& record) {
  if (const auto* settings = std::get_if<model::Settings>(&record);
      settings != nullptr && member == "settings_string") {
    return settings->level != model::EncryptionLevel::None;
  }
  for (const std::string_view part : {"secret", "password", "token_hash", "private", "internals"}) {
    if (member.find(part) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// Bookkeeping that changes with every write.
bool isNoise(std::string_view member) {
  return member == "revision" || member == "updated_at";
}

// Members of `record`; with `other`, only those in which the two differ.
std::string shown(const model::Record& record, const model::Record* other) {
  const json::Object mine = model::toDocument(record);
  const json::Object theirs = other == nullptr ? json::Object() : model::toDocument(*other);
  json::Object out;
  for (const auto& [name, value] : mine) {
    const json::Value* twin = theirs.find(name);
    const bool differs = other == nullptr || twin == nullptr || *twin != value;
    if (differs && !isNoise(name)) {
      out.set(name, isSecret(name, record) ? json::Value(kHidden) : value);
    }
  }
  return json::write(std::move(out));
}

}  // namespace

std::string_view auditGenesis() {
  return "0000000000000000000000000000000000000000000000000000000000000000";
}

std::string auditHash(std::string_view previous, const AuditEntry& entry) {
  // As a JSON array, so that no two entries have the same text.
  const std::string text =
      std::string(previous) + "\n" +
      json::write(json::Array{entry.sequence, entry.timeMs, entry.action, entry.record,
                              entry.subject, entry.userId, entry.credential, entry.peer,
                              entry.traceId, entry.before, entry.after});
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  BUSBAR_CHECK(SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data()) !=
               nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

AuditEntry auditEntryOf(const ConfigChange& change, const model::Record* before, const Actor& actor,
                        Milliseconds now) {
  AuditEntry entry;
  entry.timeMs = now.count();
  entry.record = model::toString(model::tableOf(change.record));
  entry.subject = model::commonOf(change.record).id;
  entry.userId = actor.userId;
  entry.credential = actor.credential;
  entry.peer = actor.peer;
  entry.traceId = actor.traceId;
  switch (change.kind) {
    case ConfigWrite::Kind::Insert:
      entry.action = "create";
      entry.after = shown(change.record, nullptr);
      break;
    case ConfigWrite::Kind::Update:
      entry.action = "update";
      if (before != nullptr) {
        entry.before = shown(*before, &change.record);
        entry.after = shown(change.record, before);
      }
      break;
    case ConfigWrite::Kind::Erase:
      entry.action = "delete";
      entry.before = shown(change.record, nullptr);
      break;
  }
  return entry;
}

}  // namespace busbar
