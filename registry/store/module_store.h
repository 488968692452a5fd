// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// Small durable data that modules keep for themselves, by key. It belongs to the module's row and
// is erased with it. No part of the configuration: no change log, no watch.
//
// Asynchronous and in order, as ConfigStore: each call returns at once; its completion is posted to
// the loop and always called, with DeadlineExceeded at `deadline` at the latest (a write may still
// happen then). Every call: InvalidArgument (a malformed key), ResourceExhausted with reason
// queue_full, DataLoss. Loop-only. Contract tests: tests/contract/module_store_contract.h.
class ModuleStore {
 public:
  // Of one module.
  static constexpr size_t kMaxKeys = 256;
  static constexpr size_t kMaxKeyBytes = 128;
  static constexpr size_t kMaxValueBytes = 64U << 10U;
  static constexpr size_t kMaxBytes = 1U << 20U;  // keys and values together

  template <class T>
  using Done = Callback<void(Result<T>)>;

  virtual ~ModuleStore() = default;

  // None: there is no such key, or no such module.
  virtual void get(std::string moduleId, std::string key, Instant deadline,
                   Done<std::optional<std::string>> done) = 0;

  // Acknowledged after it is durable. NotFound: there is no such module. InvalidArgument: the value
  // is too large. ResourceExhausted: reason store_quota, the module would have more than it may,
  // and nothing was changed; reason disk_full. Unavailable: the store stopped writing after an I/O
  // error.
  virtual void set(std::string moduleId, std::string key, std::string value, Instant deadline,
                   Done<void> done) = 0;

  // Acknowledged after it is durable. An absent key or module is fine. Errors of the disk as set().
  virtual void remove(std::string moduleId, std::string key, Instant deadline, Done<void> done) = 0;

  // The keys that begin with `prefix`, which may be empty, sorted as bytes.
  virtual void list(std::string moduleId, std::string prefix, Instant deadline,
                    Done<std::vector<std::string>> done) = 0;

  // For implementers. InvalidArgument unless `key` is 1 to kMaxKeyBytes of UTF-8 without control
  // characters.
  static Status checkKey(std::string_view key);
  static Status checkPrefix(std::string_view prefix);  // the same, or empty
  static Status checkValue(std::string_view value);
  static Error overQuota();
};

}  // namespace busbar
