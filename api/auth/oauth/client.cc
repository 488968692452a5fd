// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/client.h"

#include <algorithm>

#include "api/auth/base64url.h"
#include "api/auth/client_secret.h"

namespace busbar::oauth {
namespace {

constexpr size_t kMaxScopes = 30;
constexpr size_t kMaxScopeBytes = 64;

struct Shown {
  std::string id;
  std::string secret;
};

// The credentials of "Basic <base64 of id:secret>" (RFC 7617). Ids and secrets are of characters
// that need no escape.
std::optional<Shown> readBasic(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  std::string text(authorization.substr(kScheme.size()));
  while (text.ends_with('=')) {
    text.pop_back();
  }
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  const auto plain = auth::decodeBase64Url(text);
  const size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return std::nullopt;
  }
  return Shown{plain->substr(0, colon), plain->substr(colon + 1)};
}

bool isScope(std::string_view text) {
  return !text.empty() && text.size() <= kMaxScopeBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      out.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool isCovered(const std::string& scope, const std::vector<std::string>& allowed) {
  if (scope == "openid" || scope == "profile" || scope == "email" || scope == "offline_access") {
    return true;
  }
  const std::string name = scope.substr(0, scope.rfind('.'));
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& each) {
    return each == "public" || each == scope || each == name;
  });
}

Error refused() {
  return Error::of(ErrorCode::Unauthenticated, "the client is unknown, or its secret is wrong");
}

}  // namespace

Result<Client> readClient(const Site& site, const model::Domain& domain,
                          std::string_view authorization, const Form& form) {
  Shown shown{form.get("client_id"), form.get("client_secret")};
  if (authorization.starts_with("Basic ")) {
    const auto basic = readBasic(authorization);
    if (!basic) {
      return refused();
    }
    if (!shown.secret.empty() || (!shown.id.empty() && shown.id != basic->id)) {
      return Error::of(ErrorCode::InvalidArgument, "the client shows itself in two ways");
    }
    shown = *basic;
  }
  if (shown.id.empty()) {
    return Error::of(ErrorCode::NotFound, "client_id is missing");
  }
  Client client;
  client.app = site.findOauthAppByUid(domain.id, shown.id);
  if (client.app == nullptr) {
    return refused();
  }
  client.isAuthenticated =
      !shown.secret.empty() && auth::isClientSecret(shown.secret, client.app->secretHash);
  if (client.app->confidential && !client.isAuthenticated) {
    return refused();
  }
  return client;
}

std::optional<std::vector<std::string>> readScopes(const model::OauthApp& app,
                                                   std::string_view text) {
  const auto allowed = split(app.scopes);
  auto asked = split(text);
  if (asked.empty()) {
    return allowed;
  }
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  const bool isGood = asked.size() <= kMaxScopes &&
                      std::all_of(asked.begin(), asked.end(), [&](const std::string& scope) {
                        return isScope(scope) && isCovered(scope, allowed);
                      });
  return isGood ? std::optional(std::move(asked)) : std::nullopt;
}

std::string joinScopes(const std::vector<std::string>& scopes) {
  std::string out;
  for (const std::string& scope : scopes) {
    out.append(out.empty() ? "" : " ").append(scope);
  }
  return out;
}

}  // namespace busbar::oauth
