// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <thread>
#include <utility>

#include "sdk/base/json.h"
#include "sdk/base/mutex.h"
#include "sdk/base/unique_fd.h"

namespace busbar {
namespace {

constexpr size_t kMaxMessageBytes = 16 << 10;
constexpr auto kFlushLimit = std::chrono::seconds(1);
// What poll(2) promises to a pipe without blocking (pipe(7), PIPE_BUF).
constexpr size_t kChunkBytes = 4096;

constexpr std::array<std::string_view, 5> kLevelNames{"trace", "debug", "info", "warn", "error"};
// Journal priorities of the same levels (syslog(3)).
constexpr std::array<char, 5> kPriorities{'7', '7', '6', '4', '3'};

int64_t nowUtcNs() {
  timespec ts{};
  clock_gettime(CLOCK_REALTIME, &ts);
  return static_cast<int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

// RFC 3339, UTC, microseconds.
void appendTime(std::string& out, int64_t utcNs) {
  const time_t seconds = static_cast<time_t>(utcNs / 1'000'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const int n =
      std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    static_cast<int>(utcNs % 1'000'000'000 / 1000));
  out.append(text, static_cast<size_t>(n));
}

template <class T>
void appendNumber(std::string& out, T number) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), number);
  out.append(text, end.ptr);
}

void appendJsonValue(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    json::appendString(out, text->substr(0, kMaxMessageBytes));
  } else if (const auto* flag = std::get_if<bool>(&field.value)) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    appendNumber(out, *integer);
  } else if (const double number = std::get<double>(field.value); std::isfinite(number)) {
    appendNumber(out, number);
  } else {
    out += "null";
  }
}

void appendJournalField(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  if (value.find('\n') == std::string_view::npos) {
    out += '=';
    out += value;
  } else {
    out += '\n';
    uint64_t size = value.size();
    for (int i = 0; i < 8; ++i, size >>= 8) {  // little-endian, whatever the machine
      out += static_cast<char>(size & 0xff);
    }
    out += value;
  }
  out += '\n';
}

// Journal field names are A-Z, 0-9 and underscore.
std::string journalName(std::string_view name) {
  std::string out = "BUSBAR_";
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += lower ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
  }
  return out;
}

}  // namespace

std::string_view toString(LogLevel level) {
  return kLevelNames[static_cast<size_t>(level)];
}

std::optional<LogLevel> logLevelFrom(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

std::string formatJsonLine(const LogEntry& entry) {
  std::string out = "{\"time\":\"";
  appendTime(out, entry.utcNs != 0 ? entry.utcNs : nowUtcNs());
  out += "\",\"level\":\"";
  out += toString(entry.level);
  out += "\",\"component\":";
  json::appendString(out, entry.component);
  out += ",\"message\":";
  json::appendString(out, entry.message.substr(0, kMaxMessageBytes));
  if (!entry.traceId.empty()) {
    out += ",\"trace_id\":";
    json::appendString(out, entry.traceId);
  }
  for (const LogField& field : entry.fields) {
    out += ',';
    json::appendString(out, field.name);
    out += ':';
    appendJsonValue(out, field);
  }
  out += "}\n";
  return out;
}

std::string formatJournalEntry(const LogEntry& entry) {
  std::string out;
  appendJournalField(out, "MESSAGE", entry.message.substr(0, kMaxMessageBytes));
  appendJournalField(out, "PRIORITY", {&kPriorities[static_cast<size_t>(entry.level)], 1});
  appendJournalField(out, "SYSLOG_IDENTIFIER", "busbard");
  appendJournalField(out, "BUSBAR_COMPONENT", entry.component);
  if (!entry.traceId.empty()) {
    appendJournalField(out, "TRACE_ID", entry.traceId);
  }
  for (const LogField& field : entry.fields) {
    std::string value;
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      value = text->substr(0, kMaxMessageBytes);
    } else {
      appendJsonValue(value, field);
    }
    appendJournalField(out, journalName(field.name), value);
  }
  return out;
}

