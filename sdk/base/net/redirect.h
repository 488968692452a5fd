// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sdk/base/net/http_message.h"
#include "sdk/base/net/http_profile.h"
#include "sdk/base/net/url.h"
#include "sdk/base/result.h"

namespace busbar {

// Changes `request` and `url` into the request that the redirect `head` asks for (RFC 9110
// s. 15.4): 303 makes everything but HEAD a GET, 301 and 302 make POST a GET, 307 and 308 change
// nothing. Towards another origin only headers that carry no secret go along (Accept,
// Accept-Language, Content-Type, Content-Language, User-Agent, traceparent); credentials and other
// headers stay. PermissionDenied, reason `http_redirect_refused`: a Location that is no good URL,
// from https to http, or to an origin that is not allowed; reason `http_blocked_address`: to a
// literal address that is not allowed. Pure.
Status applyRedirect(const HttpProfile& profile, const HttpHead& head, HttpRequest& request,
                     Url& url);

}  // namespace busbar
