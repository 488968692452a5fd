// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/model/validate.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::api {

// Why a request is not done: the error, and members that its JSON carries besides.
struct Refusal {
  Error error;
  json::Object extra;
};

// 422 with `failures: [{field, reason}]`; the message names the first one. `errors` is not empty.
Refusal invalidFields(const model::FieldErrors& errors);
inline Refusal invalidField(std::string field, std::string reason) {
  return invalidFields({{std::move(field), std::move(reason)}});
}
// 400 with `parameter` and `restriction`: a query or path parameter is not what it must be.
Refusal badParameter(std::string_view parameter, std::string_view restriction);
// 422, the same shape: a required parameter is absent.
Refusal missingParameter(std::string_view parameter, std::string_view restriction);
// 404 "system sys-… does not exist".
Error notFound(std::string_view what, std::string_view id);

}  // namespace busbar::api
