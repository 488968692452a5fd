// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "registry/model/records.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// A driver folder as it came: exactly manifest.json and one library, read into memory once, so that
// what was checked is what is installed. Plain value; reading blocks, so on a pool thread.
struct DriverFolder {
  static constexpr size_t kMaxManifestBytes = 1U << 20U;
  static constexpr size_t kMaxLibraryBytes = 64U << 20U;

  std::string manifest;
  std::string libraryName;  // "echo.so"
  std::string library;
  std::string digest;  // lower hex SHA-256 of the library

  // InvalidArgument names the file and what is wrong with it: links, other files, sizes.
  static Result<DriverFolder> read(const std::string& path);
  // A sealed memfd with the library, for the inspector.
  Result<UniqueFd> toMemfd() const;
};

std::string sha256Hex(std::string_view bytes);

// Installed drivers on disk: ROOT/<package id>/<version>/<first 12 of the digest>/, written once by
// rename and never changed. All functions block: call them on a pool thread. Thread-safe.
class DriverDepot {
 public:
  explicit DriverDepot(std::string root) : root_(std::move(root)) {}

  // Durable when it returns. AlreadyExists is success: the same digest is the same file.
  Status store(const DriverFolder& folder, std::string_view packageId,
               std::string_view version) const;
  // Removes what installations that busbard did not survive have left. Only while none is under
  // way.
  void removeUnfinished() const;
  // The folder of an installed driver whose library still has its digest; DataLoss when it has not,
  // NotFound when it is gone. The sentence tells the admin what to do.
  Result<std::string> locate(const model::Driver& driver) const;
  std::string folderOf(std::string_view packageId, std::string_view version,
                       std::string_view digest) const;

 private:
  std::string root_;
};

// Digests of the drivers that were built with this busbard, one lower hex SHA-256 per line with a
// name behind it, as sha256sum writes them.
Result<std::set<std::string>> readBuiltDigests(const std::string& path);

}  // namespace busbar
