// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/login_page.h"

#include <string>
#include <string_view>
#include <utility>

#include "api/auth/oauth/same_origin.h"
#include "api/auth/oauth/web_files.h"

namespace busbar::oauth {
namespace {

using http::Request;

// Without form-action: browsers hold it against the redirects that follow too, and an application
// may stand on another origin.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

std::string escapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

void replace(std::string& page, std::string_view mark, const std::string& by) {
  if (const size_t at = page.find(mark); at != std::string::npos) {
    page.replace(at, mark.size(), by);
  }
}

std::string_view sentenceOf(std::string_view error) {
  return error == "wrong"  ? "The name or the password is wrong."
         : error == "wait" ? "Too many attempts. Wait a little, then try again."
         : error == "away" ? "Signing in is not possible just now. Try again soon."
                           : "";
}

http::Response guarded(std::string contentType, std::string body) {
  http::Response response(200);
  response.setBody(std::move(contentType), std::move(body));
  response.set("Content-Security-Policy", kPolicy);
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "same-origin");
  response.set("Cache-Control", "no-store");
  return response;
}

void page(Request& request, http::Responder responder) {
  const std::string_view host = request.header("Host").value_or(std::string_view());
  const auto next = samePath(request.query("continue").value_or("/"), host);
  std::string text(web::kLoginHtml);
  // The path goes in last: what it holds is not looked at for marks.
  replace(text, "{{error}}", std::string(sentenceOf(request.query("error").value_or(""))));
  replace(text, "{{continue}}", escapeHtml(next.value_or("/")));
  responder.send(guarded("text/html; charset=utf-8", std::move(text)));
}

}  // namespace

void addLoginPage(http::Router& router) {
  const auth::Access open(auth::Permission::None, "auth");
  router.add(http::Method::Get, "/login", open, page);
  router.add(http::Method::Get, "/login/login.css", open, [](Request&, http::Responder responder) {
    responder.send(guarded("text/css; charset=utf-8", std::string(web::kLoginCss)));
  });
  router.add(http::Method::Get, "/login/login.js", open, [](Request&, http::Responder responder) {
    responder.send(guarded("text/javascript; charset=utf-8", std::string(web::kLoginJs)));
  });
}

}  // namespace busbar::oauth
