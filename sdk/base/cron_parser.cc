// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "sdk/base/cron.h"

namespace busbar {
namespace {

enum class FieldKind { Second, Minute, Hour, Day, Month, Weekday };

struct Field {
  FieldKind kind;
  const char* name;
  unsigned min;
  unsigned max;
  unsigned count;          // different values: the largest step
  std::string_view names;  // three letters each, from `firstName`
  unsigned firstName;
  const char* allowed;
};

constexpr std::array<Field, 6> kFields{{
    {FieldKind::Second, "second", 0, 59, 60, "", 0, "0-59, *, lists, ranges and steps"},
    {FieldKind::Minute, "minute", 0, 59, 60, "", 0, "0-59, *, lists, ranges and steps"},
    {FieldKind::Hour, "hour", 0, 23, 24, "", 0, "0-23, *, lists, ranges and steps"},
    {FieldKind::Day, "day", 1, 31, 31, "", 0,
     "1-31, *, ?, lists, ranges, steps, L, LW and W as in 15W"},
    {FieldKind::Month, "month", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", 1,
     "1-12, JAN-DEC, *, lists, ranges and steps"},
    {FieldKind::Weekday, "weekday", 0, 7, 7, "SUNMONTUEWEDTHUFRISAT", 0,
     "0-7, SUN-SAT, *, ?, lists, ranges, steps, L as in 5L and # as in 5#2"},
}};

struct Nickname {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array<Nickname, 7> kNicknames{{{"@YEARLY", "0 0 1 1 *"},
                                              {"@ANNUALLY", "0 0 1 1 *"},
                                              {"@MONTHLY", "0 0 1 * *"},
                                              {"@WEEKLY", "0 0 * * 0"},
                                              {"@DAILY", "0 0 * * *"},
                                              {"@MIDNIGHT", "0 0 * * *"},
                                              {"@HOURLY", "0 * * * *"}}};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators,
                                    bool keepsEmpty) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (keepsEmpty || end > begin) {
      parts.push_back(text.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return parts;
}

// What of `text` an error may show: outside text is echoed only if it is printable.
std::string shown(std::string_view text) {
  std::string result(text.substr(0, 40));
  std::replace_if(result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return '"' + result + '"';
}

std::optional<unsigned> parseNumber(std::string_view text) {
  if (text.empty() || text.size() > 2) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

uint64_t bitRange(unsigned first, unsigned last, unsigned step) {
  uint64_t bits = 0;
  for (unsigned value = first; value <= last; value += step) {
    bits |= uint64_t{1} << value;
  }
  return bits;
}

Error invalid(std::string field, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::move(field), "cron: " + std::move(message));
}

Error refuse(const Field& field, std::string_view item, const std::string& why) {
  return invalid(field.name, std::string(field.name) + " " + shown(item) + ": " + why +
                                 "; allowed are " + field.allowed);
}

bool isAny(std::string_view text) {
  return text == "*" || text == "?";
}

// As in croner, the last day adds nothing to any day: "*,L" is "*".
bool isAnyDay(std::string_view text) {
  std::vector<std::string_view> items = split(text, ",", true);
  std::erase(items, "L");
  return items.size() == 1 && isAny(items.front());
}

}  // namespace

class CronParser {
 public:
  Result<CronSchedule> parse(std::string_view text);

 private:
  Status parseField(const Field& field, std::string_view text);
  Status parseItem(const Field& field, std::string_view item);
  Status parseDayMark(const Field& field, std::string_view item, bool& isMark);
  Status parseWeekdayMark(const Field& field, std::string_view item, bool& isMark);
  Result<uint64_t> parseRange(const Field& field, std::string_view item) const;
  Result<unsigned> parseValue(const Field& field, std::string_view item, std::string_view text,
                              bool isUpperEnd) const;
  void add(FieldKind kind, uint64_t bits);

  CronSchedule schedule_;
};

Result<CronSchedule> CronParser::parse(std::string_view text) {
  if (text.size() > CronSchedule::kMaxTextBytes) {
    return invalid("", "longer than " + std::to_string(CronSchedule::kMaxTextBytes) + " bytes");
  }
  std::string upperText = upper(text);
  std::vector<std::string_view> parts = split(upperText, " \t", false);
  if (parts.size() == 1 && parts[0].front() == '@') {
    const auto* nickname = std::find_if(kNicknames.begin(), kNicknames.end(),
                                        [&](const Nickname& n) { return n.name == parts[0]; });
    if (nickname == kNicknames.end()) {
      return invalid("", shown(text) +
                             " is none of @yearly, @annually, @monthly, @weekly, @daily, "
                             "@midnight and @hourly");
    }
    parts = split(nickname->fields, " ", false);
  }
  if (parts.size() != 5 && parts.size() != 6) {
    return invalid("", std::to_string(parts.size()) +
                           " fields; there are five, minute hour day month weekday, or six with "
                           "second in front");
  }
  if (parts.size() == 5) {
    parts.insert(parts.begin(), "0");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    BUSBAR_TRY(parseField(kFields[i], parts[i]));
  }
  schedule_.isAnyDay_ = isAnyDay(parts[3]);
  schedule_.isAnyWeekday_ = isAny(parts[5]);
  schedule_.isFixed_ = std::none_of(parts.begin(), parts.begin() + 3, [](std::string_view part) {
    return part.find_first_of("*/") != std::string_view::npos;
  });
  if (!schedule_.canEverRun()) {
    return invalid("day", "day " + shown(parts[3]) + " does not exist in month " + shown(parts[4]));
  }
  schedule_.text_ = std::string(text);
  return std::move(schedule_);
}

Status CronParser::parseField(const Field& field, std::string_view text) {
  if (field.kind == FieldKind::Day && text == "LW") {
    schedule_.hasLastWeekday_ = true;
    return {};
  }
  for (const std::string_view item : split(text, ",", true)) {
    BUSBAR_TRY(parseItem(field, item));
  }
  return {};
}

Status CronParser::parseItem(const Field& field, std::string_view item) {
  if (item.empty()) {
    return refuse(field, item, "an empty part of a list");
  }
  bool isMark = false;
  if (field.kind == FieldKind::Day) {
    BUSBAR_TRY(parseDayMark(field, item, isMark));
  } else if (field.kind == FieldKind::Weekday) {
    BUSBAR_TRY(parseWeekdayMark(field, item, isMark));
  }
  if (isMark) {
    return {};
  }
  auto bits = parseRange(field, item);
  if (!bits.ok()) {
    return std::move(bits).error();
  }
  add(field.kind, *bits);
  return {};
}

// L and 15W.
Status CronParser::parseDayMark(const Field& field, std::string_view item, bool& isMark) {
  isMark = true;
  if (item == "L") {
    schedule_.hasLastDay_ = true;
    return {};
  }
  if (item == "LW") {
    return refuse(field, item, "LW stands alone in its field");
  }
  isMark = item.back() == 'W';
  if (isMark) {
    const auto day = parseNumber(item.substr(0, item.size() - 1));
    if (!day || *day < field.min || *day > field.max) {
      return refuse(field, item, "W follows one day from 1 to 31");
    }
    schedule_.nearestWeekdays_ |= uint64_t{1} << *day;
  }
  return {};
}

// 5L, 5#2 and 5#L.
Status CronParser::parseWeekdayMark(const Field& field, std::string_view item, bool& isMark) {
  const size_t hash = item.find('#');
  isMark = hash != std::string_view::npos || item.back() == 'L';
  if (!isMark) {
    return {};
  }
  const std::string_view which = hash == std::string_view::npos ? "L" : item.substr(hash + 1);
  const unsigned nth = parseNumber(which).value_or(0);
  if (which != "L" && (nth < 1 || nth > 5)) {
    return refuse(field, item, "after # comes 1 to 5, or L for the last");
  }
  const auto weekday = parseValue(
      field, item, item.substr(0, hash == std::string_view::npos ? item.size() - 1 : hash), false);
  if (!weekday.ok()) {
    return weekday.error();
  }
  schedule_.weekdays_[*weekday % 7] |=
      which == "L" ? CronSchedule::kLastWeek : static_cast<uint8_t>(1U << (nth - 1));
  return {};
}

// *, a, a-b, */n and a-b/n.
Result<uint64_t> CronParser::parseRange(const Field& field, std::string_view item) const {
  const bool takesQuestion = field.kind == FieldKind::Day || field.kind == FieldKind::Weekday;
  const size_t slash = item.find('/');
  const std::string_view range = item.substr(0, slash);
  const size_t dash = range.find('-');
  unsigned step = 1;
  if (slash != std::string_view::npos) {
    const auto number = parseNumber(item.substr(slash + 1));
    if (!number || *number < 1 || *number > field.count) {
      return refuse(field, item, "a step is a number from 1 to " + std::to_string(field.count));
    }
    step = *number;
    if (!isAny(range) && dash == std::string_view::npos) {
      return refuse(field, item,
                    "a step follows * or a range, as in " + std::to_string(field.min) + "-" +
                        std::to_string(field.max) + "/2");
    }
  }
  if (range == "*" || (range == "?" && takesQuestion)) {
    const unsigned last = field.kind == FieldKind::Weekday ? 6 : field.max;
    return bitRange(field.min, last, step);
  }
  const auto first = parseValue(field, item, range.substr(0, dash), false);
  if (!first.ok()) {
    return first.error();
  }
  if (dash == std::string_view::npos) {
    return uint64_t{1} << *first;
  }
  const auto last = parseValue(field, item, range.substr(dash + 1), true);
  if (!last.ok()) {
    return last.error();
  }
  if (*first > *last) {
    return refuse(field, item, "a range goes upwards");
  }
  return bitRange(*first, *last, step);
}

Result<unsigned> CronParser::parseValue(const Field& field, std::string_view item,
                                        std::string_view text, bool isUpperEnd) const {
  if (text.size() == 3) {
    for (size_t i = 0; i < field.names.size(); i += 3) {
      if (field.names.substr(i, 3) == text) {
        const unsigned value = field.firstName + static_cast<unsigned>(i / 3);
        // FRI-SUN: Sunday ends the week there.
        return field.kind == FieldKind::Weekday && isUpperEnd && value == 0 ? 7 : value;
      }
    }
  }
  const auto number = parseNumber(text);
  if (!number) {
    return refuse(field, item, "not a value");
  }
  if (*number < field.min || *number > field.max) {
    return refuse(field, item, "out of range");
  }
  return *number;
}

void CronParser::add(FieldKind kind, uint64_t bits) {
  switch (kind) {
    case FieldKind::Second:
      schedule_.seconds_ |= bits;
      return;
    case FieldKind::Minute:
      schedule_.minutes_ |= bits;
      return;
    case FieldKind::Hour:
      schedule_.hours_ |= bits;
      return;
    case FieldKind::Day:
      schedule_.days_ |= bits;
      return;
    case FieldKind::Month:
      schedule_.months_ |= bits;
      return;
    case FieldKind::Weekday:
      for (unsigned value = 0; value <= 7; ++value) {
        if ((bits >> value & 1) != 0) {
          schedule_.weekdays_[value % 7] |= CronSchedule::kEveryWeek;
        }
      }
      return;
  }
}

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  return CronParser().parse(text);
}

}  // namespace busbar
