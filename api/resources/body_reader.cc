// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/body_reader.h"

#include <limits>

namespace busbar::api {
namespace {

constexpr size_t kMaxNameEcho = 64;
constexpr size_t kMaxErrors = 20;

}  // namespace

Result<BodyReader> BodyReader::parse(std::string_view body) {
  if (body.empty()) {
    return BodyReader(json::Object());
  }
  auto value = json::parse(body);
  if (!value) {
    Error error = std::move(value).error();
    error.reason = "bad_json";
    return error;
  }
  json::Object* object = value->asObject();
  if (object == nullptr) {
    return Error::because(ErrorCode::InvalidArgument, "bad_json",
                          "the body must be a JSON object, not " + std::string(value->typeName()));
  }
  return BodyReader(std::move(*object));
}

const json::Value* BodyReader::find(std::string_view name) {
  known_.emplace(name);
  return body_.find(name);
}

void BodyReader::read(std::string_view name, std::string& out) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return;
  }
  if (value->isNull()) {
    out.clear();
  } else if (const std::string* text = value->asString()) {
    out = *text;
  } else {
    fail(name, "must be a string");
  }
}

void BodyReader::read(std::string_view name, bool& out) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return;
  }
  if (const bool* flag = value->asBool()) {
    out = *flag;
  } else if (value->isNull()) {
    out = false;
  } else {
    fail(name, "must be true or false");
  }
}

void BodyReader::read(std::string_view name, int64_t& out) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return;
  }
  if (const int64_t* number = value->asInt()) {
    out = *number;
  } else if (value->isNull()) {
    out = 0;
  } else {
    fail(name, "must be an integer");
  }
}

void BodyReader::read(std::string_view name, int& out) {
  int64_t wide = out;
  read(name, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    fail(name, "must be an integer of 32 bits");
    return;
  }
  out = static_cast<int>(wide);
}

void BodyReader::read(std::string_view name, std::vector<std::string>& out) {
  const json::Value* value = find(name);
  if (value == nullptr) {
    return;
  }
  if (value->isNull()) {
    out.clear();
    return;
  }
  const json::Array* array = value->asArray();
  if (array == nullptr) {
    fail(name, "must be an array of strings");
    return;
  }
  std::vector<std::string> texts;
  for (const json::Value& entry : *array) {
    const std::string* text = entry.asString();
    if (text == nullptr) {
      fail(name, "must be an array of strings");
      return;
    }
    texts.push_back(*text);
  }
  out = std::move(texts);
}

void BodyReader::readDocument(std::string_view name, std::string& out, std::string_view empty) {
  if (const json::Value* value = find(name)) {
    out = value->isNull() ? std::string(empty) : json::write(*value);
  }
}

void BodyReader::ignore(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    known_.emplace(name);
  }
}

void BodyReader::fail(std::string_view name, std::string reason) {
  if (errors_.size() < kMaxErrors) {
    errors_.push_back({std::string(name), std::move(reason)});
  }
}

void BodyReader::require(std::string_view name) {
  if (!body_.contains(name)) {
    fail(name, "is required");
  }
}

model::FieldErrors BodyReader::finish(std::string_view what) const {
  model::FieldErrors errors = errors_;
  for (const auto& [name, value] : body_) {
    if (errors.size() >= kMaxErrors) {
      break;
    }
    if (!known_.contains(name)) {
      errors.push_back({name.substr(0, kMaxNameEcho), "is not a member of a " + std::string(what)});
    }
  }
  return errors;
}

}  // namespace busbar::api
