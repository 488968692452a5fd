// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/sessions.h"

#include <algorithm>
#include <utility>

#include "api/auth/secret_token.h"

namespace busbar::auth {

void Sessions::adopt(SessionRecord record) {
  std::string id = record.id;
  sessions_.insert_or_assign(std::move(id), std::move(record));
}

bool Sessions::isAlive(const SessionRecord& session) const {
  const int64_t now = journal_.now();
  return now < session.expiresAt && now < session.seenAt + session.idleSeconds;
}

void Sessions::makeRoom(const std::string& userId, std::vector<AuthWrite>& writes) {
  auto theirs = of(userId);
  while (theirs.size() >= kMaxPerUser) {
    const auto oldest =
        std::min_element(theirs.begin(), theirs.end(),
                         [](const auto* a, const auto* b) { return a->seenAt < b->seenAt; });
    const std::string id = (*oldest)->id;
    theirs.erase(oldest);
    for (AuthWrite& write : end(id)) {
      writes.push_back(std::move(write));
    }
  }
}

void Sessions::open(NewSession session, Callback<void(Result<Opened>)> done) {
  std::vector<AuthWrite> writes;
  makeRoom(session.userId, writes);
  const SecretToken secret = newSecret();
  SessionRecord record;
  record.id = "ses-" + ids_.nextUlid();
  record.createdAt = std::max(journal_.now(), session.notBefore);
  record.seenAt = record.createdAt;
  record.expiresAt = record.createdAt + kAbsoluteSeconds;
  record.idleSeconds = session.idleSeconds;
  record.userId = std::move(session.userId);
  record.domainId = std::move(session.domainId);
  record.address = std::move(session.address);
  record.secretHash = secret.hash;
  sessions_.insert_or_assign(record.id, record);
  Opened opened{record.id, record.id + "." + secret.text};
  writes.push_back({AuthWrite::Kind::Put, std::move(record)});
  journal_.write(std::move(writes), [opened = std::move(opened),
                                     done = std::move(done)](const Status& written) mutable {
    done(written.ok() ? Result<Opened>(std::move(opened)) : Result<Opened>(written.error()));
  });
}

const SessionRecord* Sessions::use(std::string_view cookie) {
  const auto shown = parseNamedSecret(cookie);
  if (!shown) {
    return nullptr;
  }
  const auto it = sessions_.find(shown->id);
  if (it == sessions_.end() || !equalsSecretly(it->second.secretHash, shown->hash) ||
      !isAlive(it->second)) {
    return nullptr;
  }
  if (journal_.now() >= it->second.seenAt + kSeenStepSeconds) {
    it->second.seenAt = journal_.now();
    journal_.note(it->second);
  }
  return &it->second;
}

const SessionRecord* Sessions::find(const std::string& id) const {
  const auto it = sessions_.find(id);
  return it != sessions_.end() && isAlive(it->second) ? &it->second : nullptr;
}

std::vector<const SessionRecord*> Sessions::of(std::string_view userId) const {
  std::vector<const SessionRecord*> out;
  for (const auto& [id, session] : sessions_) {
    if (session.userId == userId) {
      out.push_back(&session);
    }
  }
  return out;
}

std::vector<AuthWrite> Sessions::end(const std::string& id) {
  std::vector<AuthWrite> writes;
  if (auto node = sessions_.extract(id)) {
    journal_.countRevocation();
    writes.push_back({AuthWrite::Kind::Erase, std::move(node.mapped())});
  }
  return writes;
}

std::vector<AuthWrite> Sessions::endAllOf(std::string_view userId) {
  std::vector<std::string> ids;
  for (const SessionRecord* session : of(userId)) {
    ids.push_back(session->id);
  }
  std::vector<AuthWrite> writes;
  for (const std::string& id : ids) {
    for (AuthWrite& write : end(id)) {
      writes.push_back(std::move(write));
    }
  }
  return writes;
}

void Sessions::sweep() {
  std::erase_if(sessions_, [this](const auto& item) { return !isAlive(item.second); });
}

}  // namespace busbar::auth
