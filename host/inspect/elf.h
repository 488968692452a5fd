// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/result.h"

// Reads shared libraries without running or mapping them for execution. Every offset and count is
// checked; what the dynamic loader would use (PT_LOAD, PT_DYNAMIC) is trusted over section headers.
namespace busbar::elf {

enum class Machine : uint8_t { X86_64, Aarch64 };
std::string_view toString(Machine machine);  // "x86_64", "aarch64"

// What .note.busbar says. Shape: driver.h BUSBAR_NOTE_….
struct AbiNote {
  uint32_t major = 0;
  uint32_t targetMinor = 0;
  uint32_t sdkBuild = 0;
};

struct Facts {
  Machine machine = Machine::X86_64;
  std::string soname;
  std::vector<std::string> needed;       // DT_NEEDED, in order
  std::vector<std::string> searchPaths;  // DT_RPATH and DT_RUNPATH, split at colons
  std::vector<std::string> exports;      // at most kMaxListedExports
  size_t exportCount = 0;                // defined, default visibility, not local
  bool execStack = false;                // PT_GNU_STACK absent or executable
  bool textRelocations = false;
  bool writableCode = false;  // a PT_LOAD that is writable and executable
  std::string glibcFloor;     // highest GLIBC_x.y wanted, "2.34"; empty: none
  std::string buildId;        // hex; empty: none
  std::optional<AbiNote> abiNote;
};

// One ELF64 little-endian ET_DYN file. Thread-compatible.
class Image {
 public:
  static constexpr size_t kMaxFileBytes = 256U << 20U;
  static constexpr size_t kMaxListedExports = 16;

  // Maps the file (read-only) for the life of the Image: it must not be cut meanwhile (SIGBUS), as
  // the files of an installed driver never are. NotFound, PermissionDenied, or
  // InvalidArgument when it is not such a file; the message says which rule it breaks.
  static Result<Image> open(const std::string& path);
  static Result<Image> openFd(int fd);  // the fd stays the caller's
  // Over bytes that outlive the Image.
  static Result<Image> parse(std::string_view bytes);

  const Facts& facts() const { return facts_; }
  // The bytes of the first section of that name; nothing when there is none.
  std::optional<std::string_view> section(std::string_view name) const;

 private:
  friend class ImageReader;
  Image() = default;
  Facts facts_;
  std::vector<std::pair<std::string_view, std::string_view>> sections_;  // name, bytes
  std::shared_ptr<const void> mapping_;  // shared: an Image is copyable, the mapping is one
};

}  // namespace busbar::elf
