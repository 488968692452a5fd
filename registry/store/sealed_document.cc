// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sealed_document.h"

#include <utility>

#include "registry/model/record_json.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr json::Limits kDocumentLimits{16 << 20, 64};

std::string contextOf(const model::Settings& settings) {
  return settings.id + "|" + std::to_string(static_cast<int>(settings.level));
}

}  // namespace

Result<std::string> sealDocument(const SecretBox& box, const model::Record& record) {
  const auto* settings = std::get_if<model::Settings>(&record);
  if (settings == nullptr || settings->level == model::EncryptionLevel::None) {
    return json::write(model::toDocument(record));
  }
  auto sealed = box.seal(settings->text, contextOf(*settings));
  if (!sealed.ok()) {
    return sealed;
  }
  model::Settings copy = *settings;
  copy.text = std::move(*sealed);
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
  auto* settings = std::get_if<model::Settings>(&*record);
  if (settings != nullptr && settings->level != model::EncryptionLevel::None) {
    auto plain = box.unseal(settings->text, contextOf(*settings));
    if (!plain.ok()) {
      Error error = std::move(plain).error();
      error.message = settings->id + ": " + error.message;
      return error;
    }
    settings->text = std::move(*plain);
  }
  return record;
}

}  // namespace busbar
