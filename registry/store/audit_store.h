// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/records.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// One thing that somebody did. Shape: KEYS.md "audit".
struct AuditEntry {
  int64_t sequence = 0;    // rises by one; given by the store
  int64_t timeMs = 0;      // UTC
  std::string action;      // "create", "update", "delete"; "sign_in", "grant", "exec", …
  std::string record;      // what kind of thing the subject is: "module"
  std::string subject;     // its id
  std::string userId;      // empty: the system itself
  std::string credential;  // as Actor
  std::string peer;        // as Actor
  std::string traceId;
  std::string before;  // JSON object, secrets masked; empty: none
  std::string after;   // JSON object, secrets masked; empty: none
  std::string hash;    // 64 lower-case hex digits; given by the store
  bool operator==(const AuditEntry&) const = default;
};

// Which entries; an empty member does not filter.
struct AuditFilter {
  int64_t sinceMs = 0;
  int64_t untilMs = INT64_MAX;  // not included
  int64_t afterSequence = 0;    // only later ones
  std::string userId;
  std::string subject;
  std::string record;
  std::string action;
  std::vector<std::string> records;  // any of these
  // Ids: the entries of these rows, and of members, zones and invitations that an entry says belong
  // to a group of these (`group_id`).
  std::vector<std::string> about;
  bool oldestFirst = false;
  size_t limit = 100;
  size_t offset = 0;
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  int64_t total = 0;  // that the filter lets through
};

// What a walk over the whole chain found.
struct AuditVerdict {
  int64_t entries = 0;
  int64_t first = 0;  // sequence of the oldest; 0: none
  int64_t last = 0;
  std::string lastHash;  // of the newest, or of the anchor
  int64_t brokenAt = 0;  // the first sequence that is not as it was written; 0: all are
  std::string problem;   // a sentence; empty: all is well
  bool isSound() const { return problem.empty(); }
};

// Who did what to what, from where. Entries form a hash chain: each hash is SHA-256 over the one
// before it and the entry's own members, so a byte that is changed, an entry that is taken out or
// put in, or an end that is cut off shows. Nothing is ever changed; entries go by age only, and
// then an anchor keeps the hash that the oldest one builds on.
//
// Does not protect against who can write the database file and computes the whole chain anew: keep
// exports, or the last hash, on another machine.
//
// Asynchronous as ConfigStore. Loop-only. Contract tests: tests/contract/audit_store_contract.h.
class AuditStore {
 public:
  static constexpr size_t kMaxWaiting = 10'000;  // that are not on disk yet
  static constexpr size_t kReserve = 1'000;      // of these, for what cannot be refused
  static constexpr Milliseconds kGroupDelay{50};

  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~AuditStore() = default;

  // Takes an entry that is no change of the configuration (ConfigStore::apply writes those itself);
  // sequence, time and hash are the store's to give. It is on disk within 100 ms; entries of that
  // time share a transaction. ResourceExhausted: too many wait, this one is lost and counted.
  virtual Status append(AuditEntry entry) = 0;
  // Whether only the reserve is left: calls are refused, so that their entries push out neither
  // sign-ins nor firings, which happen anyway.
  virtual bool isAuditFull() const = 0;
  // What append() took is on disk.
  virtual void flush(Instant deadline, Done<void> done) = 0;
  // Entries that append() took or refused and that never reached the disk.
  virtual uint64_t lostAuditEntries() const = 0;

  virtual void listAudit(AuditFilter filter, Instant deadline, Done<AuditPage> done) = 0;
  virtual void verifyAudit(Instant deadline, Done<AuditVerdict> done) = 0;
  // Removes what is older, and moves the anchor; answers how many went.
  virtual void trimAudit(int64_t beforeMs, Instant deadline, Done<int64_t> done) = 0;
};

// The hash of `entry`, whose predecessor has hash `previous` (64 hex digits).
std::string auditHash(std::string_view previous, const AuditEntry& entry);
// What the first entry of all builds on.
std::string_view auditGenesis();

// What a change of the configuration looks like in the log. `before`: the row before an update; of
// both rows only members that differ are kept. Secret members read "(hidden)".
AuditEntry auditEntryOf(const ConfigChange& change, const model::Record* before, const Actor& actor,
                        Milliseconds now);

}  // namespace busbar
