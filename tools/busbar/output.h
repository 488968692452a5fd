// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/json.h"

namespace busbar::cli {

enum class OutputFormat { Table, Json, Yaml, Name };

// A column of a table: its header and how a row's cell reads.
struct Column {
  std::string header;
  std::string (*cell)(const json::Value& row);
};

// Text of a member of an object: strings as they are, "" for absent and null, else JSON.
std::string cellText(const json::Value& row, std::string_view member);

// Where answers go: data on stdout, talk on stderr. A reader of stdout that has gone ends the
// program quietly, as SIGPIPE would.
class Output {
 public:
  struct Options {
    OutputFormat format = OutputFormat::Table;
    bool hasHeader = true;
    bool isQuiet = false;  // no talk but errors
  };

  explicit Output(const Options& options) : options_(options) {}

  OutputFormat format() const { return options_.format; }
  bool isForPeople() const { return options_.format == OutputFormat::Table; }

  // A list of objects. Table: the columns; name: the ids, one a line.
  void list(const json::Array& rows, const std::vector<Column>& columns) const;
  // One object. Table: a line per member that is not null or empty; name: the id.
  void object(const json::Value& value) const;
  // A value as JSON or YAML; as a table JSON too, for people indented.
  void value(const json::Value& value) const;
  // One of many, as it comes: a line of JSON, or a YAML document.
  void streamed(const json::Value& value) const;
  // A line of plain text on stdout, whatever the format.
  void line(std::string_view text) const;
  // Lines that are printable and end with a newline.
  void text(std::string_view lines) const;

  // Talk: a sentence on stderr, only for people.
  void say(std::string_view sentence) const;
  // A line on stderr that the next one replaces; only when stderr is a terminal. "" removes it.
  void progress(std::string_view text) const;

  // SGR colour around `text` when stdout is a terminal and NO_COLOR (no-color.org) is not set.
  std::string coloured(std::string_view text, int sgr) const;

 private:
  Options options_;
};

}  // namespace busbar::cli
