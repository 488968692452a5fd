// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/auth/auth_journal.h"
#include "registry/model/ids.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// Browsers that are signed in. A session ends when it was unseen for its idle time, 30 days after
// it began, when it is ended, or when its user has too many: then the one unseen for longest ends.
// Use is written at most every kSeenStepSeconds. All in memory; loop-only.
class Sessions {
 public:
  static constexpr int64_t kIdleSeconds = int64_t{24} * 3600;
  static constexpr int64_t kAbsoluteSeconds = int64_t{30} * 24 * 3600;
  static constexpr int64_t kSeenStepSeconds = 300;
  static constexpr size_t kMaxPerUser = 50;

  // Both must outlive this.
  Sessions(AuthJournal& journal, model::IdGenerator& ids) : journal_(journal), ids_(ids) {}

  void adopt(SessionRecord record);  // at start

  struct NewSession {
    std::string userId;
    std::string domainId;
    std::string address;
    int64_t notBefore = 0;  // its creation counts as of then, if that is later than now
    int64_t idleSeconds = kIdleSeconds;
  };
  struct Opened {
    std::string id;
    std::string cookie;  // "<id>.<secret>", shown once
  };
  // Acknowledged after it is durable.
  void open(NewSession session, Callback<void(Result<Opened>)> done);

  // The living session of a cookie, which counts as seen now; null for all else.
  const SessionRecord* use(std::string_view cookie);
  const SessionRecord* find(const std::string& id) const;  // living; null: none
  std::vector<const SessionRecord*> of(std::string_view userId) const;

  // Ends at once; the writes make it durable.
  std::vector<AuthWrite> end(const std::string& id);
  std::vector<AuthWrite> endAllOf(std::string_view userId);
  void sweep();  // forgets what has ended
  size_t size() const { return sessions_.size(); }

 private:
  bool isAlive(const SessionRecord& session) const;
  void makeRoom(const std::string& userId, std::vector<AuthWrite>& writes);

  AuthJournal& journal_;
  model::IdGenerator& ids_;
  std::unordered_map<std::string, SessionRecord> sessions_;  // by id
};

}  // namespace busbar::auth
