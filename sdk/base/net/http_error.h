// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <curl/curl.h>

#include "sdk/base/result.h"

namespace busbar {

// What libcurl's `code` (not CURLE_OK) means for a request to `origin`, with a stable reason (the
// list is in README.md) and a remedy. `easy` still holds the facts of the transfer. Never has more
// of the URL than its origin, and nothing that the server wrote.
Error errorOf(CURL* easy, CURLcode code, const std::string& origin);

}  // namespace busbar
