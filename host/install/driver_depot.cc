// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/install/driver_depot.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include <openssl/evp.h>

namespace busbar {
namespace {

constexpr size_t kDigestInPath = 12;
constexpr std::string_view kUnfinished = ".new-";

Error problem(const std::string& path, const std::string& what) {
  return Error::at(ErrorCode::InvalidArgument, path, path + ": " + what);
}

// Reads a regular file of at most `limit` bytes, never through a symbolic link.
Result<std::string> readFile(int folder, const std::string& name, size_t limit) {
  const UniqueFd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return errno == ELOOP ? problem(name, "is a symbolic link")
                          : Error::fromErrno(errno, "open " + name);
  }
  struct stat info{};
  if (fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return problem(name, "is not a regular file");
  }
  if (info.st_size <= 0 || static_cast<size_t>(info.st_size) > limit) {
    return problem(name, "has " + std::to_string(info.st_size) + " bytes; 1 to " +
                             std::to_string(limit) + " are allowed");
  }
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return n < 0 ? Error::fromErrno(errno, "read " + name)
                   : problem(name, "changed while it was read");
    }
    have += static_cast<size_t>(n);
  }
  return bytes;
}

Status writeFile(int folder, const std::string& name, std::string_view bytes, mode_t mode) {
  const UniqueFd fd(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) {
    return Error::fromErrno(errno, "create " + name);
  }
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return Error::fromErrno(errno, "write " + name);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  // The umask must not hide the file from the runners' uids.
  if (fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0) {
    return Error::fromErrno(errno, "save " + name);
  }
  return {};
}

Status syncFolder(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) {
    return Error::fromErrno(errno, "save folder " + path);
  }
  return {};
}

Status makeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return Error::fromErrno(errno, "create folder " + path);
  }
  return {};
}

}  // namespace

std::string sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  BUSBAR_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4U];
    hex += kHex[digest[i] & 0xFU];
  }
  return hex;
}

Result<DriverFolder> DriverFolder::read(const std::string& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    return Error::fromErrno(errno, "open driver folder " + path);
  }
  const int listing = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(listing), &closedir);
  if (!entries) {
    return Error::fromErrno(errno, "list driver folder " + path);
  }
  DriverFolder found;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || name == "manifest.json") {
      continue;
    }
    if (!name.ends_with(".so") || name.size() > 128 || name.starts_with('.')) {
      return problem(name,
                     "does not belong into a driver folder; it holds manifest.json and one .so");
    }
    if (!found.libraryName.empty()) {
      return problem(name, "is a second library; a driver folder holds one");
    }
    found.libraryName = name;
  }
  if (found.libraryName.empty()) {
    return problem(path, "holds no driver library (*.so)");
  }
  auto manifest = readFile(folder.get(), "manifest.json", kMaxManifestBytes);
  BUSBAR_TRY(manifest);
  auto library = readFile(folder.get(), found.libraryName, kMaxLibraryBytes);
  BUSBAR_TRY(library);
  found.manifest = std::move(*manifest);
  found.library = std::move(*library);
  found.digest = sha256Hex(found.library);
  return found;
}

Result<UniqueFd> DriverFolder::toMemfd() const {
  UniqueFd fd(memfd_create("busbar-inspect", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) {
    return Error::fromErrno(errno, "create a memfd");
  }
  std::string_view rest = library;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n <= 0) {
      return Error::fromErrno(errno, "fill a memfd");
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

std::string DriverDepot::folderOf(std::string_view packageId, std::string_view version,
                                  std::string_view digest) const {
  return root_ + "/" + std::string(packageId) + "/" + std::string(version) + "/" +
         std::string(digest.substr(0, kDigestInPath));
}

Status DriverDepot::store(const DriverFolder& folder, std::string_view packageId,
                          std::string_view version) const {
  const std::string target = folderOf(packageId, version, folder.digest);
  const std::string package = root_ + "/" + std::string(packageId);
  const std::string versions = package + "/" + std::string(version);
  BUSBAR_TRY(makeFolder(root_));
  BUSBAR_TRY(makeFolder(package));
  BUSBAR_TRY(makeFolder(versions));
  std::string temporary = versions + "/" + std::string(kUnfinished) + "XXXXXX";
  if (mkdtemp(temporary.data()) == nullptr) {
    return Error::fromErrno(errno, "create a folder in " + versions);
  }
  const auto fill = [&]() -> Status {
    const UniqueFd into(::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    BUSBAR_TRY(writeFile(into.get(), "manifest.json", folder.manifest, 0444));
    BUSBAR_TRY(writeFile(into.get(), folder.libraryName, folder.library, 0444));
    if (fsync(into.get()) != 0 || fchmod(into.get(), 0755) != 0) {
      return Error::fromErrno(errno, "save " + temporary);
    }
    if (rename(temporary.c_str(), target.c_str()) != 0) {
      return Error::fromErrno(errno, "rename to " + target);
    }
    return {};
  };
  if (Status filled = fill(); !filled.ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(temporary, ignored);
    if (access(target.c_str(), F_OK) != 0) {
      return filled;
    }
  }
  // Each name on the way may be new.
  BUSBAR_TRY(syncFolder(versions));
  BUSBAR_TRY(syncFolder(package));
  return syncFolder(root_);
}

void DriverDepot::removeUnfinished() const {
  std::error_code ignored;
  const auto each = [&ignored](const std::filesystem::path& folder, const auto& visit) {
    std::filesystem::directory_iterator entry(folder, ignored);
    for (; entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
      visit(entry->path());
    }
  };
  std::vector<std::filesystem::path> found;
  each(root_, [&](const auto& package) {
    each(package, [&](const auto& version) {
      each(version, [&](const auto& folder) {
        if (folder.filename().string().starts_with(kUnfinished)) {
          found.push_back(folder);
        }
      });
    });
  });
  for (const std::filesystem::path& folder : found) {
    std::filesystem::remove_all(folder, ignored);
  }
}

Result<std::string> DriverDepot::locate(const model::Driver& driver) const {
  std::string path = folderOf(driver.packageId, driver.version, driver.digest);
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    return Error::because(ErrorCode::NotFound, "driver_missing",
                          "The files of driver " + driver.id + " are gone from " + path +
                              ". Install the driver again.");
  }
  const auto library = readFile(folder.get(), driver.fileName, DriverFolder::kMaxLibraryBytes);
  if (!library) {
    return Error::because(ErrorCode::NotFound, "driver_missing",
                          "The library of driver " + driver.id + " cannot be read (" +
                              library.error().message + "). Install the driver again.");
  }
  if (sha256Hex(*library) != driver.digest) {
    return Error::because(ErrorCode::DataLoss, "driver_changed",
                          "The library of driver " + driver.id + " in " + path +
                              " is not the one that was installed. Find out who changed it, then "
                              "install the driver again.");
  }
  return path;
}

Result<std::set<std::string>> readBuiltDigests(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return Error::fromErrno(errno, "open " + path);
  }
  std::string text(1U << 20U, '\0');
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  if (n < 0) {
    return Error::fromErrno(errno, "read " + path);
  }
  text.resize(static_cast<size_t>(n));
  std::set<std::string> digests;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string digest = text.substr(at, std::min<size_t>(64, end - at));
    if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return problem(path, "holds a line without a SHA-256");
    }
    digests.insert(std::move(digest));
    at = end + 1;
  }
  return digests;
}

}  // namespace busbar
