// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/response.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::http {

// The one JSON shape of errors: RFC 9457 members (type, title, status, detail, instance) plus
// `error` (what PlaceOS's client reads; the same text as detail), `code` (ErrorCode's name),
// `reason` (finer, when known), `field` and `parameter` (when one input is to blame) and
// `request_id`. Content-Type application/problem+json; 429 and 503 carry Retry-After. Catalogue:
// api/ERRORS.md.
Response problem(const Error& error, const Request& request, int retryAfterSeconds = 1);
// The same with members added at the end, for shapes that carry more ("failures", "sys_id").
Response problem(const Error& error, const Request& request, const json::Object& extra,
                 int retryAfterSeconds = 1);
// The same for an answer that comes after its request is gone.
Response problem(const Error& error, std::string_view path, std::string_view requestId,
                 const json::Object& extra, int retryAfterSeconds = 1);
// Without a request at hand: for bytes that never became one.
Response problem(int status, std::string_view reason, std::string_view detail);

}  // namespace busbar::http
