// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/docs/docs_routes.h"

#include <string>
#include <string_view>
#include <utility>

#include "api/auth/client_secret.h"
#include "api/docs/docs_files.h"
#include "api/http/problem.h"
#include "registry/model/validate.h"

namespace busbar::docs {
namespace {

using http::Request;

// RapiDoc writes style attributes, so those are let be; style elements are not, but for the one
// with its colours, whose digest is here once for its light and once for its dark set (a browser
// that refuses it names the digest it wants). The mark of its drop-down lists is a data: image.
// What is called is this server alone; RapiDoc gets the description as a blob: of the page itself.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; connect-src 'self' blob:; img-src data:; "
    "style-src-elem 'self' 'sha256-56Ph23MXZvE0Fm5vsseYLb0YVfbbtYUzgZr0LSmubpY=' "
    "'sha256-SUwbHntTqVGqcmKhRrXbrWH11E/tCQyG8u5bSm7UaY0='; "
    "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Response guarded(const char* cacheControl) {
  http::Response response(200);
  response.set("Content-Security-Policy", kPolicy);
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "same-origin");
  response.set("Cache-Control", cacheControl);
  return response;
}

// The application that stands for this page at the domain that is asked, or "": an admin has
// registered it with the page's own address as its redirect URI.
std::string clientOf(const Site& site, const Request& request) {
  const std::string_view host = request.header("Host").value_or(std::string_view());
  const model::Domain* domain = site.domainForHost(model::hostOf(host));
  if (domain == nullptr) {
    return {};
  }
  const std::string scheme = request.peer().isTls ? "https://" : "http://";
  std::string uid = auth::clientIdOf(scheme + std::string(host) + "/api/docs");
  return site.findOauthAppByUid(domain->id, uid) == nullptr ? std::string() : uid;
}

void page(const Site& site, Request& request, http::Responder responder) {
  constexpr std::string_view kMark = "{{client}}";
  std::string text = files::page().text();
  if (const size_t at = text.find(kMark); at != std::string::npos) {
    text.replace(at, kMark.size(), clientOf(site, request));  // hexadecimal digits
  }
  http::Response response = guarded("no-store");
  response.setBody("text/html; charset=utf-8", std::move(text));
  responder.send(std::move(response));
}

void addFile(http::Router& router, const char* path, const char* contentType, Asset asset) {
  http::RouteOptions options;
  options.cost = http::Cost::Bulk;
  router.add(
      http::Method::Get, path, auth::Access(auth::Permission::None),
      [contentType, asset](Request& request, http::Responder responder) {
        if (asset.sizeBytes() == 0) {
          responder.send(http::problem(
              Error::because(ErrorCode::NotFound, "not_built",
                             "this Busbar was built without the reference of its API"),
              request));
          return;
        }
        // Kept by browsers, but asked about each time: the next version has the same paths.
        asset.serve(request, std::move(responder), contentType, guarded("no-cache"));
      },
      options);
}

}  // namespace

void addDocsRoutes(http::Router& router, const Site& site) {
  constexpr const char* kScript = "text/javascript; charset=utf-8";
  constexpr const char* kStyle = "text/css; charset=utf-8";
  router.add(http::Method::Get, "/api/docs", auth::Access(auth::Permission::None),
             [&site](Request& request, http::Responder responder) {
               page(site, request, std::move(responder));
             });
  addFile(router, "/api/docs/docs.css", kStyle, files::style());
  addFile(router, "/api/docs/docs.js", kScript, files::script());
  addFile(router, "/api/docs/rapidoc.css", kStyle, files::rapidocStyle());
  addFile(router, "/api/docs/rapidoc-min.js", kScript, files::rapidoc());
  addFile(router, "/api/docs/rapidoc-min.js.LICENSE.txt", "text/plain; charset=utf-8",
          files::rapidocLicense());
  addFile(router, "/api/openapi.yaml", "application/yaml", files::description());
}

}  // namespace busbar::docs
