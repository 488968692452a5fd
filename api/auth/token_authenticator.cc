// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/token_authenticator.h"

#include <utility>

#include "api/auth/secret_token.h"
#include "registry/model/validate.h"

namespace busbar::auth {

AuthOutcome TokenAuthenticator::authenticate(const Credentials& credentials) {
  const std::string_view token = credentials.token();
  if (!credentials.apiKey.empty() || token.empty() || token.starts_with(kApiKeyPrefix)) {
    return askNext(credentials);
  }
  const model::Domain* domain = site_.domainForHost(model::hostOf(credentials.host));
  if (domain == nullptr) {
    return {nullptr,
            Error::because(ErrorCode::Unauthenticated, "no_domain", "there is no domain yet"), 0};
  }
  return judge(token, *domain);
}

AuthOutcome TokenAuthenticator::askNext(const Credentials& credentials) {
  AuthOutcome outcome = next_.authenticate(credentials);
  if (outcome.principal == nullptr || outcome.principal->kind != CredentialKind::ApiKey) {
    return outcome;
  }
  const model::Domain* domain = site_.domainForHost(model::hostOf(credentials.host));
  // Before there is a domain, nobody belongs to another one.
  if (domain == nullptr || site_.domainIdOf(outcome.principal->domainId) == domain->id) {
    return outcome;
  }
  return {nullptr,
          Error::because(ErrorCode::Unauthenticated, "other_domain",
                         "the credential belongs to another domain"),
          0};
}

bool TokenAuthenticator::isFresh(const Known& known) const {
  const model::User* user = site_.findUser(known.facts.subject);
  return journal_.now() < known.facts.expiresAt && known.revocations == journal_.revocations() &&
         known.userRevision == (user == nullptr ? 0 : user->revision);
}

void TokenAuthenticator::forget(const std::string& digest) {
  if (const auto node = known_.extract(digest)) {
    digests_.erase(node.mapped().facts.jti);
  }
}

AuthOutcome TokenAuthenticator::judge(std::string_view token, const model::Domain& domain) {
  std::string digest = sha256(token);
  const auto it = known_.find(digest);
  if (it != known_.end() && it->second.domainId == domain.id && isFresh(it->second)) {
    return {it->second.principal, {}, 0};
  }
  forget(digest);
  ++checks_;
  auto facts = tokens_.check(token, domain);
  if (!facts.ok()) {
    return {nullptr, std::move(facts).error(), 0};
  }
  return {remember(std::move(digest), std::move(*facts), domain), {}, 0};
}

AuthOutcome TokenAuthenticator::recheck(const Principal& principal) {
  if (principal.kind != CredentialKind::Token) {
    return next_.recheck(principal);
  }
  const auto digest = digests_.find(principal.credentialId);
  if (digest == digests_.end()) {
    return Authenticator::recheck(principal);
  }
  const Known& known = known_.at(digest->second);
  if (isFresh(known)) {
    return {known.principal, {}, 0};
  }
  const model::Domain* domain = site_.findDomain(known.domainId);
  const Status holds = domain == nullptr
                           ? Status(Error::because(ErrorCode::Unauthenticated, "no_domain",
                                                   "the domain of the token is no more"))
                           : tokens_.recheck(known.facts, *domain);
  if (!holds.ok()) {
    return {nullptr, holds.error(), 0};
  }
  TokenFacts facts = known.facts;
  facts.user = site_.findUser(facts.subject);
  return {remember(std::string(digest->second), std::move(facts), *domain), {}, 0};
}

std::shared_ptr<const Principal> TokenAuthenticator::remember(std::string digest, TokenFacts facts,
                                                              const model::Domain& domain) {
  Principal principal;
  principal.userId = facts.subject;
  principal.domainId = domain.id;
  principal.kind = CredentialKind::Token;
  principal.credentialId = facts.jti;
  principal.scopes = facts.scopes;
  int64_t revision = 0;
  if (facts.user != nullptr) {
    principal.role = facts.user->role;
    principal.userName = facts.user->name;
    principal.email = facts.user->email;
    principal.groups = facts.user->groups;
    revision = facts.user->revision;
  }
  if (known_.size() >= kMaxKnown) {
    known_.clear();
    digests_.clear();
  }
  facts.user = nullptr;
  digests_.insert_or_assign(facts.jti, digest);
  auto shared = std::make_shared<const Principal>(std::move(principal));
  known_.insert_or_assign(std::move(digest), Known{shared, std::move(facts), domain.id, revision,
                                                   journal_.revocations()});
  return shared;
}

}  // namespace busbar::auth
