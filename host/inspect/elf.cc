// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/inspect/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "sdk/base/unique_fd.h"

namespace busbar::elf {
namespace {

constexpr size_t kMaxPrograms = 64;
constexpr size_t kMaxSections = 4096;
constexpr size_t kMaxDynamic = 4096;
constexpr size_t kMaxNeeded = 64;
constexpr size_t kMaxSymbols = 1U << 20U;
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxVersions = 4096;

// driver.h BUSBAR_NOTE_…; repeated here because this library knows files, not drivers.
constexpr std::string_view kNoteName = "Busbar";
constexpr uint32_t kNoteType = 1;
constexpr uint32_t kNoteMagic = 0x42535242;

Error bad(std::string why) {
  return Error::of(ErrorCode::InvalidArgument, "not a usable library: " + std::move(why));
}

}  // namespace

std::string_view toString(Machine machine) {
  return machine == Machine::X86_64 ? "x86_64" : "aarch64";
}

// Reads one file from top to bottom; every access goes through bytes() or at().
class ImageReader {
 public:
  explicit ImageReader(std::string_view file) : file_(file) {}

  Result<Image> run() {
    BUSBAR_TRY(header());
    BUSBAR_TRY(programs());
    BUSBAR_TRY(dynamic());
    BUSBAR_TRY(exports());
    readVersions();
    readSections();
    return std::move(out_);
  }

 private:
  bool fits(uint64_t offset, uint64_t length) const {
    return offset <= file_.size() && length <= file_.size() - offset;
  }
  template <class T>
  bool at(uint64_t offset, T& out) const {
    if (!fits(offset, sizeof(T))) {
      return false;
    }
    std::memcpy(&out, file_.data() + offset, sizeof(T));
    return true;
  }
  // The NUL-terminated text at `offset` of `table`; empty when it is none.
  static std::string_view text(std::string_view table, uint64_t offset) {
    if (offset >= table.size()) {
      return {};
    }
    const std::string_view rest = table.substr(offset, kMaxNameBytes);
    const size_t end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
  }
  // Where the loader finds the byte at `address`: its offset and how many follow in the segment.
  bool fileOffset(uint64_t address, uint64_t& offset, uint64_t& room) const {
    for (const Elf64_Phdr& p : loads_) {
      if (address >= p.p_vaddr && address - p.p_vaddr < p.p_filesz) {
        offset = p.p_offset + (address - p.p_vaddr);
        room = p.p_filesz - (address - p.p_vaddr);
        return fits(offset, room);
      }
    }
    return false;
  }

  Status header();
  Status programs();
  Status dynamic();
  void dynamicEntry(const Elf64_Dyn& entry);
  Status dynamicText();
  Result<uint64_t> symbolCount() const;
  Status exports();
  void readVersions();
  void readNotes(std::string_view notes);
  void readNote(std::string_view name, uint32_t type, std::string_view desc);
  void readSections();