// The queue and the thread that empties it.
class Logger::Writer {
 public:
  Writer(int fd, Format format, size_t maxQueuedBytes)
      : fd_(fd), format_(format), maxQueuedBytes_(maxQueuedBytes), thread_([this] { run(); }) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    {
      const MutexLock lock(mutex_);
      giveUpAt_ = std::chrono::steady_clock::now() + kFlushLimit;
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void own(UniqueFd fd) { owned_ = std::move(fd); }

  void push(std::string line) {
    {
      const MutexLock lock(mutex_);
      if (queuedBytes_ + line.size() > maxQueuedBytes_) {
        ++dropped_;
        ++unreported_;
        return;
      }
      queuedBytes_ += line.size();
      queue_.push_back(std::move(line));
    }
    wake_.notify_one();
  }

  uint64_t dropped() const {
    const MutexLock lock(mutex_);
    return dropped_;
  }

 private:
  void run() {
    MutexLock lock(mutex_);
    while (true) {
      while (!stopping_ && queue_.empty()) {
        lock.wait(wake_);
      }
      if (queue_.empty()) {
        return;  // stopping
      }
      std::deque<std::string> batch = std::exchange(queue_, {});
      const uint64_t lost = std::exchange(unreported_, 0);
      lock.unlock();
      if (lost > 0) {
        batch.push_back(lossLine(lost));
      }
      size_t bytes = 0;
      bool open = true;
      for (const std::string& line : batch) {
        bytes += line.size();
        open = open && (format_ == Format::Journal ? sendDatagram(line) : writeAll(line));
      }
      lock.lock();
      queuedBytes_ -= std::min(queuedBytes_, bytes);
      if (!open && stopping_) {
        return;
      }
    }
  }

  std::string lossLine(uint64_t lost) const {
    const LogEntry entry{
        LogLevel::Warn,      "log", "lines were dropped: the log's reader is too slow",
        {{"dropped", lost}}, {},    0};
    return format_ == Format::Journal ? formatJournalEntry(entry) : formatJsonLine(entry);
  }

  // Waits until the fd takes more. False when stopping and out of time, or the reader is gone.
  bool waitWritable() {
    while (true) {
      pollfd waiting{fd_, POLLOUT, 0};
      const int ready = poll(&waiting, 1, 100);
      if (ready > 0) {
        return (waiting.revents & POLLOUT) != 0;
      }
      const MutexLock lock(mutex_);
      if (stopping_ && std::chrono::steady_clock::now() >= giveUpAt_) {
        return false;
      }
    }
  }

  bool writeAll(std::string_view text) {
    while (!text.empty()) {
      if (!waitWritable()) {
        return false;
      }
      const ssize_t n = ::write(fd_, text.data(), std::min(text.size(), kChunkBytes));
      if (n < 0 && errno != EINTR && errno != EAGAIN) {
        return false;
      }
      text.remove_prefix(n > 0 ? static_cast<size_t>(n) : 0);
    }
    return true;
  }

  bool sendDatagram(std::string_view text) {
    while (waitWritable()) {
      if (send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        return true;
      }
      if (errno != EINTR && errno != EAGAIN) {
        return false;
      }
    }
    return false;
  }

  const int fd_;
  const Format format_;
  const size_t maxQueuedBytes_;
  UniqueFd owned_;
  mutable Mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> queue_ BUSBAR_GUARDED_BY(mutex_);
  size_t queuedBytes_ BUSBAR_GUARDED_BY(mutex_) = 0;  // queued and being written
  uint64_t dropped_ BUSBAR_GUARDED_BY(mutex_) = 0;
  uint64_t unreported_ BUSBAR_GUARDED_BY(mutex_) = 0;
  bool stopping_ BUSBAR_GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point giveUpAt_ BUSBAR_GUARDED_BY(mutex_);
  std::thread thread_;  // last: starts when the rest exists
};

Logger::Logger(const Options& options)
    : level_(options.level),
      format_(options.format),
      writer_(options.fd < 0
                  ? nullptr
                  : std::make_unique<Writer>(options.fd, options.format, options.maxQueuedBytes)) {}

Logger::~Logger() = default;

std::unique_ptr<Logger> Logger::discarding() {
  Options options;
  options.fd = -1;
  return std::make_unique<Logger>(options);
}

std::unique_ptr<Logger> Logger::forDaemon(LogLevel level) {
  Options options;
  options.level = level;
  // systemd.exec(5): JOURNAL_STREAM is "device:inode" of the journal's end, to compare with stderr.
  const char* stream = getenv("JOURNAL_STREAM");
  unsigned long long device = 0;
  unsigned long long inode = 0;
  struct stat info{};
  if (stream == nullptr || std::sscanf(stream, "%llu:%llu", &device, &inode) != 2 ||
      fstat(2, &info) != 0 || info.st_dev != device || info.st_ino != inode) {
    return std::make_unique<Logger>(options);
  }
  UniqueFd journal(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  constexpr std::string_view kJournalSocket = "/run/systemd/journal/socket";
  kJournalSocket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (!journal ||
      connect(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return std::make_unique<Logger>(options);
  }
  options.fd = journal.get();
  options.format = Format::Journal;
  auto logger = std::make_unique<Logger>(options);
  logger->writer_->own(std::move(journal));
  return logger;
}

uint64_t Logger::dropped() const {
  return writer_ ? writer_->dropped() : 0;
}

void Logger::write(const LogEntry& entry) {
  if (writer_ && enabled(entry.level)) {
    writer_->push(format_ == Format::Journal ? formatJournalEntry(entry) : formatJsonLine(entry));
  }
}

}  // namespace busbar
