// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/response.h"

namespace busbar::http {

// Why `request` cannot become a websocket, or nothing (RFC 6455 s. 4.2.1). 426 with
// Sec-WebSocket-Version when it does not ask for one of version 13; 400 for a malformed key or a
// body; 403 when a browser says that a page of another host asks (Origin): cookies go with such
// requests, and no other rule of browsers stops them. Without Origin it is no browser.
std::optional<Response> refuseHandshake(const Request& request);

// 101 for a request that is not refused. No extension and no subprotocol is chosen.
Response acceptHandshake(const Request& request);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string acceptOf(std::string_view key);

// Whether `origin` ("https://a.example:8443") names the host that Host names; default ports may be
// left out of either.
bool isSameHost(std::string_view origin, std::string_view host);

}  // namespace busbar::http
