// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace busbar::cli {

// A time as people read it, in the zone of this machine. Taken are epoch seconds, milliseconds or
// nanoseconds (told apart by their size) and RFC 3339; other text stays as it is.
std::string clockText(std::string_view time);         // "14:03:07"
std::string dateAndClockText(std::string_view time);  // "2026-03-01 14:03:07"
// "2026-03-01 14:03:07 Europe/Berlin": as a clock on a wall in that zone of the IANA database shows
// it. In UTC, which it says, when there is no such zone on this machine.
std::string zonedText(int64_t utcMs, std::string_view zone);
// "3 s", "5 min", "2 h", "4 d".
std::string durationText(int64_t seconds);
// The same without rounding: "90 min", "1500 ms".
std::string exactDurationText(int64_t ms);

}  // namespace busbar::cli
