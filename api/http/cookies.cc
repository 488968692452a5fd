// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/cookies.h"

#include "api/http/router/request_credentials.h"

namespace busbar::http {

std::string_view findCookie(const Request& request, std::string_view name) {
  return cookieOf(request.header("Cookie").value_or(std::string_view()), name);
}

std::string cookieName(std::string_view name, bool isTls) {
  return isTls ? "__Host-" + std::string(name) : std::string(name);
}

void setCookie(Response& response, std::string_view name, std::string_view value, bool isTls,
               int64_t lifeSeconds) {
  std::string text = cookieName(name, isTls);
  text.append("=").append(value);
  text.append("; Path=/; Max-Age=").append(std::to_string(lifeSeconds));
  text.append("; HttpOnly; SameSite=Lax");
  if (isTls) {
    text.append("; Secure");
  }
  response.set("Set-Cookie", std::move(text));
}

}  // namespace busbar::http
