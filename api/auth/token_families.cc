// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/token_families.h"

#include <algorithm>
#include <utility>

#include "api/auth/secret_token.h"

namespace busbar::auth {
namespace {

Error refused(const char* reason, const char* message) {
  return Error::because(ErrorCode::InvalidArgument, reason, message);
}

}  // namespace

void TokenFamilies::adopt(TokenFamilyRecord record) {
  std::string id = record.id;
  families_.insert_or_assign(std::move(id), std::move(record));
}

void TokenFamilies::adopt(const RevocationRecord& record) {
  revoked_.insert_or_assign(record.id, record.expiresAt);
}

std::string TokenFamilies::add(TokenFamilyRecord family, std::vector<AuthWrite>& writes) {
  std::vector<const TokenFamilyRecord*> theirs;
  for (const auto& [id, each] : families_) {
    if (each.userId == family.userId) {
      theirs.push_back(&each);
    }
  }
  if (theirs.size() >= kMaxPerUser) {
    const auto oldest =
        std::min_element(theirs.begin(), theirs.end(),
                         [](const auto* a, const auto* b) { return a->expiresAt < b->expiresAt; });
    writes = end((*oldest)->id);
  }
  const SecretToken secret = newSecret();
  family.secretHash = secret.hash;
  family.expiresAt = journal_.now() + kUnusedSeconds;
  std::string token = family.id + "." + secret.text;
  writes.push_back({AuthWrite::Kind::Put, family});
  adopt(std::move(family));
  return token;
}

const TokenFamilyRecord* TokenFamilies::find(const std::string& id) const {
  const auto it = families_.find(id);
  return it != families_.end() && journal_.now() < it->second.expiresAt ? &it->second : nullptr;
}

const TokenFamilyRecord* TokenFamilies::ofRefreshToken(std::string_view token) const {
  const auto shown = parseNamedSecret(token);
  return shown ? find(shown->id) : nullptr;
}

bool TokenFamilies::isPresent(const TokenFamilyRecord& family, std::string_view token) const {
  const auto shown = parseNamedSecret(token);
  return shown && shown->id == family.id && equalsSecretly(family.secretHash, shown->hash);
}

void TokenFamilies::refresh(std::string_view token, std::string_view clientId,
                            Callback<void(Result<Refreshed>)> done) {
  const TokenFamilyRecord* known = ofRefreshToken(token);
  if (known == nullptr || known->clientId != clientId) {
    done(refused("unknown_refresh_token", "the refresh token is unknown, expired or revoked"));
    return;
  }
  if (!isPresent(*known, token)) {
    // Whoever knows the id of a family has had a token of it, and so could end it anyway.
    journal_.write(end(known->id), [done = std::move(done)](const Status&) mutable {
      done(refused("reused_refresh_token",
                   "the refresh token was used before: all tokens of its "
                   "grant are revoked; sign in again"));
    });
    return;
  }
  if (!rotating_.insert(known->id).second) {
    done(Error::because(ErrorCode::Unavailable, "refresh_running",
                        "the refresh token is being used; try again"));
    return;
  }
  const SecretToken secret = newSecret();
  TokenFamilyRecord family = *known;
  family.secretHash = secret.hash;
  family.expiresAt = journal_.now() + kUnusedSeconds;
  Refreshed refreshed{family, family.id + "." + secret.text};
  std::vector<AuthWrite> writes;
  writes.push_back({AuthWrite::Kind::Put, std::move(family)});
  journal_.write(std::move(writes), [this, alive = alive_, refreshed = std::move(refreshed),
                                     done = std::move(done)](const Status& written) mutable {
    if (*alive) {
      finishRefresh(std::move(refreshed), written, std::move(done));
    }
  });
}

void TokenFamilies::finishRefresh(Refreshed refreshed, const Status& written,
                                  Callback<void(Result<Refreshed>)> done) {
  const std::string& id = refreshed.family.id;
  rotating_.erase(id);
  const auto it = families_.find(id);
  if (it == families_.end()) {  // ended meanwhile, and its end is written after this
    done(refused("unknown_refresh_token", "the refresh token was revoked"));
    return;
  }
  if (!written.ok()) {
    // The write may still happen if it was only late: the token that nobody got must not stay.
    journal_.note(it->second);
    done(written.error());
    return;
  }
  it->second = refreshed.family;
  done(std::move(refreshed));
}

std::vector<AuthWrite> TokenFamilies::end(const std::string& id) {
  std::vector<AuthWrite> writes;
  if (auto node = families_.extract(id)) {
    journal_.countRevocation();
    writes.push_back({AuthWrite::Kind::Erase, std::move(node.mapped())});
  }
  return writes;
}

template <class F>
std::vector<AuthWrite> TokenFamilies::endWhere(F matches) {
  std::vector<std::string> ids;
  for (const auto& [id, family] : families_) {
    if (matches(family)) {
      ids.push_back(id);
    }
  }
  std::vector<AuthWrite> writes;
  for (const std::string& id : ids) {
    for (AuthWrite& write : end(id)) {
      writes.push_back(std::move(write));
    }
  }
  return writes;
}

std::vector<AuthWrite> TokenFamilies::endAllOf(std::string_view userId) {
  return endWhere([&](const auto& family) { return family.userId == userId; });
}

std::vector<AuthWrite> TokenFamilies::endAllOfSession(std::string_view sessionId) {
  return endWhere([&](const auto& family) { return family.sessionId == sessionId; });
}

std::vector<AuthWrite> TokenFamilies::endAllOfClient(std::string_view clientId) {
  return endWhere([&](const auto& family) { return family.clientId == clientId; });
}

std::vector<AuthWrite> TokenFamilies::revoke(const std::string& jti, int64_t expiresAt) {
  journal_.countRevocation();
  revoked_.insert_or_assign(jti, expiresAt);
  RevocationRecord record;
  record.id = jti;
  record.expiresAt = expiresAt;
  std::vector<AuthWrite> writes;
  writes.push_back({AuthWrite::Kind::Put, std::move(record)});
  return writes;
}

void TokenFamilies::sweep() {
  const int64_t now = journal_.now();
  std::erase_if(families_, [now](const auto& item) { return item.second.expiresAt <= now; });
  std::erase_if(revoked_, [now](const auto& item) { return item.second <= now; });
}

}  // namespace busbar::auth
