// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/profile_options.h"

#include <string>

#include "sdk/base/version.h"

namespace busbar {
namespace {

// The profile outlives the handle's use, so libcurl need not copy.
curl_blob blobOf(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};  // NOLINT: only read
}

void setProxy(CURL* easy, const std::optional<HttpProxyOptions>& proxy) {
  // Empty texts, not absent ones: otherwise libcurl asks http_proxy and no_proxy of the
  // environment.
  setOption(easy, CURLOPT_NOPROXY, "");
  if (!proxy) {
    setOption(easy, CURLOPT_PROXY, "");
    return;
  }
  const bool isV6 = proxy->host.find(':') != std::string::npos;
  const std::string host = isV6 ? "[" + proxy->host + "]" : proxy->host;
  setOption(easy, CURLOPT_PROXY, ("http://" + host).c_str());
  setOption(easy, CURLOPT_PROXYPORT, static_cast<long>(proxy->port));
  setOption(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  setOption(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  setOption(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  if (!proxy->user.empty()) {
    setOption(easy, CURLOPT_PROXYUSERNAME, proxy->user.c_str());
    setOption(easy, CURLOPT_PROXYPASSWORD, proxy->password.c_str());
  }
}

void setTls(CURL* easy, const HttpProfileOptions& options) {
  setOption(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool isFull = options.verify == HttpVerify::Full;
  setOption(easy, CURLOPT_SSL_VERIFYPEER, isFull ? 1L : 0L);
  setOption(easy, CURLOPT_SSL_VERIFYHOST, isFull ? 2L : 0L);
  // A resumed session shows no certificate, so nothing could be compared with the pin.
  setOption(easy, CURLOPT_SSL_SESSIONID_CACHE, options.pinnedKey.empty() ? 1L : 0L);
  if (!options.pinnedKey.empty()) {
    setOption(easy, CURLOPT_PINNEDPUBLICKEY, options.pinnedKey.c_str());
  }
  if (!options.caPem.empty()) {
    curl_blob blob = blobOf(options.caPem);
    setOption(easy, CURLOPT_CAINFO_BLOB, &blob);
    // The blob takes the place of Debian's CAINFO; its CAPATH would stay and be trusted as well.
    setOption(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!options.clientCertificate.empty()) {
    curl_blob certificate = blobOf(options.clientCertificate);
    curl_blob key = blobOf(options.clientKey);
    setOption(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    setOption(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
}

}  // namespace

void applyProfile(CURL* easy, const HttpProfileOptions& options) {
  setOption(easy, CURLOPT_NOSIGNAL, 1L);
  setOption(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  setOption(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  setOption(easy, CURLOPT_FOLLOWLOCATION, 0L);
  setOption(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  setOption(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  setOption(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  setOption(easy, CURLOPT_USERAGENT, ("busbar/" + std::string(versionText())).c_str());
  setOption(easy, CURLOPT_PATH_AS_IS, 1L);
  setOption(easy, CURLOPT_NOPROGRESS, 1L);
  setOption(easy, CURLOPT_MAXAGE_CONN, 60L);
  setProxy(easy, options.proxy);
  setTls(easy, options);
}

}  // namespace busbar
