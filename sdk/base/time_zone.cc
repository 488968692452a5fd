// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/time_zone.h"

#include <algorithm>
#include <exception>

#include <date/tz.h>

namespace busbar {
namespace {

bool isNameShaped(std::string_view name) {
  const auto isAllowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  return !name.empty() && name.size() <= TimeZone::kMaxNameBytes && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), isAllowed);
}

bool isUtc(std::string_view name) {
  return name == "UTC" || name == "Etc/UTC";
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  if (!isNameShaped(name)) {
    return Error::at(ErrorCode::InvalidArgument, "time_zone",
                     "a time zone is named as in the IANA database, such as Europe/Berlin: up to " +
                         std::to_string(kMaxNameBytes) + " letters, digits and _ - + /");
  }
  if (isUtc(name)) {
    return TimeZone(std::string(name), nullptr);
  }
  const std::string shown(name);
  try {
    const auto& zones = date::get_tzdb().zones;  // sorted by name
    const auto zone = std::lower_bound(
        zones.begin(), zones.end(), name,
        [](const date::time_zone& z, std::string_view wanted) { return z.name() < wanted; });
    // "localtime" is a link to the machine's own zone, not a zone.
    if (zone == zones.end() || zone->name() != name || name == "localtime") {
      return Error::at(
          ErrorCode::NotFound, "time_zone",
          "no time zone \"" + shown + "\" in this machine's database (package tzdata)");
    }
    zone->get_info(date::sys_seconds{});  // reads the zone's file, so that nothing throws later
    return TimeZone(shown, &*zone);
  } catch (const std::exception& e) {
    return Error::at(ErrorCode::Unavailable, "time_zone",
                     "read time zone \"" + shown + "\" (package tzdata): " + e.what());
  }
}

TimeZone::Span TimeZone::spanAt(SysSeconds t) const {
  if (zone_ == nullptr) {
    return {SysSeconds::min(), SysSeconds::max(), std::chrono::seconds(0)};
  }
  const date::sys_info info = zone_->get_info(t);
  return {info.begin, info.end, info.offset};
}

TimeZone::LocalTime TimeZone::fromLocal(LocalSeconds t) const {
  const auto sinceEpoch = t.time_since_epoch();
  if (zone_ == nullptr) {
    return {LocalKind::Unique, SysSeconds(sinceEpoch), SysSeconds(sinceEpoch)};
  }
  const date::local_info info = zone_->get_info(date::local_seconds(sinceEpoch));
  switch (info.result) {
    case date::local_info::nonexistent:
      return {LocalKind::Gap, info.first.end, info.first.end};
    case date::local_info::ambiguous:
      return {LocalKind::Overlap, SysSeconds(sinceEpoch - info.first.offset),
              SysSeconds(sinceEpoch - info.second.offset)};
    default:
      return {LocalKind::Unique, SysSeconds(sinceEpoch - info.first.offset),
              SysSeconds(sinceEpoch - info.first.offset)};
  }
}

}  // namespace busbar
