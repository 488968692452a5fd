// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/module_profile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sdk/base/net/url.h"

namespace busbar {
namespace {

void setTrust(const TlsTrust& tls, const std::string& siteCa, HttpProfileOptions& options) {
  switch (tls.verify) {
    case TlsVerify::Full:
      options.verify = HttpVerify::Full;
      options.caPem = tls.ca.empty() ? siteCa : tls.ca;
      break;
    case TlsVerify::Pin:
      options.verify = HttpVerify::PinOnly;
      options.pinnedKey = tls.pin;
      break;
    case TlsVerify::None:
      options.verify = HttpVerify::None;
      break;
  }
  options.clientCertificate = tls.certificate;
  options.clientKey = tls.key;
}

Status setProxy(const std::optional<HttpProxy>& proxy, HttpProfileOptions& options) {
  if (!proxy) {
    return {};
  }
  const auto url = Url::parse(proxy->url);
  if (!url || url->isHttps() || url->target() != "/") {
    return Error::at(ErrorCode::InvalidArgument, "/busbar/http/proxy/url",
                     "the proxy is no URL of scheme http without a path");
  }
  options.proxy = {url->host(), url->port(), proxy->username, proxy->password};
  return {};
}

Status setOrigins(const std::optional<Url>& own, const std::vector<std::string>& allowed,
                  HttpProfileOptions& options) {
  if (own) {
    options.origins.push_back(own->origin());
    options.addresses.exceptions.push_back({own->host(), own->port()});
  }
  for (const std::string& text : allowed) {
    const auto url = Url::parse(text);
    if (!url) {
      return Error::at(ErrorCode::InvalidArgument, "/busbar/http/allow", url.error().message);
    }
    options.origins.push_back(text);
    const auto literal = IpAddress::parse(url->host());
    if (literal && classify(*literal) == AddressKind::Private) {
      options.addresses.exceptions.push_back({url->host(), url->port()});
    }
  }
  if (options.origins.empty()) {
    return Error::because(ErrorCode::PermissionDenied, "http_origin_not_allowed",
                          "the module has no http or https address of its own, and no origin is "
                          "allowed; set uri, or allow an origin");
  }
  return {};
}

bool usesTls(const HttpProfileOptions& options) {
  return std::any_of(options.origins.begin(), options.origins.end(),
                     [](const std::string& origin) { return origin.rfind("https:", 0) == 0; });
}

Status fill(const std::optional<Url>& own, const Connection& connection, const std::string& siteCa,
            HttpProfileOptions& options) {
  BUSBAR_TRY(setOrigins(own, connection.httpOrigins, options));
  setTrust(connection.tls, siteCa, options);
  return setProxy(connection.httpProxy, options);
}

}  // namespace

ModuleProfile ModuleProfile::of(const std::string& uri, const Connection& connection,
                                const std::string& siteCa) {
  ModuleProfile made;
  std::optional<Url> own;
  if (auto parsed = Url::parse(uri); parsed.ok()) {
    own = std::move(*parsed);
    made.ownOrigin = own->origin();
  }
  HttpProfileOptions options;
  if (Status filled = fill(own, connection, siteCa, options); !filled.ok()) {
    made.problem = std::move(filled).error();
  } else {
    if (usesTls(options) && options.verify == HttpVerify::None) {
      made.warnings.emplace_back(
          "HTTPS does not verify who answers (tls verify none): anybody between here and there can "
          "read and change what is sent");
    }
    if (usesTls(options) && !connection.tls.serverName.empty()) {
      made.warnings.emplace_back(
          "tls server_name is for links; HTTPS verifies the name that stands in the URL");
    }
    auto profile = HttpProfile::create(std::move(options));
    if (profile) {
      made.profile = std::move(*profile);
    } else {
      made.problem = std::move(profile).error();
    }
  }
  if (made.profile == nullptr && made.problem.reason.empty()) {
    made.problem =
        Error::because(ErrorCode::FailedPrecondition, "http_misconfigured",
                       "the connection settings of the module do not work: " + made.problem.field +
                           ": " + made.problem.message);
  }
  return made;
}

}  // namespace busbar
