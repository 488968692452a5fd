// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/checker.h"

#include <algorithm>
#include <set>

#include "registry/model/ids.h"
#include "sdk/base/ascii.h"
#include "sdk/base/json.h"
#include "sdk/base/time_zone.h"

namespace busbar::model {
namespace {

bool hasControl(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 || u == 0x7F;
  });
}

}  // namespace

bool isBlank(std::string_view s) {
  return s.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool isLowerHex(std::string_view s) {
  return s.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool isAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void trim(std::string& s) {
  const size_t from = s.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) {
    s.clear();
    return;
  }
  s.erase(s.find_last_not_of(" \t\r\n") + 1);
  s.erase(0, from);
}

void lower(std::string& s) {
  s = asciiLowered(s);
}

void clean(std::vector<std::string>& list) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  for (std::string& entry : list) {
    trim(entry);
    if (!entry.empty() && seen.insert(entry).second) {
      out.push_back(std::move(entry));
    }
  }
  list = std::move(out);
}

void Checker::name(const char* field, const std::string& s) {
  if (isBlank(s)) {
    fail(field, "must not be blank");
    return;
  }
  line(field, s, kMaxNameBytes);
}

void Checker::line(const char* field, const std::string& s, size_t limit) {
  if (hasControl(s)) {
    fail(field, "must not hold control characters");
  }
  text(field, s, limit);
}

void Checker::text(const char* field, const std::string& s, size_t limit) {
  if (s.size() > limit) {
    fail(field, "must be at most " + std::to_string(limit) + " bytes");
  }
  if (!json::isUtf8(s)) {
    fail(field, "must be UTF-8");
  }
}

void Checker::document(const char* field, const json::Value& value) {
  if (!json::check(json::write(value), kDocumentLimits).ok()) {
    fail(field, "must be at most 512 KiB of JSON and 48 levels deep");
  }
}

void Checker::list(const char* field, const std::vector<std::string>& entries) {
  if (entries.size() > kMaxListEntries) {
    fail(field, "must have at most " + std::to_string(kMaxListEntries) + " entries");
  }
  for (const std::string& entry : entries) {
    const size_t before = errors_.size();
    line(field, entry);
    if (errors_.size() != before) {
      return;  // one report per list
    }
  }
}

void Checker::ids(const char* field, Table table, const std::vector<std::string>& entries) {
  std::set<std::string_view> seen;
  if (entries.size() > kMaxListEntries) {
    fail(field, "must have at most " + std::to_string(kMaxListEntries) + " entries");
  }
  for (const std::string& entry : entries) {
    if (!isId(table, entry)) {
      fail(field, "must hold ids of the form " + std::string(idPrefix(table)) + "…");
      return;
    }
    if (!seen.insert(entry).second) {
      fail(field, "must not name " + entry + " twice");
      return;
    }
  }
}

void Checker::id(const char* field, Table table, const std::string& s) {
  if (!isId(table, s)) {
    fail(field, "must be an id of the form " + std::string(idPrefix(table)) + "…");
  }
}

void Checker::optionalId(const char* field, Table table, const std::string& s) {
  if (!s.empty()) {
    id(field, table, s);
  }
}

void Checker::count(const char* field, int64_t n) {
  range(field, n, 0, 1'000'000'000);
}

void Checker::range(const char* field, int64_t n, int64_t least, int64_t most) {
  if (n < least || n > most) {
    fail(field, "must be " + std::to_string(least) + " to " + std::to_string(most));
  }
}

void Checker::time(const char* field, int64_t seconds) {
  if (seconds < 0) {
    fail(field, "must not be before 1970");
  }
}

void Checker::hash(const char* field, const std::string& s) {
  if (s.size() != kSha256HexLength || !isLowerHex(s)) {
    fail(field, "must be 64 lower-case hexadecimal digits");
  }
}

void Checker::alertLevel(const std::string& s) {
  if (s != "low" && s != "medium" && s != "high" && s != "critical") {
    fail("alert_level", "must be low, medium, high or critical");
  }
}

void Checker::timezone(const std::string& s) {
  if (s.empty()) {
    return;
  }
  const auto zone = TimeZone::find(s);
  if (!zone.ok() && zone.error().code == ErrorCode::Unavailable) {
    fail("timezone", "cannot be checked: " + zone.error().message);
  } else if (!zone.ok()) {
    fail("timezone", "must be an IANA time zone that this machine knows, such as Europe/Berlin");
  }
}

void Checker::uri(const char* field, const std::string& s) {
  if (!isUri(s)) {
    fail(field, "must be a URI with scheme and host");
  } else if (hasPassword(s)) {
    fail(field, "must hold no password, for many may read it; settings keep secrets");
  }
}

}  // namespace busbar::model
