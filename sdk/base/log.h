// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace busbar {

enum class LogLevel { Trace, Debug, Info, Warn, Error };

// "trace", "debug", "info", "warn", "error".
std::string_view toString(LogLevel level);
std::optional<LogLevel> logLevelFrom(std::string_view name);

// One named value of a log line. Borrows its text; lives for the call only.
struct LogField {
  LogField(std::string_view fieldName, std::string_view text) : name(fieldName), value(text) {}
  LogField(std::string_view fieldName, const char* text)
      : name(fieldName), value(std::string_view(text)) {}
  LogField(std::string_view fieldName, const std::string& text)
      : name(fieldName), value(std::string_view(text)) {}
  LogField(std::string_view fieldName, bool flag) : name(fieldName), value(flag) {}
  LogField(std::string_view fieldName, double number) : name(fieldName), value(number) {}
  template <std::integral T>
  LogField(std::string_view fieldName, T number)
      : name(fieldName), value(static_cast<int64_t>(number)) {}

  std::string_view
      name;  // lower_snake; "time", "level", "component", "message", "trace_id" are taken
  std::variant<std::string_view, bool, int64_t, double> value;
};
using LogFields = std::initializer_list<LogField>;

// One line before it is formatted. `message` holds no secrets and no payloads.
struct LogEntry {
  LogLevel level = LogLevel::Info;
  std::string_view component;  // the folder's noun: "front", "supervisor", "store"
  std::string_view message;
  LogFields fields;
  std::string_view traceId;  // W3C trace id, 32 hex digits, or empty
  int64_t utcNs = 0;         // 0: now
};

// One JSON object and a newline: {"time","level","component","message"[,"trace_id"], fields…}.
// Invalid UTF-8 is replaced, the message is cut at 16 KiB.
std::string formatJsonLine(const LogEntry& entry);
// The journal's native datagram (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields become BUSBAR_<NAME>.
std::string formatJournalEntry(const LogEntry& entry);

// The daemon's log. Thread-safe. A call formats its line, queues it and returns: a writer thread
// does the output, so a slow terminal, pipe or journal never holds a loop. A full queue drops the
// line and counts it; the writer says how many were lost as soon as there is room.
class Logger {
 public:
  enum class Format { JsonLines, Journal };
  struct Options {
    int fd = 2;  // borrowed; -1 discards everything. For Journal: a connected datagram socket.
    Format format = Format::JsonLines;
    LogLevel level = LogLevel::Info;
    size_t maxQueuedBytes = 1 << 20;
  };

  explicit Logger(const Options& options);
  // Stderr, or the journal when JOURNAL_STREAM says that stderr is connected to it.
  static std::unique_ptr<Logger> forDaemon(LogLevel level);
  // Writes nothing; for tests.
  static std::unique_ptr<Logger> discarding();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  // Writes what is queued, for at most a second.
  ~Logger();

  bool enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  void setLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  LogLevel level() const { return level_.load(std::memory_order_relaxed); }
  uint64_t dropped() const;

  void write(const LogEntry& entry);
  void debug(std::string_view component, std::string_view message, LogFields fields = {}) {
    write({LogLevel::Debug, component, message, fields, {}, 0});
  }
  void info(std::string_view component, std::string_view message, LogFields fields = {}) {
    write({LogLevel::Info, component, message, fields, {}, 0});
  }
  void warn(std::string_view component, std::string_view message, LogFields fields = {}) {
    write({LogLevel::Warn, component, message, fields, {}, 0});
  }
  void error(std::string_view component, std::string_view message, LogFields fields = {}) {
    write({LogLevel::Error, component, message, fields, {}, 0});
  }

 private:
  class Writer;
  std::atomic<LogLevel> level_;
  Format format_;
  std::unique_ptr<Writer> writer_;  // null when discarding
};

}  // namespace busbar
