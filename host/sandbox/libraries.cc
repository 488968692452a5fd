// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/libraries.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "host/sandbox/elf_needs.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {
namespace {

constexpr size_t kMaxFiles = 128;

// Opens only regular files: a device or a FIFO must not block or act.
UniqueFd openRegular(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return UniqueFd();
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return UniqueFd();
  }
  return fd;
}

class Finder {
 public:
  Finder(std::string ownFolder, std::vector<std::string>& files)
      : ownFolder_(std::move(ownFolder)), files_(files) {}

  // Follows `path`; `mounted` says that it is part of the own folder or the program itself.
  Status follow(const std::string& path, bool listed) {
    const UniqueFd fd = openRegular(path);
    if (!fd) {
      return Error::of(ErrorCode::NotFound, "open " + path + ": no such regular file");
    }
    auto needs = readElfNeeds(fd.get());
    if (!needs) {
      Error error = std::move(needs).error();
      error.message += " (" + path + ")";
      return error;
    }
    if (listed) {
      list(path);
    }
    if (!needs->interpreter.empty()) {
      list(needs->interpreter);
    }
    for (const std::string& name : needs->needed) {
      if (!seen_.insert(name).second) {
        continue;
      }
      const auto found = find(name, *needs);
      if (!found) {
        return Error::because(ErrorCode::NotFound, "library_missing",
                              "find library " + name + ", needed by " + path +
                                  ": not in the driver's folder nor in the system's");
      }
      pending_.push_back(*found);
      if (seen_.size() > kMaxFiles) {
        return Error::of(ErrorCode::InvalidArgument, path + " needs more than 128 libraries");
      }
    }
    return {};
  }

  Status followPending() {
    while (!pending_.empty()) {
      const Found next = std::move(pending_.front());
      pending_.pop_front();
      BUSBAR_TRY(follow(next.path, !next.own));
    }
    return {};
  }

  void addIfPresent(const std::string& name) {
    if (seen_.insert(name).second) {
      if (const auto found = findInSystem(name)) {
        pending_.push_back(*found);
      }
    }
  }

 private:
  struct Found {
    std::string path;
    bool own = false;
  };

  void list(const std::string& path) {
    if (std::find(files_.begin(), files_.end(), path) == files_.end()) {
      files_.push_back(path);
    }
  }

  std::optional<Found> find(const std::string& name, const ElfNeeds& needs) const {
    const bool looksAtOrigin = std::any_of(
        needs.runPath.begin(), needs.runPath.end(),
        [](const std::string& entry) { return entry == "$ORIGIN" || entry == "${ORIGIN}"; });
    if (looksAtOrigin && !ownFolder_.empty()) {
      std::string path = ownFolder_ + "/" + name;
      if (openRegular(path)) {
        return Found{std::move(path), true};
      }
    }
    return findInSystem(name);
  }

  static std::optional<Found> findInSystem(const std::string& name) {
    for (const std::string& folder : systemLibraryFolders()) {
      std::string path = folder + "/" + name;
      if (openRegular(path)) {
        return Found{std::move(path), false};
      }
    }
    return std::nullopt;
  }

  std::string ownFolder_;
  std::vector<std::string>& files_;
  std::set<std::string> seen_;
  std::deque<Found> pending_;
};

}  // namespace

std::vector<std::string> systemLibraryFolders() {
#if defined(__x86_64__)
  return {"/lib/x86_64-linux-gnu",
          "/usr/lib/x86_64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/lib",
          "/usr/lib"};
#else
  return {"/lib/aarch64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/lib",
          "/usr/lib"};
#endif
}

Result<std::vector<std::string>> neededFiles(const std::string& program,
                                             const std::string& ownFolder,
                                             const std::vector<std::string>& extra) {
  std::vector<std::string> files;
  Finder finder(ownFolder, files);
  BUSBAR_TRY(finder.follow(program, false));
  for (const std::string& name : extra) {
    finder.addIfPresent(name);
  }
  BUSBAR_TRY(finder.followPending());
  return files;
}

}  // namespace busbar::sandbox
