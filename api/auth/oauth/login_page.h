// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"

namespace busbar::oauth {

// GET /login and its style and script, from api/web. The page is a plain form that works without
// script and by keyboard; nothing of a request gets into it but a checked path and one of three
// fixed sentences. It loads nothing from elsewhere and may stand in no frame.
void addLoginPage(http::Router& router);

}  // namespace busbar::oauth
