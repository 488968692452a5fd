// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/cookie_jar.h"

#include <curl/curl.h>

#include "sdk/base/net/curl_multi.h"
#include "sdk/base/result.h"

namespace busbar {

std::shared_ptr<CookieJar> CookieJar::create() {
  startCurl();
  CURLSH* share = curl_share_init();
  BUSBAR_CHECK(share != nullptr);
  // One loop uses it, so it needs no lock functions.
  BUSBAR_CHECK(curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) == CURLSHE_OK);
  return std::shared_ptr<CookieJar>(new CookieJar(share));
}

CookieJar::~CookieJar() {
  curl_share_cleanup(static_cast<CURLSH*>(share_));
}

}  // namespace busbar
