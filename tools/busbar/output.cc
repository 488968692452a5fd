// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/table.h"
#include "tools/busbar/yaml.h"

namespace busbar::cli {
namespace {

// What a shell shows of a program that SIGPIPE ended.
constexpr int kBrokenPipe = 128 + SIGPIPE;

// SIGPIPE is ignored for the sake of sockets; for stdout it means what it always does.
void put(std::string_view text) {
  const bool done =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!done && errno == EPIPE) {
    _exit(kBrokenPipe);
  }
  if (!done) {
    std::fprintf(stderr, "busbar: cannot write to stdout\n");
    _exit(1);
  }
}

size_t terminalColumns() {
  if (isatty(STDOUT_FILENO) == 0) {
    return 0;
  }
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

}  // namespace

std::string cellText(const json::Value& row, std::string_view member) {
  const json::Value* value = row.find(member);
  if (value == nullptr || value->isNull()) {
    return {};
  }
  if (const std::string* text = value->asString()) {
    return *text;
  }
  if (const bool* flag = value->asBool()) {
    return *flag ? "yes" : "no";
  }
  return json::write(*value);
}

void Output::list(const json::Array& rows, const std::vector<Column>& columns) const {
  if (options_.format == OutputFormat::Name) {
    for (const json::Value& row : rows) {
      line(cellText(row, "id"));
    }
    return;
  }
  if (!isForPeople()) {
    value(json::Value(rows));
    return;
  }
  std::vector<std::string> header;
  for (const Column& column : columns) {
    header.push_back(column.header);
  }
  std::vector<std::vector<std::string>> lines;
  for (const json::Value& row : rows) {
    auto& cells = lines.emplace_back();
    for (const Column& column : columns) {
      cells.push_back(column.cell(row));
    }
  }
  if (rows.empty()) {
    say("none");
    return;
  }
  put(layoutTable(header, lines, {terminalColumns(), options_.hasHeader}));
}

namespace {

// A cell for people: times as dates, objects by their name.
std::string readableCell(const json::Value& object, const std::string& name) {
  const json::Value* member = object.find(name);
  if (name.ends_with("_at") && member != nullptr && member->asInt() != nullptr) {
    return dateAndClockText(std::to_string(*member->asInt()));
  }
  const std::string title = member == nullptr ? "" : cellText(*member, "name");
  return title.empty() ? cellText(object, name) : title;
}

}  // namespace

void Output::object(const json::Value& value) const {
  const json::Object* members = value.asObject();
  if (options_.format == OutputFormat::Name) {
    line(cellText(value, "id"));
    return;
  }
  if (!isForPeople() || members == nullptr) {
    this->value(value);
    return;
  }
  size_t width = 0;
  for (const auto& [name, member] : *members) {
    width = std::max(width, displayWidth(name));
  }
  std::string out;
  for (const auto& [name, member] : *members) {
    const std::string text = readableCell(value, name);
    if (text.empty() || text == "[]" || text == "{}") {
      continue;
    }
    out += printable(name);
    out.append(width + 2 - std::min(width, displayWidth(name)), ' ');
    out += printable(text) + "\n";
  }
  if (out.empty()) {
    say("none");
    return;
  }
  put(out);
}

void Output::value(const json::Value& value) const {
  put(options_.format == OutputFormat::Yaml ? toYaml(value) : json::writePretty(value) + "\n");
}

void Output::streamed(const json::Value& value) const {
  put(options_.format == OutputFormat::Yaml ? "---\n" + toYaml(value) : json::write(value) + "\n");
}

void Output::line(std::string_view text) const {
  put(std::string(text) + "\n");
}

void Output::text(std::string_view lines) const {
  put(lines);
}

void Output::say(std::string_view sentence) const {
  if (!options_.isQuiet && isForPeople()) {
    std::fprintf(stderr, "%s\n", printable(sentence).c_str());
  }
}

void Output::progress(std::string_view text) const {
  if (!options_.isQuiet && isatty(STDERR_FILENO) != 0) {
    std::fprintf(stderr, "\r\033[K%s", printable(text).c_str());
    std::fflush(stderr);
  }
}

std::string Output::coloured(std::string_view text, int sgr) const {
  const char* noColour = getenv("NO_COLOR");
  if (isatty(STDOUT_FILENO) == 0 || (noColour != nullptr && *noColour != '\0')) {
    return std::string(text);
  }
  return "\033[" + std::to_string(sgr) + "m" + std::string(text) + "\033[0m";
}

}  // namespace busbar::cli
