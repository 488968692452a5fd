// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/merge.h"

#include <utility>

#include "registry/settings/settings_text.h"

namespace busbar {

std::vector<const model::Settings*> settingsChain(const Site& site, const model::Module& mod) {
  std::vector<const model::Settings*> chain;
  const auto append = [&site, &chain](const std::string& parentId) {
    const auto documents = site.settingsOf(parentId);
    chain.insert(chain.end(), documents.begin(), documents.end());
  };
  append(mod.driverId);
  if (const model::System* system = site.findSystem(mod.controlSystemId)) {
    for (const std::string& zoneId : system->zones) {
      append(zoneId);
    }
    append(system->id);
  }
  append(mod.id);
  return chain;
}

Result<MergedSettings> mergeSettings(std::span<const model::Settings* const> chain) {
  MergedSettings merged;
  for (const model::Settings* document : chain) {
    auto object = parseSettings(document->text);
    if (!object.ok()) {
      Error error = std::move(object).error();
      error.message = document->id + " of " + document->parentId + ": " + error.message;
      return error;
    }
    for (auto& [key, value] : *object) {
      merged.values.set(key, std::move(value));
      if (document->level == model::EncryptionLevel::None) {
        merged.secretKeys.erase(key);
      } else {
        merged.secretKeys.insert(key);
      }
    }
  }
  for (const std::string& key : merged.secretKeys) {
    collectSecretValues(*merged.values.find(key), merged.secretValues);
  }
  if (const json::Value* value = merged.values.find(kConnectionKey)) {
    auto connection = Connection::parse(*value);
    if (!connection) {
      Error error = std::move(connection).error();
      error.field = "/" + std::string(kConnectionKey) + error.field;
      return error;
    }
    merged.connection = std::move(*connection);
    merged.values.erase(kConnectionKey);
    merged.secretKeys.erase(std::string(kConnectionKey));
    const std::vector<std::string> secrets = merged.connection.secrets();
    merged.secretValues.insert(merged.secretValues.end(), secrets.begin(), secrets.end());
  }
  return merged;
}

void collectSecretValues(const json::Value& value, std::vector<std::string>& out) {
  std::vector<const json::Value*> open{&value};
  while (!open.empty()) {
    const json::Value* v = open.back();
    open.pop_back();
    if (const json::Array* array = v->asArray()) {
      for (const json::Value& element : *array) {
        open.push_back(&element);
      }
    } else if (const json::Object* object = v->asObject()) {
      for (const auto& [key, member] : *object) {
        open.push_back(&member);
      }
    } else if (const std::string* text = v->asString(); text != nullptr || v->isNumber()) {
      std::string shown = text != nullptr ? *text : json::write(*v);
      if (shown.size() >= kMinMaskedBytes) {
        out.push_back(std::move(shown));
      }
    }
  }
}

}  // namespace busbar
