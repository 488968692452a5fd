// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest_check/glue_header.h"

#include <set>
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

std::string identifier(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
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
  std::string tables;
  std::string functions;
  for (const auto& [name, function] : manifest.functions) {
    const std::string params = paramsOf(function);
    const std::string count = std::to_string(function.order.size());
    if (!params.empty()) {
      tables += "inline constexpr ParamSpec kParams_" + name + "[] = {\n" + params + "};\n";
    }
    const unsigned result = function.resultSchema ? typesOf(*function.resultSchema) : 1;
    functions += "    {" + quoted(name) + ", " +
                 (params.empty() ? std::string("nullptr") : "kParams_" + name) + ", " + count +
                 ", " + std::to_string(result) + "},\n";
  }
  std::string keys;
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
    keys += "inline constexpr ::busbar::glue::StatusSpec " + name + "{" + quoted(status.key) +
            ", " + std::to_string(typesOf(status.schema)) + "};\n";
  }
  const std::string count = std::to_string(manifest.functions.size());
  return "// Made from manifest.json by busbar-manifest-check.\n#pragma once\n\n"
         "#include <busbar/detail/manifest_types.hpp>\n\n"
         "namespace busbar::glue {\n" +
         tables + "inline constexpr FunctionSpec kFunctionSpecs[] = {\n" + functions +
         "    {nullptr, nullptr, 0, 0}};\n"
         "inline constexpr ManifestSpec kManifest{kFunctionSpecs, " +
         count +
         "};\n"
         "}  // namespace busbar::glue\n\n"
         "// The status keys of the manifest, for busbar::StatusKey.\n"
         "namespace busbar::keys {\n" +
         keys + "}  // namespace busbar::keys\n";
}

}  // namespace busbar
