// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/yaml.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sdk/base/ascii.h"

namespace busbar::cli {
namespace {

// Words that some YAML version reads as null or boolean.
constexpr std::array<std::string_view, 10> kReserved{"null", "true", "false", "yes", "no",
                                                     "on",   "off",  "y",     "n",   "nan"};

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isPlain(std::string_view text) {
  if (text.empty() || !(isLetter(text.front()) || text.front() == '_' || text.front() == '/') ||
      text.back() == ' ') {
    return false;
  }
  if (std::find(kReserved.begin(), kReserved.end(), asciiLowered(text)) != kReserved.end()) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return isLetter(c) || (c >= '0' && c <= '9') ||
           std::string_view("_-./ ").find(c) != std::string_view::npos;
  });
}

std::string scalar(const json::Value& value) {
  const std::string* text = value.asString();
  return text != nullptr && isPlain(*text) ? *text : json::write(value);
}

bool isBlock(const json::Value& value) {
  return (value.asObject() != nullptr && !value.asObject()->empty()) ||
         (value.asArray() != nullptr && !value.asArray()->empty());
}

// Documents come from json::parse, whose depth limit bounds this recursion.
void append(std::string& out, const json::Value& value, size_t indent, bool isFirstInline) {
  if (!isBlock(value)) {
    out += scalar(value) + "\n";
    return;
  }
  bool isInline = isFirstInline;
  const auto begin = [&] {
    out.append(isInline ? 0 : indent, ' ');
    isInline = false;
  };
  if (const json::Object* object = value.asObject()) {
    for (const auto& [name, member] : *object) {
      begin();
      out += scalar(json::Value(name)) + ":";
      const bool isNested = isBlock(member);
      out += isNested ? "\n" : " ";
      append(out, member, indent + (member.asArray() != nullptr ? 0 : 2), false);
    }
    return;
  }
  for (const json::Value& element : *value.asArray()) {
    begin();
    out += "- ";
    append(out, element, indent + 2, true);
  }
}

}  // namespace

std::string toYaml(const json::Value& value) {
  std::string out;
  append(out, value, 0, false);
  return out;
}

}  // namespace busbar::cli
