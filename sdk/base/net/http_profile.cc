// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_profile.h"

#include <algorithm>

#include "sdk/base/net/tls_material.h"

namespace busbar {
namespace {

constexpr size_t kMaxOrigins = 256;
constexpr size_t kMaxConnections = 1024;

Error badProfile(std::string field, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::move(field), std::move(message));
}

Status canonicaliseOrigins(std::vector<std::string>& origins) {
  if (origins.size() > kMaxOrigins) {
    return badProfile("origins", "there are more than 256 origins");
  }
  for (std::string& origin : origins) {
    const auto url = Url::parse(origin);
    if (!url) {
      return badProfile("origins", url.error().message);
    }
    if (url->target() != "/") {
      return badProfile("origins", "an origin has no path and no query: " + url->origin());
    }
    origin = url->origin();
  }
  return {};
}

Status checkTls(const HttpProfileOptions& options) {
  if (!options.caPem.empty()) {
    BUSBAR_TRY(checkCertificates("caPem", options.caPem));
  }
  if (options.clientCertificate.empty() != options.clientKey.empty()) {
    return badProfile("clientKey", "a client certificate and its key come together");
  }
  if (!options.clientCertificate.empty()) {
    if (options.origins.empty()) {
      return badProfile("origins", "a client certificate needs the origins that may see it");
    }
    BUSBAR_TRY(checkKeyPair(options.clientCertificate, options.clientKey));
  }
  if (!options.pinnedKey.empty() && !isPublicKeyPin(options.pinnedKey)) {
    return badProfile("pinnedKey", "the pin is not sha256// and 44 characters of base64");
  }
  if (options.verify == HttpVerify::PinOnly && options.pinnedKey.empty()) {
    return badProfile("pinnedKey", "to verify by pin only takes a pin");
  }
  return {};
}

Status checkProxy(HttpProxyOptions& proxy) {
  const bool isV6 = proxy.host.find(':') != std::string::npos;
  const std::string host = isV6 ? "[" + proxy.host + "]" : proxy.host;
  const auto url = Url::parse("http://" + host + ":" + std::to_string(proxy.port));
  if (!url || url->target() != "/") {
    return badProfile("proxy", "the proxy is no host and port");
  }
  if (proxy.user.find(':') != std::string::npos) {
    return badProfile("proxy", "the user name of the proxy holds a colon");
  }
  proxy.host = url->host();
  return {};
}

}  // namespace

std::string_view toString(HttpVerify verify) {
  switch (verify) {
    case HttpVerify::Full:
      return "full";
    case HttpVerify::PinOnly:
      return "pin_only";
    case HttpVerify::None:
      return "verify_none";
  }
  return "unknown";
}

Result<std::shared_ptr<const HttpProfile>> HttpProfile::create(HttpProfileOptions options) {
  BUSBAR_TRY(canonicaliseOrigins(options.origins));
  BUSBAR_TRY(checkTls(options));
  if (options.proxy) {
    BUSBAR_TRY(checkProxy(*options.proxy));
  }
  if (options.maxConnectionsPerOrigin == 0 || options.maxConnections == 0 ||
      options.maxConnections > kMaxConnections) {
    return badProfile("maxConnections", "the number of connections is not from 1 to 1024");
  }
  std::shared_ptr<HttpProfile> profile(new HttpProfile(std::move(options)));
  if (const auto& proxy = profile->options_.proxy) {
    profile->proxyAddresses_ = {true, {{proxy->host, proxy->port}}};
  }
  return std::shared_ptr<const HttpProfile>(std::move(profile));
}

Status HttpProfile::allows(const Url& url) const {
  const auto& origins = options_.origins;
  if (!origins.empty() &&
      std::find(origins.begin(), origins.end(), url.origin()) == origins.end()) {
    return Error::because(ErrorCode::PermissionDenied, "http_origin_not_allowed",
                          "requests to " + url.origin() +
                              " are not allowed; add it to the allowed origins if it is meant");
  }
  if (const auto literal = IpAddress::parse(url.host())) {
    return checkAddress(options_.addresses, url.host(), *literal, url.port());
  }
  return {};
}

Status HttpProfile::allowsConnect(const Url& url, const IpAddress& address, uint16_t port) const {
  if (options_.proxy) {
    return checkAddress(proxyAddresses_, options_.proxy->host, address, port);
  }
  return checkAddress(options_.addresses, url.host(), address, port);
}

}  // namespace busbar
