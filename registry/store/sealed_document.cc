// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sealed_document.h"

#include <utility>

#include "registry/model/record_json.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr json::Limits kDocumentLimits{16 << 20, 64};

// The one member of a record that is secret, or none; and what its sealed text is bound to.
struct Secret {
  std::string* text = nullptr;
  std::string context;
};

Secret secretOf(model::Record& record) {
  if (auto* settings = std::get_if<model::Settings>(&record);
      settings != nullptr && settings->level != model::EncryptionLevel::None) {
    return {&settings->text,
            settings->id + "|" + std::to_string(static_cast<int>(settings->level))};
  }
  if (auto* user = std::get_if<model::User>(&record);
      user != nullptr && !user->passwordHash.empty()) {
    return {&user->passwordHash, user->id + "|password_hash"};
  }
  if (auto* domain = std::get_if<model::Domain>(&record)) {
    return {&domain->internals, domain->id + "|internals"};
  }
  if (auto* instance = std::get_if<model::TriggerInstance>(&record)) {
    return {&instance->webhookSecret, instance->id + "|webhook_secret"};
  }
  return {};
}

}  // namespace

Result<std::string> sealDocument(const SecretBox& box, const model::Record& record) {
  model::Record copy = record;
  const Secret secret = secretOf(copy);
  if (secret.text != nullptr) {
    auto sealed = box.seal(*secret.text, secret.context);
    if (!sealed.ok()) {
      return sealed;
    }
    *secret.text = std::move(*sealed);
  }
  return json::write(model::toDocument(copy));
}

Result<model::Record> openDocument(const SecretBox& box, model::Table table,
                                   std::string_view text) {
  const auto value = json::parse(text, kDocumentLimits);
  if (!value.ok()) {
    return Error::of(ErrorCode::DataLoss, "stored document: " + value.error().message);
  }
  auto record = model::fromDocument(table, *value);
  if (!record.ok()) {
    return record;
  }
  const Secret secret = secretOf(*record);
  if (secret.text != nullptr) {
    auto plain = box.unseal(*secret.text, secret.context);
    if (!plain.ok()) {
      Error error = std::move(plain).error();
      error.message = model::commonOf(*record).id + ": " + error.message;
      return error;
    }
    *secret.text = std::move(*plain);
  }
  return record;
}

}  // namespace busbar
