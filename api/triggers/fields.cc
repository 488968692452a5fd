// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/fields.h"

#include <algorithm>
#include <utility>

namespace busbar::triggers {
namespace {

constexpr size_t kMaxEchoBytes = 64;

}  // namespace

void noteError(model::FieldErrors& errors, std::string path, std::string reason) {
  if (errors.size() < kMaxReadErrors) {
    errors.push_back({std::move(path), std::move(reason)});
  }
}

std::string pathOf(std::string_view path, std::string_view member) {
  std::string whole(path);
  if (!whole.empty()) {
    whole += '.';
  }
  whole += member.substr(0, kMaxEchoBytes);
  return whole;
}

std::string pathOf(std::string_view path, size_t index) {
  return pathOf(path, std::to_string(index));
}

Fields::Fields(const json::Value& value, std::string path, model::FieldErrors& errors)
    : object_(value.asObject()), path_(std::move(path)), errors_(errors) {
  if (object_ == nullptr) {
    noteError(errors_, path_, "must be an object");
  }
}

const json::Value* Fields::findValue(std::string_view name) {
  known_.emplace(name);
  return object_ != nullptr ? object_->find(name) : nullptr;
}

const json::Value* Fields::find(std::string_view name) {
  const json::Value* value = findValue(name);
  return value == nullptr || value->isNull() ? nullptr : value;
}

const json::Value* Fields::require(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    fail(name, "is required");
  }
  return value;
}

const json::Member* Fields::findKind(std::initializer_list<std::string_view> kinds) {
  if (object_ == nullptr) {
    return nullptr;
  }
  const json::Member* found = nullptr;
  bool isOne = true;
  for (const json::Member& member : *object_) {
    if (!member.second.isNull() &&
        std::find(kinds.begin(), kinds.end(), member.first) != kinds.end()) {
      isOne = found == nullptr;
      found = &member;
    }
  }
  for (const std::string_view kind : kinds) {
    known_.emplace(kind);
  }
  if (found != nullptr && isOne) {
    return found;
  }
  std::string names;
  for (const std::string_view kind : kinds) {
    names += names.empty() ? "" : ", ";
    names += kind;
  }
  noteError(errors_, path_, "must have exactly one of " + names);
  return nullptr;
}

std::optional<int64_t> Fields::integer(std::string_view name, Range range) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const int64_t* number = value->asInt();
  if (number == nullptr || *number < range.least || *number > range.most) {
    fail(name, "must be an integer from " + std::to_string(range.least) + " to " +
                   std::to_string(range.most));
    return std::nullopt;
  }
  return *number;
}

const std::string* Fields::text(std::string_view name, size_t maxBytes) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return nullptr;
  }
  const std::string* text = value->asString();
  if (text == nullptr || text->empty() || text->size() > maxBytes) {
    fail(name, "must be a text of 1 to " + std::to_string(maxBytes) + " bytes");
    return nullptr;
  }
  return text;
}

const std::string* Fields::requireText(std::string_view name, size_t maxBytes) {
  return require(name) == nullptr ? nullptr : text(name, maxBytes);
}

const json::Array* Fields::array(std::string_view name, size_t maxEntries) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return nullptr;
  }
  const json::Array* array = value->asArray();
  if (array == nullptr || array->size() > maxEntries) {
    fail(name, "must be an array of up to " + std::to_string(maxEntries));
    return nullptr;
  }
  return array;
}

void Fields::fail(std::string_view name, std::string reason) {
  if (object_ != nullptr) {
    noteError(errors_, pathOf(name), std::move(reason));
  }
}

void Fields::finish() {
  if (object_ == nullptr) {
    return;
  }
  for (const json::Member& member : *object_) {
    if (!known_.contains(member.first)) {
      fail(member.first, "is not a member that is known here");
    }
  }
}

}  // namespace busbar::triggers
