// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/verify.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/sandbox/small_file.h"

namespace busbar::sandbox {
namespace {

constexpr int kMaxRounds = 16;
constexpr size_t kMaxThreads = 8192;

Error gone(pid_t pid) {
  return Error::of(ErrorCode::NotFound, "verify runner " + std::to_string(pid) + ": it has ended");
}

Error notEntered(pid_t pid, const std::string& thread, std::string_view what) {
  return Error::because(ErrorCode::PermissionDenied, "sandbox_not_entered",
                        "verify runner " + std::to_string(pid) + ": thread " + thread +
                            " is not inside the sandbox: " + std::string(what));
}

std::vector<std::string> listThreads(const std::string& folder) {
  std::vector<std::string> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (dir != nullptr) {
    while (const dirent* entry = ::readdir(dir.get())) {
      if (entry->d_name[0] != '.' && threads.size() < kMaxThreads) {
        threads.emplace_back(entry->d_name);
      }
    }
  }
  std::sort(threads.begin(), threads.end());
  return threads;
}

// The word after "NAME:" at the start of a line; empty when there is none. The process name, which
// the process chooses, is escaped by the kernel and cannot hold a newline.
std::string_view field(std::string_view status, std::string_view name) {
  const std::string key = "\n" + std::string(name) + ":";
  const size_t at = status.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  size_t start = at + key.size();
  while (start < status.size() && (status[start] == ' ' || status[start] == '\t')) {
    ++start;
  }
  return status.substr(start, std::min(status.find('\n', start), status.size()) - start);
}

uint32_t number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

bool isZeroMask(std::string_view text) {
  return !text.empty() && text.find_first_not_of('0') == std::string_view::npos;
}

Status checkThread(pid_t pid, const std::string& thread, std::string_view status,
                   uint32_t filters) {
  if (field(status, "Seccomp") != "2") {
    return notEntered(pid, thread, "no seccomp filter");
  }
  if (number(field(status, "Seccomp_filters")) < filters) {
    return notEntered(pid, thread,
                      std::string(field(status, "Seccomp_filters")) + " seccomp filters, " +
                          std::to_string(filters) + " are required");
  }
  if (field(status, "NoNewPrivs") != "1") {
    return notEntered(pid, thread, "no_new_privs is not set");
  }
  for (const char* mask : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    if (!isZeroMask(field(status, mask))) {
      return notEntered(pid, thread, std::string("it holds capabilities (") + mask + ")");
    }
  }
  return {};
}

}  // namespace

Status verifyFilters(pid_t pid, uint32_t filters) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  std::vector<std::string> before = listThreads(folder);
  for (int round = 0; round < kMaxRounds; ++round) {
    if (before.empty()) {
      return gone(pid);
    }
    bool anyAlive = false;
    for (const std::string& thread : before) {
      const std::string status =
          readSmallFile(folder + "/" + thread + "/status").value_or(std::string());
      if (status.empty() || field(status, "State").substr(0, 1) == "Z") {
        continue;  // it ended; the comparison below sees that
      }
      anyAlive = true;
      BUSBAR_TRY(checkThread(pid, thread, status, filters));
    }
    if (!anyAlive) {
      return gone(pid);
    }
    std::vector<std::string> after = listThreads(folder);
    if (after == before) {
      return {};
    }
    before = std::move(after);
  }
  return notEntered(pid, "list", "it changes too fast to be read");
}

}  // namespace busbar::sandbox
