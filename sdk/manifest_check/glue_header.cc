// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest_check/glue_header.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

namespace busbar {
namespace {

// The bits of busbar::glue::JsonType (sdk/cpp/busbar/detail/manifest_types.hpp).
unsigned bitOf(std::string_view type) {
  static constexpr std::pair<std::string_view, unsigned> kBits[] = {
      {"null", 1},    {"boolean", 2}, {"integer", 4}, {"number", 12},
      {"string", 16}, {"array", 32},  {"object", 64}};
  for (const auto& [name, bits] : kBits) {
    if (name == type) {
      return bits;
    }
  }
  return 127;
}

// Which JSON types a value under `schema` may have; all when the schema does not say it plainly.
unsigned typesOf(const json::Value& schema) {
  unsigned bits = 0;
  if (const json::Value* type = schema.find("type")) {
    if (type->asString() != nullptr) {
      return bitOf(*type->asString());
    }
    for (const json::Value& name : *type->asArray()) {
      bits |= bitOf(*name.asString());
    }
  } else if (const json::Value* values = schema.find("enum")) {
    for (const json::Value& value : *values->asArray()) {
      bits |= bitOf(value.typeName());
    }
  } else if (const json::Value* value = schema.find("const")) {
    bits = bitOf(value->typeName());
  }
  return bits != 0 ? bits : 127;
}

bool isRequired(const json::Value& params, const std::string& name) {
  const json::Value* required = params.find("required");
  if (required != nullptr) {
    for (const json::Value& entry : *required->asArray()) {
      if (*entry.asString() == name) {
        return true;
      }
    }
  }
  return false;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "\"";
}

constexpr std::string_view kKeywords[] = {
    "alignas",  "alignof",   "and",       "and_eq",    "asm",       "auto",      "bitand",
    "bitor",    "bool",      "break",     "case",      "catch",     "char",      "char16_t",
    "char32_t", "char8_t",   "class",     "co_await",  "co_return", "co_yield",  "compl",
    "concept",  "const",     "consteval", "constexpr", "constinit", "continue",  "decltype",
    "default",  "delete",    "do",        "double",    "else",      "enum",      "explicit",
    "export",   "extern",    "false",     "float",     "for",       "friend",    "goto",
    "if",       "inline",    "int",       "long",      "mutable",   "namespace", "new",
    "noexcept", "not",       "not_eq",    "nullptr",   "operator",  "or",        "or_eq",
    "private",  "protected", "public",    "register",  "requires",  "return",    "short",
    "signed",   "sizeof",    "static",    "struct",    "switch",    "template",  "this",
    "throw",    "true",      "try",       "typedef",   "typeid",    "typename",  "union",
    "unsigned", "using",     "virtual",   "void",      "volatile",  "wchar_t",   "while",
    "xor",      "xor_eq"};

// A C++ name for a status key: other characters become _, and a keyword gets one at its end.
std::string identifier(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
  }
  if (std::find(std::begin(kKeywords), std::end(kKeywords), out) != std::end(kKeywords)) {
    out += '_';
  }
  return out;
}

std::string paramsOf(const Manifest::Function& function) {
  std::string out;
  for (const std::string& name : function.order) {
    const json::Value& rule = *function.paramsSchema.find("properties")->find(name);
    const bool given = isRequired(function.paramsSchema, name) || rule.find("default") != nullptr;
    out += "    {" + quoted(name) + ", " + std::to_string(typesOf(rule)) + ", " +
           (given ? "true" : "false") + "},\n";
  }
  return out;
}

}  // namespace

Result<std::string> glueHeader(const Manifest& manifest) {
  std::ostringstream params;
  std::ostringstream functions;
  for (const auto& [name, function] : manifest.functions) {
    const std::string specs = paramsOf(function);
    if (!specs.empty()) {
      params << "inline constexpr ParamSpec kParams_" << name << "[] = {\n" << specs << "};\n";
    }
    const unsigned result = function.resultSchema ? typesOf(*function.resultSchema) : 1;
    functions << "    {" << quoted(name) << ", " << (specs.empty() ? "nullptr" : "kParams_" + name)
              << ", " << function.order.size() << ", " << result << "},\n";
  }
  std::ostringstream keys;
  std::set<std::string> seen;
  for (const Manifest::StatusKey& status : manifest.status) {
    if (status.pattern) {
      continue;
    }
    const std::string name = identifier(status.key);
    if (!seen.insert(name).second) {
      return Error::of(ErrorCode::InvalidArgument,
                       "status keys that differ only in punctuation: " + status.key);
    }
    keys << "inline constexpr ::busbar::glue::StatusSpec " << name << "{" << quoted(status.key)
         << ", " << typesOf(status.schema) << "};\n";
  }
  std::ostringstream out;
  out << "// Made from manifest.json by busbar-manifest-check.\n#pragma once\n\n"
      << "#include <busbar/detail/manifest_types.hpp>\n\n"
      << "namespace busbar::glue {\n"
      << params.str() << "inline constexpr FunctionSpec kFunctionSpecs[] = {\n"
      << functions.str() << "    {nullptr, nullptr, 0, 0}};\n"
      << "inline constexpr ManifestSpec kManifest{kFunctionSpecs, " << manifest.functions.size()
      << "};\n}  // namespace busbar::glue\n\n"
      << "// The status keys of the manifest, for busbar::StatusKey.\n"
      << "namespace busbar::keys {\n"
      << keys.str() << "}  // namespace busbar::keys\n";
  return out.str();
}

}  // namespace busbar
