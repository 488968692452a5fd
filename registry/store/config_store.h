// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/model/records.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// One step of a transaction.
struct ConfigWrite {
  enum class Kind { Insert, Update, Erase };
  Kind kind = Kind::Insert;
  // Insert: id filled by the caller (registry/model/ids.h), revision ignored. Update: the whole
  // row; `record.revision` must be the stored one. Erase: only the table and the id count.
  model::Record record;
};

// One entry of the durable change log. Entries of one transaction share `position`.
struct ConfigChange {
  uint64_t position = 0;  // rises by one per transaction
  ConfigWrite::Kind kind = ConfigWrite::Kind::Insert;
  model::Record record;  // as stored, with revision and times; Erase: as it was
};

// Who did it, for the change log and the audit log.
struct Actor {
  std::string userId;           // empty: the system itself
  std::string traceId;          // W3C trace id, 32 hex digits, or empty
  std::string peer = {};        // numeric address, "local" over the control socket, or empty
  std::string credential = {};  // what was shown, kind and id: "api_key key-…", "local"; or empty
};

// Everything, at one position of the change log.
struct ConfigSnapshot {
  uint64_t position = 0;
  std::vector<model::Record> records;
};

// Where configuration lives. Readers keep a mirror (registry/site/site.h) made from load() and fed
// by watch(); so the store only writes, and reads never touch a disk.
//
// Asynchronous: each call returns at once; its completion is posted to the loop given at
// construction and is always called, with DeadlineExceeded at `deadline` at the latest (the write
// may still happen then). Loop-only. Contract tests: tests/contract/config_store_contract.h.
class ConfigStore {
 public:
  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~ConfigStore() = default;

  virtual void load(Instant deadline, Done<ConfigSnapshot> done) = 0;

  // All or nothing; acknowledged after it is durable. On success the changes as stored, in order.
  // InvalidArgument: a reference to a row that does not exist (field names it). AlreadyExists: a
  // unique member is taken (field names it). NotFound: Update or Erase of an absent row. Aborted:
  // revision differs. ResourceExhausted: queue full or disk full. Unavailable: the store stopped
  // writing after an I/O error. DataLoss: the store is damaged.
  virtual void apply(std::vector<ConfigWrite> writes, Actor actor, Instant deadline,
                     Done<std::vector<ConfigChange>> done) = 0;

  // Earlier versions of a settings row, newest first, at most 20 kept.
  virtual void settingsHistory(std::string settingsId, Instant deadline,
                               Done<std::vector<model::Settings>> done) = 0;

  // Earlier versions of the metadata that the parent has now, newest first, at most 20 kept of
  // each.
  virtual void metadataHistory(std::string parentId, Instant deadline,
                               Done<std::vector<model::Metadata>> done) = 0;

  // Raises and returns the generation: the high half of every epoch (architecture section 8).
  virtual void nextGeneration(Instant deadline, Done<uint64_t> done) = 0;

  // Calls `listener` on the loop for every change after `position`, in order, without gaps, also
  // for those made by this process; before the apply() completion of the same transaction. One
  // listener. Start from load().position: the log goes back 10,000 positions, no further.
  virtual void watch(uint64_t position, Callback<void(const ConfigChange&)> listener) = 0;
};

}  // namespace busbar
