// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/auth_records.h"

#include <array>
#include <optional>

namespace busbar {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<AuthRecord>> kKinds{
    "signing_key", "session", "token_family", "authorization_code", "revocation", "known_device"};

void put(json::Object& out, const char* name, const std::string& text) {
  out.set(name, text);
}
void put(json::Object& out, const char* name, int64_t number) {
  out.set(name, number);
}
void put(json::Object& out, const char* name, bool flag) {
  out.set(name, flag);
}
void put(json::Object& out, const char* name, const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  out.set(name, std::move(array));
}

bool take(const json::Value& value, std::string& out) {
  return value.asString() != nullptr && (out = *value.asString(), true);
}
bool take(const json::Value& value, int64_t& out) {
  return value.asInt() != nullptr && (out = *value.asInt(), true);
}
bool take(const json::Value& value, bool& out) {
  return value.asBool() != nullptr && (out = *value.asBool(), true);
}
bool take(const json::Value& value, std::vector<std::string>& out) {
  if (value.asArray() == nullptr) {
    return false;
  }
  for (const json::Value& entry : *value.asArray()) {
    if (!take(entry, out.emplace_back())) {
      return false;
    }
  }
  return true;
}

// One list of members per kind, for both directions.
template <class F>
void members(F f, auto& record) {
  using T = std::remove_cvref_t<decltype(record)>;
  if constexpr (std::is_same_v<T, SigningKeyRecord>) {
    f("pem", record.pem);
    f("created_at", record.createdAt);
    f("retired", record.isRetired);
  } else if constexpr (std::is_same_v<T, SessionRecord>) {
    f("user_id", record.userId);
    f("domain_id", record.domainId);
    f("secret_hash", record.secretHash);
    f("created_at", record.createdAt);
    f("seen_at", record.seenAt);
    f("idle_seconds", record.idleSeconds);
    f("address", record.address);
  } else if constexpr (std::is_same_v<T, TokenFamilyRecord>) {
    f("client_id", record.clientId);
    f("user_id", record.userId);
    f("domain_id", record.domainId);
    f("session_id", record.sessionId);
    f("scopes", record.scopes);
    f("secret_hash", record.secretHash);
    f("created_at", record.createdAt);
    f("auth_time", record.authTime);
  } else if constexpr (std::is_same_v<T, AuthorizationCodeRecord>) {
    f("family_id", record.familyId);
    f("client_id", record.clientId);
    f("user_id", record.userId);
    f("domain_id", record.domainId);
    f("session_id", record.sessionId);
    f("redirect_uri", record.redirectUri);
    f("code_challenge", record.codeChallenge);
    f("scopes", record.scopes);
    f("nonce", record.nonce);
    f("auth_time", record.authTime);
    f("used", record.isUsed);
  } else if constexpr (std::is_same_v<T, KnownDeviceRecord>) {
    f("user_id", record.userId);
  }
}

template <class T>
std::optional<AuthRecord> read(const json::Value& document) {
  T record;
  bool isWhole = document.asObject() != nullptr;
  members(
      [&](const char* name, auto& member) {
        const json::Value* value = document.find(name);
        isWhole = isWhole && value != nullptr && take(*value, member);
      },
      record);
  return isWhole ? std::optional<AuthRecord>(std::move(record)) : std::nullopt;
}

template <size_t... I>
std::optional<AuthRecord> readKind(std::string_view kind, const json::Value& document,
                                   std::index_sequence<I...>) {
  std::optional<AuthRecord> record;
  ((kind == kKinds[I] ? void(record = read<std::variant_alternative_t<I, AuthRecord>>(document))
                      : void()),
   ...);
  return record;
}

}  // namespace

const AuthCommon& commonOf(const AuthRecord& record) {
  return std::visit([](const auto& each) -> const AuthCommon& { return each; }, record);
}

std::string_view kindOf(const AuthRecord& record) {
  return kKinds[record.index()];
}

json::Object toDocument(const AuthRecord& record) {
  json::Object out;
  std::visit(
      [&out](const auto& each) {
        members([&out](const char* name, const auto& member) { put(out, name, member); }, each);
      },
      record);
  return out;
}

Result<AuthRecord> authRecordFrom(std::string_view kind, std::string id, int64_t expiresAt,
                                  const json::Value& document) {
  auto record =
      readKind(kind, document, std::make_index_sequence<std::variant_size_v<AuthRecord>>());
  if (!record) {
    return Error::of(ErrorCode::DataLoss, "stored " + std::string(kind) + " " + id + " is damaged");
  }
  std::visit(
      [&](auto& each) {
        each.id = std::move(id);
        each.expiresAt = expiresAt;
      },
      *record);
  return std::move(*record);
}

}  // namespace busbar
