// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {

std::optional<std::string> readSmallFile(const std::string& path) {
  constexpr size_t kMaxBytes = 64 << 10;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return std::nullopt;
  }
  std::string text;
  char buffer[4096];
  while (text.size() < kMaxBytes) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    if (got < 0) {
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

Status writeSmallFile(const std::string& path, std::string_view text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) {
    return Error::fromErrno(errno, "open " + path);
  }
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error::fromErrno(errno, "write " + std::string(text) + " to " + path);
  }
  return {};
}

}  // namespace busbar::sandbox
