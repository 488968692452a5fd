// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::daemon {

// The folder with everything a site knows, held by this process alone: a second busbard on the same
// folder is refused (flock(2) on DIR/lock, released by the kernel when the process ends). Does not
// protect against: another machine on the same network file system, or another user as root.
class DataFolder {
 public:
  // Makes the folder (mode 0700) and its parents if absent. Errors: PermissionDenied or what the
  // system said when it cannot be written; FailedPrecondition when another process holds it, with
  // its process id. A folder that others may enter is refused: its mode must be 0700 or stricter.
  static Result<DataFolder> open(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  DataFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;  // absolute, without symbolic links
  UniqueFd lock_;
};

}  // namespace busbar::daemon
