// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "api/auth/auth_journal.h"
#include "registry/model/ids.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// Families of tokens, and tokens without a family that were revoked. A refresh token is
// "<family id>.<secret>" and good once: each refresh gives a new one. Whoever shows an earlier one
// ends the family, because one of the two holders is a thief (RFC 9700 s. 4.14.2). All in memory;
// loop-only.
class TokenFamilies {
 public:
  static constexpr int64_t kUnusedSeconds =
      int64_t{30} * 24 * 3600;                // a family ends when unused so long
  static constexpr size_t kMaxPerUser = 200;  // then the oldest ends

  // Both must outlive this.
  TokenFamilies(AuthJournal& journal, model::IdGenerator& ids) : journal_(journal), ids_(ids) {}
  TokenFamilies(const TokenFamilies&) = delete;
  TokenFamilies& operator=(const TokenFamilies&) = delete;
  ~TokenFamilies() { *alive_ = false; }

  void adopt(TokenFamilyRecord record);  // at start
  void adopt(const RevocationRecord& record);
  std::string newId() { return "fam-" + ids_.nextUlid(); }

  // Adds `family` (its id is set) and gives it a refresh token. `writes` are what makes it durable.
  std::string add(TokenFamilyRecord family, std::vector<AuthWrite>& writes);

  struct Refreshed {
    TokenFamilyRecord family;
    std::string refreshToken;
  };
  // Answers when the new token is durable; until then, and when it does not become so, the present
  // one stays good. InvalidArgument, reason unknown_refresh_token (also when it belongs to another
  // client) or reused_refresh_token: the family is dead now. Unavailable, reason refresh_running:
  // the same token is shown a second time before the first is answered. Else what the store said.
  void refresh(std::string_view token, std::string_view clientId,
               Callback<void(Result<Refreshed>)> done);
  // The living family that a refresh token belongs to, also when the token was used; for revocation
  // and introspection.
  const TokenFamilyRecord* ofRefreshToken(std::string_view token) const;
  bool isPresent(const TokenFamilyRecord& family, std::string_view token) const;

  const TokenFamilyRecord* find(const std::string& id) const;  // living; null: none

  // All end at once; the writes make it durable.
  std::vector<AuthWrite> end(const std::string& id);
  std::vector<AuthWrite> endAllOf(std::string_view userId);
  std::vector<AuthWrite> endAllOfSession(std::string_view sessionId);
  std::vector<AuthWrite> endAllOfClient(std::string_view clientId);
  std::vector<AuthWrite> revoke(const std::string& jti, int64_t expiresAt);
  bool isRevoked(const std::string& jti) const { return revoked_.contains(jti); }
  void sweep();  // forgets what has ended

 private:
  template <class F>
  std::vector<AuthWrite> endWhere(F matches);
  void finishRefresh(Refreshed refreshed, const Status& written,
                     Callback<void(Result<Refreshed>)> done);

  AuthJournal& journal_;
  model::IdGenerator& ids_;
  std::unordered_map<std::string, TokenFamilyRecord> families_;  // by id
  std::unordered_map<std::string, int64_t> revoked_;             // jti -> when it expires anyway
  std::unordered_set<std::string> rotating_;                     // ids whose new token is written
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);   // shared with completions
};

}  // namespace busbar::auth