  std::string_view file_;
  Image out_;
  Elf64_Ehdr head_{};
  std::vector<Elf64_Phdr> loads_;
  Elf64_Phdr dynamic_{};
  bool hasDynamic_ = false;
  std::vector<uint64_t> neededAt_;
  std::vector<uint64_t> pathsAt_;
  uint64_t sonameAt_ = UINT64_MAX;
  uint64_t strtab_ = 0, strsz_ = 0, symtab_ = 0, syment_ = 0, hash_ = 0, gnuHash_ = 0;
  uint64_t verneed_ = 0, verneedCount_ = 0;
  std::string_view strings_;
};

Status ImageReader::header() {
  if (!at(0, head_) || std::memcmp(head_.e_ident, ELFMAG, SELFMAG) != 0) {
    return bad("it is not an ELF file");
  }
  if (head_.e_ident[EI_CLASS] != ELFCLASS64 || head_.e_ident[EI_DATA] != ELFDATA2LSB ||
      head_.e_ident[EI_VERSION] != EV_CURRENT) {
    return bad("it is not a 64-bit little-endian file");
  }
  if (head_.e_machine == EM_X86_64) {
    out_.facts_.machine = Machine::X86_64;
  } else if (head_.e_machine == EM_AARCH64) {
    out_.facts_.machine = Machine::Aarch64;
  } else {
    return bad("it is for another machine (e_machine " + std::to_string(head_.e_machine) + ")");
  }
  if (head_.e_type != ET_DYN) {
    return bad("it is not a shared library (e_type " + std::to_string(head_.e_type) + ")");
  }
  return {};
}

Status ImageReader::programs() {
  if (head_.e_phentsize != sizeof(Elf64_Phdr) || head_.e_phnum > kMaxPrograms ||
      !fits(head_.e_phoff, uint64_t{head_.e_phnum} * sizeof(Elf64_Phdr))) {
    return bad("its program headers lie outside of the file");
  }
  Facts& facts = out_.facts_;
  facts.execStack = true;
  for (size_t i = 0; i < head_.e_phnum; ++i) {
    Elf64_Phdr p{};
    static_cast<void>(at(head_.e_phoff + i * sizeof p, p));
    switch (p.p_type) {
      case PT_LOAD:
        if (!fits(p.p_offset, p.p_filesz) || p.p_filesz > p.p_memsz) {
          return bad("a segment lies outside of the file");
        }
        facts.writableCode |= (p.p_flags & PF_W) != 0 && (p.p_flags & PF_X) != 0;
        loads_.push_back(p);
        break;
      case PT_DYNAMIC:
        dynamic_ = p;
        hasDynamic_ = true;
        break;
      case PT_GNU_STACK:
        facts.execStack = (p.p_flags & PF_X) != 0;
        break;
      case PT_INTERP:
        return bad("it is a program, not a library");
      case PT_NOTE:
        if (fits(p.p_offset, p.p_filesz)) {
          readNotes(file_.substr(p.p_offset, p.p_filesz));
        }
        break;
      default:
        break;
    }
  }
  return {};
}

Status ImageReader::dynamic() {
  uint64_t offset = 0;
  uint64_t room = 0;
  // By address, as the loader does: p_offset could name another place.
  if (!hasDynamic_ || !fileOffset(dynamic_.p_vaddr, offset, room)) {
    return bad("it has no dynamic section");
  }
  for (size_t i = 0;; ++i) {
    Elf64_Dyn entry{};
    if (i == kMaxDynamic || (i + 1) * sizeof entry > room ||
        !at(offset + i * sizeof entry, entry)) {
      return bad("its dynamic section does not end");
    }
    if (entry.d_tag == DT_NULL) {
      break;
    }
    dynamicEntry(entry);
  }
  return dynamicText();
}

void ImageReader::dynamicEntry(const Elf64_Dyn& entry) {
  const uint64_t value = entry.d_un.d_val;
  switch (entry.d_tag) {
    case DT_NEEDED:
      neededAt_.push_back(value);
      break;
    case DT_RPATH:
    case DT_RUNPATH:
      pathsAt_.push_back(value);
      break;
    case DT_SONAME:
      sonameAt_ = value;
      break;
    case DT_STRTAB:
      strtab_ = value;
      break;
    case DT_STRSZ:
      strsz_ = value;
      break;
    case DT_SYMTAB:
      symtab_ = value;
      break;
    case DT_SYMENT:
      syment_ = value;
      break;
    case DT_HASH:
      hash_ = value;
      break;
    case DT_GNU_HASH:
      gnuHash_ = value;
      break;
    case DT_VERNEED:
      verneed_ = value;
      break;
    case DT_VERNEEDNUM:
      verneedCount_ = value;
      break;
    case DT_TEXTREL:
      out_.facts_.textRelocations = true;
      break;
    case DT_FLAGS:
      out_.facts_.textRelocations |= (value & DF_TEXTREL) != 0;
      break;
    default:
      break;
  }
}

Status ImageReader::dynamicText() {
  uint64_t offset = 0;
  uint64_t room = 0;
  if (!fileOffset(strtab_, offset, room) || strsz_ > room) {
    return bad("its dynamic strings lie outside of the file");
  }
  strings_ = file_.substr(offset, strsz_);
  Facts& facts = out_.facts_;
  if (neededAt_.size() > kMaxNeeded || pathsAt_.size() > 2) {
    return bad("it needs more than " + std::to_string(kMaxNeeded) + " libraries");
  }
  for (const uint64_t name : neededAt_) {
    facts.needed.emplace_back(text(strings_, name));
    if (facts.needed.back().empty()) {
      return bad("the name of a needed library is malformed");
    }
  }
  for (const uint64_t at : pathsAt_) {
    std::string_view rest = text(strings_, at);
    while (!rest.empty()) {
      const size_t colon = std::min(rest.find(':'), rest.size());
      facts.searchPaths.emplace_back(rest.substr(0, colon));
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  if (sonameAt_ != UINT64_MAX) {
    facts.soname = text(strings_, sonameAt_);
  }
  return {};
}

// The dynamic section has no count: DT_HASH holds it, DT_GNU_HASH implies it.
Result<uint64_t> ImageReader::symbolCount() const {
  uint64_t offset = 0;
  uint64_t room = 0;
  if (gnuHash_ != 0 && fileOffset(gnuHash_, offset, room)) {
    uint32_t head[4] = {};  // buckets, first symbol, bloom words, shift
    if (!at(offset, head) || head[0] > kMaxSymbols || head[2] > kMaxSymbols) {
      return bad("its symbol hash is malformed");
    }
    const uint64_t buckets = offset + sizeof head + uint64_t{head[2]} * 8;
    uint32_t last = 0;
    for (uint64_t i = 0; i < head[0]; ++i) {
      uint32_t first = 0;
      if (!at(buckets + i * 4, first)) {
        return bad("its symbol hash lies outside of the file");
      }
      last = std::max(last, first);
    }
    if (last < head[1] || last == 0) {
      return uint64_t{head[1]};  // no bucket is used: nothing is defined
    }
    const uint64_t chains = buckets + uint64_t{head[0]} * 4;
    for (uint64_t i = last;; ++i) {
      uint32_t hash = 0;
      if (i > kMaxSymbols || !at(chains + (i - head[1]) * 4, hash)) {
        return bad("its symbol hash does not end");
      }
      if ((hash & 1U) != 0) {
        return i + 1;
      }
    }
  }
  uint32_t head[2] = {};  // buckets, chains
  if (hash_ != 0 && fileOffset(hash_, offset, room) && at(offset, head) && head[1] <= kMaxSymbols) {
    return uint64_t{head[1]};
  }
  return bad("it has no symbol hash");
}

Status ImageReader::exports() {
  const auto count = symbolCount();
  BUSBAR_TRY(count);
  uint64_t offset = 0;
  uint64_t room = 0;
  if (*count == 0) {
    return {};
  }
  if (syment_ != sizeof(Elf64_Sym) || !fileOffset(symtab_, offset, room) ||
      *count * sizeof(Elf64_Sym) > room) {
    return bad("its symbols lie outside of the file");
  }
  Facts& facts = out_.facts_;
  for (uint64_t i = 1; i < *count; ++i) {
    Elf64_Sym symbol{};
    static_cast<void>(at(offset + i * sizeof symbol, symbol));
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ||
        (visibility != STV_DEFAULT && visibility != STV_PROTECTED)) {
      continue;
    }
    ++facts.exportCount;
    if (facts.exports.size() < Image::kMaxListedExports) {
      facts.exports.emplace_back(text(strings_, symbol.st_name));
    }
  }
  return {};
}

void ImageReader::readVersions() {
  uint64_t offset = 0;
  uint64_t room = 0;
  if (verneed_ == 0 || !fileOffset(verneed_, offset, room)) {
    return;
  }
  unsigned floor = 0;
  size_t budget = kMaxVersions;
  for (uint64_t i = 0; i < verneedCount_ && budget > 0; ++i) {
    Elf64_Verneed need{};
    if (!at(offset, need)) {
      break;
    }
    uint64_t aux = offset + need.vn_aux;
    for (unsigned k = 0; k < need.vn_cnt && budget > 0; ++k, --budget) {
      Elf64_Vernaux entry{};
      if (!at(aux, entry)) {
        break;
      }
      constexpr std::string_view kPrefix = "GLIBC_2.";
      std::string_view name = text(strings_, entry.vna_name);
      if (name.substr(0, kPrefix.size()) == kPrefix) {
        name.remove_prefix(kPrefix.size());
        unsigned minor = 0;
        std::from_chars(name.data(), name.data() + name.size(), minor);
        floor = std::max(floor, minor);
      }
      if (entry.vna_next == 0) {
        break;
      }
      aux += entry.vna_next;
    }
    --budget;
    if (need.vn_next == 0) {
      break;
    }
    offset += need.vn_next;
  }
  if (floor != 0) {
    out_.facts_.glibcFloor = "2." + std::to_string(floor);
  }
}

void ImageReader::readNotes(std::string_view notes) {
  Elf64_Nhdr head{};
  while (notes.size() >= sizeof head) {
    std::memcpy(&head, notes.data(), sizeof head);
    notes.remove_prefix(sizeof head);
    const uint64_t nameRoom = (uint64_t{head.n_namesz} + 3) / 4 * 4;
    const uint64_t descRoom = (uint64_t{head.n_descsz} + 3) / 4 * 4;
    if (nameRoom > notes.size() || descRoom > notes.size() - nameRoom) {
      return;
    }
    if (head.n_namesz > 0) {
      readNote(notes.substr(0, head.n_namesz - 1), head.n_type,
               notes.substr(nameRoom, head.n_descsz));
    }
    notes.remove_prefix(nameRoom + descRoom);
  }
}

void ImageReader::readNote(std::string_view name, uint32_t type, std::string_view desc) {
  Facts& facts = out_.facts_;
  if (name == "GNU" && type == NT_GNU_BUILD_ID && desc.size() <= 64) {
    constexpr std::string_view kHex = "0123456789abcdef";
    facts.buildId.clear();
    for (const char c : desc) {
      facts.buildId += kHex[static_cast<unsigned char>(c) >> 4U];
      facts.buildId += kHex[static_cast<unsigned char>(c) & 15U];
    }
  } else if (name == kNoteName && type == kNoteType && desc.size() == 16) {
    uint32_t words[4] = {};
    std::memcpy(words, desc.data(), sizeof words);
    if (words[0] == kNoteMagic) {
      facts.abiNote = AbiNote{words[1], words[2], words[3]};
    }
  }
}

void ImageReader::readSections() {
  if (head_.e_shentsize != sizeof(Elf64_Shdr) || head_.e_shnum > kMaxSections ||
      head_.e_shstrndx >= head_.e_shnum ||
      !fits(head_.e_shoff, uint64_t{head_.e_shnum} * sizeof(Elf64_Shdr))) {
    return;  // a library without section headers loads; it just has no named sections
  }
  const auto read = [this](size_t index) {
    Elf64_Shdr s{};
    static_cast<void>(at(head_.e_shoff + index * sizeof s, s));
    return s;
  };
  const Elf64_Shdr names = read(head_.e_shstrndx);
  if (names.sh_type == SHT_NOBITS || !fits(names.sh_offset, names.sh_size)) {
    return;
  }
  const std::string_view table = file_.substr(names.sh_offset, names.sh_size);
  for (size_t i = 1; i < head_.e_shnum; ++i) {
    const Elf64_Shdr s = read(i);
    if (s.sh_type != SHT_NOBITS && fits(s.sh_offset, s.sh_size)) {
      out_.sections_.emplace_back(text(table, s.sh_name), file_.substr(s.sh_offset, s.sh_size));
    }
  }
}

Result<Image> Image::parse(std::string_view bytes) {
  return ImageReader(bytes).run();
}

Result<Image> Image::open(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    return Error::fromErrno(errno, "open " + path);
  }
  return openFd(fd.get());
}

Result<Image> Image::openFd(int fd) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) {
    return Error::fromErrno(errno, "look at a library");
  }
  if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
      static_cast<uint64_t>(st.st_size) > kMaxFileBytes) {
    return bad("it is not a regular file of 1 byte to 256 MiB");
  }
  const auto bytes = static_cast<size_t>(st.st_size);
  void* at = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) {
    return Error::fromErrno(errno, "map a library");
  }
  std::shared_ptr<const void> mapping(at, [bytes](void* p) { ::munmap(p, bytes); });
  auto image = parse({static_cast<const char*>(at), bytes});
  if (image.ok()) {
    image->mapping_ = std::move(mapping);
  }
  return image;
}

std::optional<std::string_view> Image::section(std::string_view name) const {
  for (const auto& [sectionName, bytes] : sections_) {
    if (sectionName == name) {
      return bytes;
    }
  }
  return std::nullopt;
}

}  // namespace busbar::elf
