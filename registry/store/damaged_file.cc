// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/damaged_file.h"

#include <cerrno>
#include <cstdio>

namespace busbar {

Status putAside(const std::string& path) {
  for (const char* suffix : {"-wal", "-shm"}) {
    std::remove((path + suffix).c_str());
  }
  if (std::rename(path.c_str(), (path + ".damaged").c_str()) != 0) {
    return Error::fromErrno(errno, "rename the damaged " + path);
  }
  return {};
}

}  // namespace busbar
