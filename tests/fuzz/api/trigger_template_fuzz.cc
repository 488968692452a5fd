// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/triggers/template.h"

namespace {

namespace triggers = busbar::triggers;
namespace json = busbar::json;

json::Object factsOf(std::string_view value) {
  json::Object facts = *json::parse(R"({"trigger":{"id":"t","name":"n"},"system":{"name":5},
      "cause":{"left":[1,{"a":null}],"right":true},"status":{"A_1":{"x":{"y":"z"}}},
      "webhook":{"body":null,"query":{}}})")
                            ->asObject();
  facts.find("webhook")->asObject()->set("body", value);
  return facts;
}

void checkText(const std::string& text, const json::Object& facts) {
  busbar::model::FieldErrors errors;
  triggers::checkTemplates(text, "p", errors);
  const auto value = triggers::render(json::Value(text), facts);
  const auto plain = triggers::renderText(text, facts);
  if (errors.empty()) {
    // What was saved fails for want of values or room only.
    for (const auto* error :
         {value.ok() ? nullptr : &value.error(), plain.ok() ? nullptr : &plain.error()}) {
      BUSBAR_CHECK(error == nullptr || error->reason == "template_without_value" ||
                   error->reason == "template_too_large");
    }
  }
  if (plain.ok()) {
    BUSBAR_CHECK(plain->size() <= triggers::kMaxRenderedBytes);
    BUSBAR_CHECK(triggers::hasTemplate(text) || *plain == text);
  }
  if (const auto header = triggers::renderHeader(text, facts); header.ok()) {
    BUSBAR_CHECK(header->find_first_of("\r\n") == std::string::npos);
  }
}

// A value never gets out of path and query.
void checkUrl(const std::string& text, const json::Object& facts) {
  const std::string url = "https://x.example/" + text;
  busbar::model::FieldErrors errors;
  triggers::checkUrlTemplate(url, "p", errors);
  if (!errors.empty()) {
    return;
  }
  if (const auto out = triggers::renderUrl(url, facts); out.ok()) {
    BUSBAR_CHECK(out->compare(0, 18, "https://x.example/") == 0);
    BUSBAR_CHECK(out->find_first_of("\r\n ") == std::string::npos);
  }
}

}  // namespace

// The first line is a text with templates, the rest a value that it may show.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  const std::string text(input.substr(0, split));
  const json::Object facts =
      factsOf(split == std::string_view::npos ? std::string_view() : input.substr(split + 1));
  checkText(text, facts);
  checkUrl(text, facts);
  std::vector<triggers::TemplateStatus> statuses;
  triggers::collectStatuses(std::string_view(text), statuses);
  return 0;
}
