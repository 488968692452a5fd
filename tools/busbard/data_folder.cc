// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/data_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace busbar::daemon {
namespace {

std::string holderOf(int lockFile) {
  char text[32];
  const ssize_t n = pread(lockFile, text, sizeof(text), 0);
  std::string pid(text, n > 0 ? static_cast<size_t>(n) : 0);
  pid.erase(std::find_if(pid.begin(), pid.end(), [](char c) { return c < '0' || c > '9'; }),
            pid.end());
  return pid.empty() ? "another process" : "process " + pid;
}

Status makeFolder(const std::string& path) {
  std::error_code failed;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) {
    std::filesystem::create_directories(parent, failed);
  }
  if (failed) {
    return Error::fromErrno(failed.value(), "make data folder " + path);
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::fromErrno(errno, "make data folder " + path);
  }
  return {};
}

Status checkMode(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return Error::fromErrno(errno, "look at data folder " + path);
  }
  if (!S_ISDIR(info.st_mode)) {
    return Error::of(ErrorCode::InvalidArgument, "data folder " + path + ": is not a folder");
  }
  // An empty folder, or one of ours, is made private; what else lies there is not ours to change.
  std::error_code failed;
  const bool ours = std::filesystem::is_empty(path, failed) ||
                    std::filesystem::exists(path + "/config.db", failed);
  if ((info.st_mode & 077) != 0 && !(ours && chmod(path.c_str(), 0700) == 0)) {
    return Error::of(ErrorCode::FailedPrecondition,
                     "data folder " + path +
                         ": other users may enter it; make it private with: chmod 700 " + path);
  }
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::string& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed).lexically_normal();
  if (!absolute.has_filename()) {  // "/x/y/" means "/x/y"
    absolute = absolute.parent_path();
  }
  BUSBAR_TRY(makeFolder(absolute.string()));
  BUSBAR_TRY(checkMode(absolute.string()));
  const std::string real = std::filesystem::canonical(absolute, failed).string();
  if (failed) {
    return Error::fromErrno(failed.value(), "open data folder " + path);
  }
  UniqueFd lock(::open((real + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) {
    return Error::fromErrno(errno, "write in data folder " + real);
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return Error::fromErrno(errno, "lock data folder " + real);
    }
    return Error::of(ErrorCode::FailedPrecondition,
                     "data folder " + real + ": in use by " + holderOf(lock.get()) +
                         "; stop it or give another folder with --data");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.get(), 0) != 0 ||
      pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return Error::fromErrno(errno, "write in data folder " + real);
  }
  return DataFolder(real, std::move(lock));
}

}  // namespace busbar::daemon
