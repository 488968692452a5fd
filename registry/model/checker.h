// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/validate.h"
#include "sdk/base/json.h"

// What the rules of records are made of; for the sources of validate.h only.
namespace busbar::model {

inline constexpr size_t kMaxNameBytes = 256;
inline constexpr size_t kMaxLineBytes = 2048;
inline constexpr size_t kMaxTextBytes = 16 * 1024;
inline constexpr size_t kMaxManifestBytes = 1 << 20;
inline constexpr size_t kMaxListEntries = 1000;
inline constexpr json::Limits kTriggerDocumentLimits{256 * 1024, 48};
inline constexpr int64_t kMaxDebounceMs = 24 * 3600 * 1000;
inline constexpr int64_t kMaxFirings = 1'000'000;
inline constexpr int64_t kMinPeriodMs = 1000;
inline constexpr int64_t kMaxPeriodMs = int64_t{31} * 24 * 3600 * 1000;
inline constexpr size_t kWebhookSecretLength = 43;  // 32 bytes as base64 without padding
inline constexpr size_t kMaxSettingsBytes = 64 * 1024;
inline constexpr json::Limits kDocumentLimits{512 * 1024, 48};
inline constexpr size_t kSha256HexLength = 64;

bool isBlank(std::string_view s);
bool isLowerHex(std::string_view s);
bool isAlnum(char c);
void trim(std::string& s);
// ASCII only.
void lower(std::string& s);
// Trims, drops blank entries and repeats; keeps the order.
void clean(std::vector<std::string>& list);

// Collects errors of one record.
class Checker {
 public:
  void fail(std::string field, std::string reason) {
    errors_.push_back({std::move(field), std::move(reason)});
  }
  // One line, not blank.
  void name(const char* field, const std::string& s);
  // One line, may be empty.
  void line(const char* field, const std::string& s, size_t limit = kMaxLineBytes);
  void text(const char* field, const std::string& s, size_t limit = kMaxTextBytes);
  void document(const char* field, const json::Value& value);
  void list(const char* field, const std::vector<std::string>& entries);
  // A list of distinct ids.
  void ids(const char* field, Table table, const std::vector<std::string>& entries);
  void id(const char* field, Table table, const std::string& s);
  void optionalId(const char* field, Table table, const std::string& s);
  void count(const char* field, int64_t n);
  void range(const char* field, int64_t n, int64_t least, int64_t most);
  void time(const char* field, int64_t seconds);
  void alertLevel(const std::string& s);
  void timezone(const std::string& s);
  void uri(const char* field, const std::string& s);
  void hash(const char* field, const std::string& s);
  FieldErrors take() { return std::move(errors_); }

 private:
  FieldErrors errors_;
};

}  // namespace busbar::model
