// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/elf_needs.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace busbar::sandbox {
namespace {

constexpr size_t kMaxProgramHeaders = 64;
constexpr size_t kMaxDynamicBytes = 64 << 10;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxNeeded = 64;
constexpr size_t kMaxRunPath = 4096;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#endif

Error bad(std::string what) {
  return Error::because(ErrorCode::InvalidArgument, "bad_elf", "read ELF file: " + std::move(what));
}

bool readAt(int fd, uint64_t offset, void* into, size_t length) {
  if (offset > static_cast<uint64_t>(INT64_MAX) - length) {
    return false;
  }
  auto* out = static_cast<char*>(into);
  while (length > 0) {
    const ssize_t got = ::pread(fd, out, length, static_cast<off_t>(offset));
    if (got <= 0) {
      return false;
    }
    out += got;
    offset += static_cast<uint64_t>(got);
    length -= static_cast<size_t>(got);
  }
  return true;
}

// Up to `limit` bytes, cut at the first NUL; nothing when there is none within it.
std::optional<std::string> readString(int fd, uint64_t offset, size_t limit) {
  std::string text(limit + 1, '\0');
  if (offset > static_cast<uint64_t>(INT64_MAX) - text.size()) {
    return std::nullopt;
  }
  const ssize_t got = ::pread(fd, text.data(), text.size(), static_cast<off_t>(offset));
  if (got <= 0) {
    return std::nullopt;
  }
  const size_t end = text.find('\0');
  if (end == std::string::npos || end >= static_cast<size_t>(got)) {
    return std::nullopt;
  }
  text.resize(end);
  return text;
}

std::optional<uint64_t> fileOffset(std::span<const Elf64_Phdr> headers, uint64_t address) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
        address - header.p_vaddr < header.p_filesz) {
      const uint64_t within = address - header.p_vaddr;
      if (header.p_offset <= UINT64_MAX - within) {
        return header.p_offset + within;
      }
    }
  }
  return std::nullopt;
}

void splitRunPath(const std::string& text, std::vector<std::string>& into) {
  size_t start = 0;
  while (start <= text.size()) {
    const size_t end = std::min(text.find(':', start), text.size());
    if (end > start) {
      into.push_back(text.substr(start, end - start));
    }
    start = end + 1;
  }
}

Status readDynamic(int fd, std::span<const Elf64_Phdr> headers, const Elf64_Phdr& dynamic,
                   ElfNeeds& needs) {
  if (dynamic.p_filesz > kMaxDynamicBytes) {
    return bad("dynamic section over 64 KiB");
  }
  std::vector<Elf64_Dyn> entries(dynamic.p_filesz / sizeof(Elf64_Dyn));
  if (!readAt(fd, dynamic.p_offset, entries.data(), entries.size() * sizeof(Elf64_Dyn))) {
    return bad("dynamic section is cut off");
  }
  std::optional<uint64_t> strings;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_STRTAB) {
      strings = fileOffset(headers, entry.d_un.d_ptr);
    }
  }
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) {
      break;
    }
    const bool isPath = entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH;
    if (entry.d_tag != DT_NEEDED && !isPath) {
      continue;
    }
    if (!strings || entry.d_un.d_val > UINT32_MAX) {
      return bad("no string table for a library name");
    }
    auto text = readString(fd, *strings + entry.d_un.d_val, isPath ? kMaxRunPath : kMaxName);
    if (!text) {
      return bad("a library name is too long or cut off");
    }
    if (isPath) {
      splitRunPath(*text, needs.runPath);
    } else if (text->empty() || text->find('/') != std::string::npos) {
      return bad("a needed library is not a plain file name");
    } else if (needs.needed.size() >= kMaxNeeded) {
      return bad("more than 64 needed libraries");
    } else {
      needs.needed.push_back(std::move(*text));
    }
  }
  return {};
}

}  // namespace

Result<ElfNeeds> readElfNeeds(int fd) {
  Elf64_Ehdr head{};
  if (!readAt(fd, 0, &head, sizeof(head)) || ::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
    return bad("it is not an ELF file");
  }
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
      head.e_machine != kMachine) {
    return bad("it is for another machine (e_machine " + std::to_string(head.e_machine) + ")");
  }
  if (head.e_type != ET_DYN && head.e_type != ET_EXEC) {
    return bad("it is neither a shared object nor a program");
  }
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0 ||
      head.e_phnum > kMaxProgramHeaders) {
    return bad("program headers: wrong size, none, or more than 64");
  }
  std::vector<Elf64_Phdr> headers(head.e_phnum);
  if (!readAt(fd, head.e_phoff, headers.data(), headers.size() * sizeof(Elf64_Phdr))) {
    return bad("program headers are cut off");
  }
  ElfNeeds needs;
  needs.isSharedObject = head.e_type == ET_DYN;
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_INTERP) {
      auto text = readString(fd, header.p_offset, kMaxName);
      if (!text || text->empty() || text->front() != '/') {
        return bad("the interpreter is not an absolute path");
      }
      needs.interpreter = std::move(*text);
    } else if (header.p_type == PT_DYNAMIC) {
      BUSBAR_TRY(readDynamic(fd, headers, header, needs));
    }
  }
  return needs;
}

}  // namespace busbar::sandbox
