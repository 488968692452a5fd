// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include "sdk/base/net/http_profile.h"
#include "sdk/base/result.h"

namespace busbar {

// An option that the libcurl at hand knows, with a value that it takes: anything else is a broken
// invariant, since a safety option that is not set must not go unnoticed.
template <class Value>
void setOption(CURL* easy, CURLoption option, Value value) {
  BUSBAR_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

// Sets on a fresh handle what all requests of a profile have in common: protocols, proxy, TLS, and
// off whatever libcurl would take from its environment. `options` outlives the handle's use.
void applyProfile(CURL* easy, const HttpProfileOptions& options);

}  // namespace busbar
