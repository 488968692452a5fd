// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/refusal.h"

namespace busbar::api {
namespace {

constexpr int kUnprocessable = 422;
constexpr size_t kMaxShownBytes = 100;

Refusal parameterRefusal(std::string_view parameter, std::string_view restriction) {
  Refusal refusal;
  refusal.error = Error::at(ErrorCode::InvalidArgument, std::string(parameter),
                            "parameter " + std::string(parameter) + " " + std::string(restriction));
  refusal.extra.set("restriction", restriction);
  return refusal;
}

}  // namespace

Refusal invalidFields(const model::FieldErrors& errors) {
  BUSBAR_CHECK(!errors.empty());
  Refusal refusal;
  refusal.error =
      Error::at(ErrorCode::InvalidArgument, errors.front().field,
                "validation failed: " + errors.front().field + " " + errors.front().reason);
  refusal.error.reason = "invalid_fields";
  refusal.error.httpStatus = kUnprocessable;
  json::Array failures;
  for (const model::FieldError& error : errors) {
    json::Object failure;
    failure.set("field", error.field);
    failure.set("reason", error.reason);
    failures.emplace_back(std::move(failure));
  }
  refusal.extra.set("failures", std::move(failures));
  return refusal;
}

Refusal badParameter(std::string_view parameter, std::string_view restriction) {
  Refusal refusal = parameterRefusal(parameter, restriction);
  refusal.error.reason = "bad_parameter";
  return refusal;
}

Refusal missingParameter(std::string_view parameter, std::string_view restriction) {
  Refusal refusal = parameterRefusal(parameter, restriction);
  refusal.error.reason = "missing_parameter";
  refusal.error.httpStatus = kUnprocessable;
  return refusal;
}

Error notFound(std::string_view what, std::string_view id) {
  return Error::of(
      ErrorCode::NotFound,
      std::string(what) + " " + std::string(id.substr(0, kMaxShownBytes)) + " does not exist");
}

}  // namespace busbar::api
