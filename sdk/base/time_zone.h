// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace date {
class time_zone;  // NOLINT: the library's name
}

namespace busbar {

using SysSeconds = std::chrono::sys_seconds;      // a point in time, UTC
using LocalSeconds = std::chrono::local_seconds;  // what a clock on the wall shows

// A time zone of the IANA database, read from the system's tzdata through Hinnant's date library.
// UTC needs no database. A small value; thread-safe.
//
// The library does not evaluate the rule at the end of a zone's file, and Debian's files list the
// changes up to 2037; from 2038 on a zone keeps its standard time.
class TimeZone {
 public:
  static constexpr size_t kMaxNameBytes = 64;

  // A stretch of time with one offset.
  struct Span {
    SysSeconds begin;             // first second
    SysSeconds end;               // first second that is no longer of it
    std::chrono::seconds offset;  // local time - UTC
    LocalSeconds toLocal(SysSeconds t) const { return LocalSeconds(t.time_since_epoch() + offset); }
    SysSeconds toUtc(LocalSeconds t) const { return SysSeconds(t.time_since_epoch() - offset); }
  };

  enum class LocalKind {
    Unique,   // the local time comes once
    Gap,      // clocks were put forward over it: it never comes
    Overlap,  // clocks were put back over it: it comes twice
  };
  struct LocalTime {
    LocalKind kind = LocalKind::Unique;
    // Unique: both the one instant. Overlap: the two instants. Gap: both the instant at which the
    // clocks change.
    SysSeconds first;
    SysSeconds second;
  };

  TimeZone() = default;  // UTC
  static TimeZone utc() { return {}; }
  // By its name in the database, case as there: "Europe/Berlin". InvalidArgument: not in the shape
  // of a name. NotFound: no such zone. Unavailable: no database on this machine. Names are looked
  // up in the database's list and never become a path. The first call reads that list
  // (milliseconds).
  static Result<TimeZone> find(std::string_view name);

  const std::string& name() const { return name_; }
  Span spanAt(SysSeconds t) const;
  LocalSeconds toLocal(SysSeconds t) const { return spanAt(t).toLocal(t); }
  LocalTime fromLocal(LocalSeconds t) const;
  bool operator==(const TimeZone& other) const { return name_ == other.name_; }

 private:
  TimeZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_ = "UTC";
  const date::time_zone* zone_ = nullptr;  // lives as long as the process; null: UTC
};

}  // namespace busbar
