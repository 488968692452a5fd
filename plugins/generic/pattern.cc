// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "plugins/generic/text.h"

namespace busbar::generic {
namespace {

constexpr size_t kMaxKeyBytes = 64;
constexpr size_t kMaxFields = 32;

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

// A number that fills `text`, but for spaces around it and a plus before it.
template <class T, class... Base>
std::optional<T> readNumber(std::string_view text, Base... base) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  T number{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, base...);
  const bool isWhole = error == std::errc() && end == text.data() + text.size();
  return isWhole ? std::optional(number) : std::nullopt;
}

std::optional<bool> readBool(std::string_view text) {
  std::string word(trimmed(text));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return isLetter(c) ? static_cast<char>(c | 0x20) : c; });
  if (word == "1" || word == "on" || word == "true" || word == "yes") {
    return true;
  }
  if (word == "0" || word == "off" || word == "false" || word == "no") {
    return false;
  }
  return std::nullopt;
}

// Text is printable ASCII; what a device sends beyond that is shown as ?. Bytes are for the rest.
std::string readText(std::string_view raw) {
  std::string text(raw.substr(0, kMaxValueBytes));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

template <class T>
bool store(const std::optional<T>& found, Value& value) {
  if (found) {
    value = *found;
  }
  return found.has_value();
}

}  // namespace

bool isKey(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyBytes && isLetter(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
         });
}

std::string Pattern::addField(std::string_view field) {
  static constexpr std::array<std::pair<std::string_view, Type>, 6> kTypes = {
      {{"text", Type::Text},
       {"int", Type::Int},
       {"number", Type::Number},
       {"bool", Type::Bool},
       {"hex", Type::Hex},
       {"bytes", Type::Bytes}}};
  Step step;
  if (field != "*") {
    const size_t colon = field.find(':');
    const std::string_view type =
        colon == std::string_view::npos ? "text" : field.substr(colon + 1);
    const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                    [type](const auto& entry) { return entry.first == type; });
    step.key = field.substr(0, colon);
    if (found == kTypes.end()) {
      return "has an unknown type: " + std::string(type);
    }
    if (!isKey(step.key)) {
      return "has a field whose name cannot be a status key: " + step.key;
    }
    const auto names = keys();
    if (std::find(names.begin(), names.end(), step.key) != names.end()) {
      return "has two fields of the name " + step.key;
    }
    step.type = found->second;
  }
  if (!steps_.empty() && steps_.back().after.empty()) {
    return "has two fields with nothing between them";
  }
  if (steps_.size() == kMaxFields) {
    return "has more than 32 fields";
  }
  steps_.push_back(std::move(step));
  return {};
}

std::string Pattern::build(std::string_view text) {
  before_.clear();
  steps_.clear();
  std::vector<Token> tokens;
  if (std::string error = tokenize(text, tokens); !error.empty()) {
    return error;
  }
  for (Token& token : tokens) {
    if (token.isField) {
      if (std::string error = addField(token.text); !error.empty()) {
        return error;
      }
    } else {
      (steps_.empty() ? before_ : steps_.back().after) = std::move(token.text);
    }
  }
  for (Step& step : steps_) {
    step.fallback.assign(step.after.size(), 0);
    for (size_t i = 1, length = 0; i < step.after.size(); ++i) {
      while (length > 0 && step.after[i] != step.after[length]) {
        length = step.fallback[length - 1];
      }
      length += step.after[i] == step.after[length] ? 1U : 0U;
      step.fallback[i] = static_cast<uint16_t>(length);
    }
  }
  return tokens.empty() ? "is empty" : std::string();
}

// Where `step.after` stands first at or behind `from`; npos: nowhere.
size_t Pattern::find(const Step& step, std::string_view message, size_t from) {
  size_t length = 0;
  for (size_t i = from; i < message.size(); ++i) {
    while (length > 0 && message[i] != step.after[length]) {
      length = step.fallback[length - 1];
    }
    length += message[i] == step.after[length] ? 1U : 0U;
    if (length == step.after.size()) {
      return i + 1 - length;
    }
  }
  return std::string_view::npos;
}

bool Pattern::read(Type type, std::string_view raw, Value& value) {
  switch (type) {
    case Type::Skip:
      return true;
    case Type::Text:
      value = readText(raw);
      return true;
    case Type::Bytes:
      value = toHex(raw.substr(0, kMaxValueBytes / 2));
      return true;
    case Type::Int:
      return store(readNumber<int64_t>(raw), value);
    case Type::Hex:
      return store(readNumber<int64_t>(raw, 16), value);
    case Type::Bool:
      return store(readBool(raw), value);
    case Type::Number: {
      const auto number = readNumber<double>(raw);
      return number && std::isfinite(*number) && store(number, value);
    }
  }
  return false;
}

bool Pattern::match(std::string_view message, Captures& captures) const {
  if (!message.starts_with(before_) || (steps_.empty() && message.size() != before_.size())) {
    return false;
  }
  Captures found;
  size_t at = before_.size();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    size_t end = std::string_view::npos;
    if (i + 1 < steps_.size()) {
      end = find(step, message, at);
    } else if (message.size() - at >= step.after.size() && message.ends_with(step.after)) {
      end = message.size() - step.after.size();
    }
    Value value;
    if (end == std::string_view::npos || !read(step.type, message.substr(at, end - at), value)) {
      return false;
    }
    if (step.type != Type::Skip) {
      found.emplace_back(step.key, std::move(value));
    }
    at = end + step.after.size();
  }
  captures.insert(captures.end(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
  return true;
}

std::vector<std::string> Pattern::keys() const {
  std::vector<std::string> names;
  for (const Step& step : steps_) {
    if (step.type != Type::Skip) {
      names.push_back(step.key);
    }
  }
  return names;
}

}  // namespace busbar::generic
