// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/header_document.h"

#include <algorithm>
#include <utility>

#include "sdk/base/ascii.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

Error wrong(std::string message) {
  return Error::at(ErrorCode::InvalidArgument, "headers", std::move(message));
}

Status addValue(HttpHeaders& headers, const std::string& name, const json::Value& value) {
  if (headers.size() >= HttpRequest::kMaxHeaders) {
    return wrong("there are more than 64 headers");
  }
  const std::string* text = value.asString();
  if (text == nullptr) {
    return wrong("the value of a header is neither a string nor an array of strings");
  }
  headers.push_back({name, *text});
  return {};
}

void appendName(std::string& out, std::string_view name) {
  json::appendString(out, asciiLowered(name));
  out += ':';
}

bool isSame(const HttpHeader& a, const HttpHeader& b) {
  return sameHeaderName(a.name, b.name);
}

// The values of all headers of the name of headers[first], which is the first of them.
void appendValues(std::string& out, const HttpHeaders& headers, size_t first) {
  const auto from = headers.begin() + static_cast<ptrdiff_t>(first);
  const auto more = [&](const HttpHeader& header) { return isSame(header, *from); };
  if (std::none_of(from + 1, headers.end(), more)) {
    json::appendString(out, from->value);
    return;
  }
  char separator = '[';
  for (auto at = from; at != headers.end(); ++at) {
    if (isSame(*at, *from)) {
      out += std::exchange(separator, ',');
      json::appendString(out, at->value);
    }
  }
  out += ']';
}

}  // namespace

Result<HttpHeaders> readHeaders(std::string_view document) {
  HttpHeaders headers;
  if (document.empty()) {
    return headers;
  }
  const auto parsed =
      json::parse(document, {.maxBytes = 4 * HttpRequest::kMaxHeaderBytes, .maxDepth = 2});
  if (!parsed) {
    return wrong("the headers are no JSON document, or are too large");
  }
  if (parsed->asObject() == nullptr) {
    return wrong("the headers are no object");
  }
  for (const auto& [name, value] : *parsed->asObject()) {
    const json::Array* several = value.asArray();
    if (several == nullptr) {
      BUSBAR_TRY(addValue(headers, name, value));
      continue;
    }
    for (const json::Value& one : *several) {
      BUSBAR_TRY(addValue(headers, name, one));
    }
  }
  return headers;
}

std::string writeHeaders(const HttpHeaders& headers) {
  std::string out = "{";
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto here = headers.begin() + static_cast<ptrdiff_t>(i);
    if (std::any_of(headers.begin(), here,
                    [&](const HttpHeader& before) { return isSame(before, *here); })) {
      continue;
    }
    if (out.size() > 1) {
      out += ',';
    }
    appendName(out, here->name);
    appendValues(out, headers, i);
  }
  return out + "}";
}

}  // namespace busbar
