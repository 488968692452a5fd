// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/input.h"

#include <errno.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "registry/settings/settings_text.h"
#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

// The position of "=" in name=value; npos when the word has no such name.
size_t assignmentAt(std::string_view word) {
  const size_t at = word.find('=');
  const bool isName =
      at != std::string_view::npos && at > 0 &&
      std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(at), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
      });
  return isName ? at : std::string_view::npos;
}

Status setPath(json::Object& object, std::string_view path, json::Value value) {
  const size_t dot = path.find('.');
  if (path.empty() || dot == 0 || dot + 1 == path.size()) {
    return usageError("a name is missing in '" + std::string(path) + "'");
  }
  if (dot == std::string_view::npos) {
    object.set(path, std::move(value));
    return {};
  }
  const std::string_view head = path.substr(0, dot);
  if (!object.contains(head) || object.find(head)->asObject() == nullptr) {
    object.set(head, json::Object());
  }
  return setPath(*object.find(head)->asObject(), path.substr(dot + 1), std::move(value));
}

}  // namespace

json::Value wordToJson(std::string_view word) {
  auto value = json::parse(word);
  return value ? std::move(*value) : json::Value(word);
}

Result<json::Value> toCallArguments(const std::vector<std::string>& words) {
  if (words.size() == 1 && (words[0].starts_with('{') || words[0].starts_with('['))) {
    auto whole = json::parse(words[0]);
    if (!whole) {
      return usageError("the arguments are no JSON: " + whole.error().message);
    }
    return whole;
  }
  const auto named = std::count_if(words.begin(), words.end(), [](const std::string& word) {
    return assignmentAt(word) != std::string_view::npos;
  });
  if (named == 0) {
    json::Array array;
    std::transform(words.begin(), words.end(), std::back_inserter(array), wordToJson);
    return json::Value(std::move(array));
  }
  json::Object object;
  for (const std::string& word : words) {
    const size_t at = assignmentAt(word);
    if (at == std::string_view::npos) {
      return usageError("'" + word + "' has no name: give all arguments as name=value, or none");
    }
    object.set(std::string_view(word).substr(0, at), wordToJson(word.substr(at + 1)));
  }
  return json::Value(std::move(object));
}

Result<json::Object> toAssignments(const std::vector<std::string>& words) {
  json::Object object;
  for (const std::string& word : words) {
    const size_t at = assignmentAt(word);
    if (at == std::string_view::npos) {
      return usageError("'" + word + "' is not of the form name=value");
    }
    BUSBAR_TRY(
        setPath(object, std::string_view(word).substr(0, at), wordToJson(word.substr(at + 1))));
  }
  return object;
}

Result<std::string> readInput(const std::string& path, size_t maxBytes) {
  struct Closer {
    void operator()(FILE* file) const {
      if (file != stdin) {
        std::fclose(file);
      }
    }
  };
  const std::unique_ptr<FILE, Closer> file(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
  if (!file) {
    return usageError(Error::fromErrno(errno, "read " + path).message);
  }
  std::string text;
  char block[4096];
  size_t count = 0;
  while ((count = std::fread(block, 1, sizeof(block), file.get())) > 0) {
    text.append(block, count);
    if (text.size() > maxBytes) {
      return usageError("read " + path + ": larger than " + std::to_string(maxBytes >> 20U) +
                        " MiB");
    }
  }
  if (std::ferror(file.get()) != 0) {
    return usageError(Error::fromErrno(errno, "read " + path).message);
  }
  return text;
}

Result<json::Object> toDocument(std::string_view text, const std::string& path) {
  if (auto json = json::parse(text, {1U << 20U, 64}); json && json->asObject() != nullptr) {
    return std::move(*json->asObject());
  }
  // The reader of settings: YAML as people mean it, with bounds. Its errors speak of settings.
  auto document = parseSettings(text);
  if (!document) {
    constexpr std::string_view kPrefix = "settings: ";
    std::string why = document.error().message;
    why.erase(0, why.starts_with(kPrefix) ? kPrefix.size() : 0);
    return Error::because(ErrorCode::InvalidArgument, "findings",
                          "read " + (path == "-" ? "stdin" : path) + ": " + why);
  }
  return document;
}

Result<json::Object> readDocument(const std::string& path) {
  auto text = readInput(path);
  if (!text) {
    return text.error();
  }
  return toDocument(*text, path);
}

}  // namespace busbar::cli
