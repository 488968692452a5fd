// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// What a web service answers: parsed, and mapped to every type; and the same bytes as a value in
// every place of a request. Input: a JSON pointer up to the first line end, then the answer.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plugins/http_json/mapping.h"
#include "plugins/http_json/request_template.h"

namespace {

using namespace busbar;
using namespace busbar::http_json;

void mapAll(std::string_view pointerText, Json document) {
  auto pointer = Pointer::parse(pointerText);
  if (!pointer) {
    return;
  }
  for (const Type type : {Type::Auto, Type::Boolean, Type::Integer, Type::Number, Type::String}) {
    for (const double scale : {1.0, 0.1}) {
      Point point;
      point.name = "point";
      point.pointerText = pointerText;
      point.pointer = *pointer;
      point.type = type;
      point.scale = scale;
      const Mapped mapped = mapPoint(point, document);
      if (!mapped.problem.empty() && mapped.value.index() != 0) {
        std::abort();
      }
    }
  }
}

// A value never leaves its place.
void fillAll(std::string_view text) {
  const std::string values = "{\"v\":" + toJson(text) + "}";
  const JsonDocument document = JsonDocument::parse(values);
  const std::string path = RequestTemplate("/a/{v}/b", Place::Url).fill(document.root());
  if (std::string_view(path).substr(3, path.size() - 5).find_first_of("/?#& \r\n") !=
      std::string_view::npos) {
    std::abort();
  }
  const auto body = JsonDocument::parse(
      RequestTemplate(R"({"a":{v},"b":"{v}"})", Place::Json).fill(document.root()));
  if (body.root().size() != 2 || body.root()["a"].as<std::string>() != text ||
      body.root()["b"].as<std::string>() != text) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), size);
  const std::string_view answer = input.substr(std::min(line + 1, size));
  try {
    const JsonDocument document = JsonDocument::parse(answer);
    mapAll(input.substr(0, line), document.root());
    const JsonDocument again = JsonDocument::parse(document.root().text());
    (void)again;
  } catch (const Failure&) {
    // no JSON
  }
  try {
    fillAll(answer);
  } catch (const Failure&) {
    // bytes that are no UTF-8 are no value
  }
  return 0;
}
