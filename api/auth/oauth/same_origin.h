// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/front/request.h"

namespace busbar::oauth {

// Where a browser may be sent after signing in or out, from what a request names: a path of this
// origin, with query and fragment. `text` is such a path, or a whole http(s) URL whose authority is
// `host` byte for byte (PlaceOS's client sends its own address); the path alone comes back. None
// for all else: another host, "//host", "/\host", user info, control and white-space characters,
// backslashes, anything not ASCII, over 2000 bytes.
std::optional<std::string> samePath(std::string_view text, std::string_view host);

// True when a browser says that another site made this request (Sec-Fetch-Site, else Origin). For
// routes that a cookie opens or that set one. Programs that are no browsers send neither header.
bool isCrossSite(const http::Request& request);

}  // namespace busbar::oauth
