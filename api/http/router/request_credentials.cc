// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/router/request_credentials.h"

#include <algorithm>

namespace busbar::http {
namespace {

// The names that PlaceOS's clients use, in queries and for cookies.
constexpr std::string_view kKeyName = "api-key";
constexpr std::string_view kTokenName = "bearer_token";

}  // namespace

std::string_view cookieOf(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      std::string_view value = pair.substr(name.size() + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
  }
  return {};
}

auth::Credentials credentialsOf(const Request& request, CredentialPlaces places) {
  auth::Credentials credentials;
  credentials.apiKey = request.header("X-API-Key").value_or("");
  credentials.authorization = request.header("Authorization").value_or("");
  credentials.host = request.header("Host").value_or("");
  credentials.peerAddress = request.peerAddress();
  credentials.peerUid = request.peer().uid;
  if (places == CredentialPlaces::Everywhere && !credentials.isShown()) {
    credentials.apiKey = request.query(kKeyName).value_or("");
    credentials.bearer = request.query(kTokenName).value_or("");
  }
  if (places == CredentialPlaces::Everywhere && !credentials.isShown()) {
    const std::string_view cookies = request.header("Cookie").value_or("");
    credentials.apiKey = cookieOf(cookies, kKeyName);
    credentials.bearer = cookieOf(cookies, kTokenName);
  }
  return credentials;
}

}  // namespace busbar::http
