// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/usage.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <sstream>

#include "host/sandbox/small_file.h"

namespace busbar::sandbox {
namespace {

// "Key:   123 kB" or "Key: 123".
std::optional<uint64_t> lineValue(const std::string& text, const std::string& key) {
  const size_t at = text.rfind(key + ":", 0) == 0 ? 0 : text.find("\n" + key + ":");
  if (at == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream words(text.substr(text.find(':', at) + 1, 64));
  uint64_t value = 0;
  return words >> value ? std::optional<uint64_t>(value) : std::nullopt;
}

std::optional<uint64_t> kibToBytes(std::optional<uint64_t> kib) {
  return kib ? std::optional<uint64_t>(*kib * 1024) : std::nullopt;
}

// Fields 14 and 15 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses.
std::optional<double> cpuFromStat(const std::string& stat) {
  const size_t nameEnd = stat.rfind(')');
  if (nameEnd == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream words(stat.substr(nameEnd + 1));
  std::string skip;
  for (int i = 0; i < 11; ++i) {
    words >> skip;
  }
  uint64_t user = 0;
  uint64_t kernel = 0;
  if (!(words >> user >> kernel)) {
    return std::nullopt;
  }
  return static_cast<double>(user + kernel) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Since Linux 6.2 the folder's size is the count, also for those who may not list it.
std::optional<uint32_t> countOpenFiles(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && info.st_size > 0) {
    return static_cast<uint32_t>(info.st_size);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
  if (dir == nullptr) {
    return std::nullopt;
  }
  uint32_t count = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    count += entry->d_name[0] != '.' ? 1U : 0U;
  }
  return count;
}

}  // namespace

Result<RunnerUsage> readProcessUsage(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto status = readSmallFile(folder + "/status");
  const auto stat = readSmallFile(folder + "/stat");
  if (!status || !stat || status->find("\nState:\tZ") != std::string::npos) {
    return Error::of(ErrorCode::NotFound,
                     "read figures of process " + std::to_string(pid) + ": it has ended");
  }
  RunnerUsage usage;
  usage.cpuSeconds = cpuFromStat(*stat);
  usage.rssBytes = kibToBytes(lineValue(*status, "VmRSS"));
  if (const auto threads = lineValue(*status, "Threads")) {
    usage.threads = static_cast<uint32_t>(*threads);
  }
  if (const auto rollup = readSmallFile(folder + "/smaps_rollup")) {
    usage.pssBytes = kibToBytes(lineValue(*rollup, "Pss"));
  }
  usage.openFiles = countOpenFiles(folder + "/fd");
  return usage;
}

}  // namespace busbar::sandbox
