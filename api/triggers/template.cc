// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/template.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/triggers/template_text.h"
#include "sdk/base/net/url.h"

namespace busbar::triggers {
namespace {

using Facts = json::Object;

Error tooLarge() {
  return Error::because(ErrorCode::ResourceExhausted, "template_too_large",
                        "filled in it is over 256 KiB or too deep; use smaller values");
}

Error badValue(std::string message) {
  return Error::because(ErrorCode::InvalidArgument, "template_bad_value", std::move(message));
}

bool isControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

const json::Value* memberOf(const json::Value& value, const std::string& name) {
  if (const auto* array = value.asArray()) {
    size_t at = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data(), end, at);
    return read.ec == std::errc() && read.ptr == end && at < array->size() ? &(*array)[at]
                                                                           : nullptr;
  }
  return value.find(name);
}

Result<const json::Value*> factAt(const TemplatePiece& piece, const Facts& facts) {
  const json::Value* at = facts.find(piece.path.front());
  for (size_t i = 1; i < piece.path.size() && at != nullptr; ++i) {
    at = memberOf(*at, piece.path[i]);
  }
  if (at == nullptr) {
    return Error::because(ErrorCode::FailedPrecondition, "template_without_value",
                          "there is no value for {{ " + piece.text + " }}");
  }
  return at;
}

unsigned depthOf(const json::Value& value) {
  unsigned deepest = 0;
  if (const auto* array = value.asArray()) {
    for (const json::Value& element : *array) {
      deepest = std::max(deepest, depthOf(element));
    }
    return deepest + 1;
  }
  if (const auto* object = value.asObject()) {
    for (const auto& [name, member] : *object) {
      deepest = std::max(deepest, depthOf(member));
    }
    return deepest + 1;
  }
  return 0;
}

void appendEncoded(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (isPlain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
}

// One rendering with its bounds.
class Renderer {
 public:
  enum class Form { Plain, Url };
  Renderer(const Facts& facts, Form form) : facts_(facts), form_(form) {}

  Result<json::Value> value(const json::Value& source, unsigned depth) {
    if (depth > kMaxRenderedDepth) {
      return tooLarge();
    }
    if (const auto* string = source.asString()) {
      return ofText(*string, depth);
    }
    if (const auto* array = source.asArray()) {
      return ofArray(*array, depth);
    }
    if (const auto* object = source.asObject()) {
      return ofObject(*object, depth);
    }
    return take(sizeof(json::Value)) ? Result<json::Value>(source) : tooLarge();
  }

  Result<std::string> text(std::string_view source) {
    auto pieces = piecesOf(source);
    if (!pieces) {
      return pieces.error();
    }
    std::string out;
    for (const TemplatePiece& piece : *pieces) {
      BUSBAR_TRY(append(piece, out));
    }
    return out;
  }

 private:
  bool take(size_t bytes) {
    taken_ += bytes;
    return taken_ <= kMaxRenderedBytes;
  }

  Result<std::vector<TemplatePiece>> piecesOf(std::string_view source) {
    auto pieces = parseTemplate(source);
    if (!pieces) {
      return Error::because(ErrorCode::InvalidArgument, "template_broken", pieces.error().message);
    }
    templates_ += pieces->size();
    return templates_ > 2 * kMaxTemplates + 1 ? Result<std::vector<TemplatePiece>>(tooLarge())
                                              : std::move(pieces);
  }

  Status append(const TemplatePiece& piece, std::string& out) {
    if (piece.path.empty()) {
      if (!take(piece.text.size())) {
        return tooLarge();
      }
      if (form_ == Form::Url && piece.isTemplate) {
        appendEncoded(out, piece.text);
      } else {
        out += piece.text;
      }
      return {};
    }
    auto fact = factAt(piece, facts_);
    if (!fact) {
      return fact.error();
    }
    const std::string* const bare = (*fact)->asString();
    const std::string written = bare == nullptr ? json::write(**fact) : std::string();
    const std::string& plain = bare == nullptr ? written : *bare;
    const size_t before = out.size();
    if (form_ == Form::Url) {
      appendEncoded(out, plain);
    } else {
      out += plain;
    }
    return take(out.size() - before) ? Status() : tooLarge();
  }

  Result<json::Value> ofText(const std::string& source, unsigned depth) {
    if (!hasTemplate(source)) {
      return take(source.size() + 2) ? Result<json::Value>(json::Value(source)) : tooLarge();
    }
    auto pieces = piecesOf(source);
    if (!pieces) {
      return pieces.error();
    }
    if (pieces->size() == 1 && !pieces->front().path.empty()) {
      auto fact = factAt(pieces->front(), facts_);
      if (!fact) {
        return fact.error();
      }
      if (!take(json::write(**fact).size()) || depth + depthOf(**fact) > kMaxRenderedDepth) {
        return tooLarge();
      }
      return **fact;
    }
    std::string out;
    for (const TemplatePiece& piece : *pieces) {
      BUSBAR_TRY(append(piece, out));
    }
    return json::Value(std::move(out));
  }

  Result<json::Value> ofArray(const json::Array& source, unsigned depth) {
    json::Array out;
    for (const json::Value& element : source) {
      auto rendered = value(element, depth + 1);
      if (!rendered) {
        return rendered.error();
      }
      out.push_back(std::move(*rendered));
    }
    return json::Value(std::move(out));
  }

  Result<json::Value> ofObject(const json::Object& source, unsigned depth) {
    json::Object out;
    for (const auto& [name, member] : source) {
      auto rendered = value(member, depth + 1);
      if (!rendered) {
        return rendered.error();
      }
      if (!take(name.size() + 4)) {
        return tooLarge();
      }
      out.set(name, std::move(*rendered));
    }
    return json::Value(std::move(out));
  }

  const Facts& facts_;
  const Form form_;
  size_t taken_ = 0;
  size_t templates_ = 0;
};

// RFC 3986 s. 5.2.4 would take such segments away, and others with them.
bool hasDotSegment(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  const size_t end = url.find_first_of("?#");
  if (begin >= std::min(end, url.size())) {
    return false;
  }
  const std::string path = std::string(url.substr(begin, std::min(end, url.size()) - begin)) + "/";
  return path.find("/./") != std::string::npos || path.find("/../") != std::string::npos;
}

void checkText(std::string_view text, std::string_view path, size_t& templates,
               model::FieldErrors& errors) {
  if (!hasTemplate(text)) {
    return;
  }
  const auto pieces = parseTemplate(text);
  if (!pieces) {
    errors.push_back({std::string(path), pieces.error().message});
    return;
  }
  for (const TemplatePiece& piece : *pieces) {
    templates += piece.isTemplate ? 1 : 0;
    if (const Status known = checkTemplatePath(piece); !known.ok()) {
      errors.push_back({std::string(path), known.error().message});
    }
  }
}

void checkValue(const json::Value& value, const std::string& path, unsigned depth,
                size_t& templates, model::FieldErrors& errors) {
  if (depth > kMaxRenderedDepth) {
    errors.push_back({path, "is more than " + std::to_string(kMaxRenderedDepth) + " levels deep"});
  } else if (const auto* text = value.asString()) {
    checkText(*text, path, templates, errors);
  } else if (const auto* array = value.asArray()) {
    for (size_t i = 0; i < array->size(); ++i) {
      checkValue((*array)[i], path + "." + std::to_string(i), depth + 1, templates, errors);
    }
  } else if (const auto* object = value.asObject()) {
    for (const auto& [name, member] : *object) {
      checkValue(member, path + "." + name, depth + 1, templates, errors);
    }
  }
}

}  // namespace

bool hasTemplate(std::string_view text) {
  return text.find("{{") != std::string_view::npos;
}

bool hasTemplate(const json::Value& value) {
  if (const auto* text = value.asString()) {
    return hasTemplate(std::string_view(*text));
  }
  if (const auto* array = value.asArray()) {
    return std::any_of(array->begin(), array->end(),
                       [](const json::Value& element) { return hasTemplate(element); });
  }
  const auto* object = value.asObject();
  return object != nullptr &&
         std::any_of(object->begin(), object->end(),
                     [](const json::Member& member) { return hasTemplate(member.second); });
}

void checkTemplates(const json::Value& value, std::string_view path, model::FieldErrors& errors) {
  size_t templates = 0;
  checkValue(value, std::string(path), 0, templates, errors);
  if (templates > kMaxTemplates) {
    errors.push_back(
        {std::string(path), "holds more than " + std::to_string(kMaxTemplates) + " templates"});
  }
}

void checkUrlTemplate(std::string_view url, std::string_view path, model::FieldErrors& errors) {
  const auto pieces = parseTemplate(url);
  if (!pieces) {
    errors.push_back({std::string(path), pieces.error().message});
    return;
  }
  std::string filled;
  for (const TemplatePiece& piece : *pieces) {
    const size_t scheme = filled.find("://");
    const bool isBehindHost =
        scheme != std::string::npos && filled.find_first_of("/?#", scheme + 3) != std::string::npos;
    if (piece.isTemplate && !isBehindHost) {
      errors.push_back({std::string(path), "may have templates in its path and query only"});
      return;
    }
    if (const Status known = checkTemplatePath(piece); !known.ok()) {
      errors.push_back({std::string(path), known.error().message});
    }
    filled += piece.isTemplate ? std::string("x") : piece.text;
  }
  if (const auto parsed = Url::parse(filled); !parsed) {
    errors.push_back({std::string(path), "is no good URL: " + parsed.error().message});
  }
}

void collectStatuses(std::string_view text, std::vector<TemplateStatus>& out) {
  const auto pieces = hasTemplate(text) ? parseTemplate(text) : std::vector<TemplatePiece>();
  if (!pieces) {
    return;
  }
  for (const TemplatePiece& piece : *pieces) {
    if (piece.path.size() < 3 || piece.path.front() != "status") {
      continue;
    }
    TemplateStatus status{piece.path[1], piece.path[2]};
    if (std::find(out.begin(), out.end(), status) == out.end()) {
      out.push_back(std::move(status));
    }
  }
}

void collectStatuses(const json::Value& value, std::vector<TemplateStatus>& out) {
  if (const auto* text = value.asString()) {
    collectStatuses(std::string_view(*text), out);
  } else if (const auto* array = value.asArray()) {
    for (const json::Value& element : *array) {
      collectStatuses(element, out);
    }
  } else if (const auto* object = value.asObject()) {
    for (const auto& [name, member] : *object) {
      collectStatuses(member, out);
    }
  }
}

Result<json::Value> render(const json::Value& value, const json::Object& facts) {
  return Renderer(facts, Renderer::Form::Plain).value(value, 0);
}

Result<std::string> renderText(std::string_view text, const json::Object& facts) {
  return Renderer(facts, Renderer::Form::Plain).text(text);
}

Result<std::string> renderUrl(std::string_view url, const json::Object& facts) {
  auto out = Renderer(facts, Renderer::Form::Url).text(url);
  if (out.ok() && hasTemplate(url) && hasDotSegment(*out)) {
    return badValue("a value makes a segment \".\" or \"..\" of the URL's path");
  }
  return out;
}

Result<std::string> renderHeader(std::string_view text, const json::Object& facts) {
  auto out = Renderer(facts, Renderer::Form::Plain).text(text);
  if (out.ok() && std::any_of(out->begin(), out->end(), isControl)) {
    return badValue("a value has a line break or control character, which headers cannot have");
  }
  return out;
}

}  // namespace busbar::triggers
