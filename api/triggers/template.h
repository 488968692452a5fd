// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/model/validate.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

// Texts of actions with places for values: "{{ trigger.name }} is {{ status.Display_1.power }}".
// Between the braces stands a path into the facts of a firing, or a text in double quotes that
// stands for itself (so that "{{" can be written). No code, no loops, no includes; a value that
// holds "{{" stays as it is. All pure. What paths there are: openapi.yaml "TriggerActions".
namespace busbar::triggers {

// Bounds of one text or document, in which templates are filled in together.
inline constexpr size_t kMaxTemplates = 1'000;
inline constexpr size_t kMaxTemplateMembers = 16;  // of one path
inline constexpr size_t kMaxRenderedBytes = 256U << 10;
inline constexpr unsigned kMaxRenderedDepth = 48;

bool hasTemplate(std::string_view text);
inline bool hasTemplate(const std::string& text) {
  return hasTemplate(std::string_view(text));
}
bool hasTemplate(const json::Value& value);  // in any text of it; names of members hold none

// When an action is saved: appends an error for each text whose templates are not well formed or
// name what no firing has. `path` is where `value` stands, "actions.steps.0.function.args".
void checkTemplates(const json::Value& value, std::string_view path, model::FieldErrors& errors);
// The same for a URL: templates only in path and query, and a URL when they are filled in.
void checkUrlTemplate(std::string_view url, std::string_view path, model::FieldErrors& errors);

// A status that templates name. Engines put its value at facts.status.<mod>.<status>.
struct TemplateStatus {
  std::string mod;
  std::string status;
  bool operator==(const TemplateStatus&) const = default;
};
// Appends those that are not in `out` yet. What is not well formed is left out.
void collectStatuses(std::string_view text, std::vector<TemplateStatus>& out);
void collectStatuses(const json::Value& value, std::vector<TemplateStatus>& out);

// Fills in. A text that is one template and nothing else becomes the fact with its type; inside of
// a longer text, texts stand bare and other values as JSON. Errors by reason: template_broken,
// template_without_value (names the path; null is a value), template_too_large.
Result<json::Value> render(const json::Value& value, const json::Object& facts);
Result<std::string> renderText(std::string_view text, const json::Object& facts);
// Values are percent-encoded (RFC 3986 s. 2.1). Also template_bad_value: the path got a segment
// "." or "..", which would lead elsewhere.
Result<std::string> renderUrl(std::string_view url, const json::Object& facts);
// For headers of mail and HTTP. Also template_bad_value: a line break or control character.
Result<std::string> renderHeader(std::string_view text, const json::Object& facts);

}  // namespace busbar::triggers
