// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/loader.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>

#include "host/inspect/elf.h"
#include "host/runner/blocks.h"

namespace busbar::runner {
namespace {

constexpr const char* kEntry = "busbar_entry_1";

Error refuse(const char* reason, std::string message) {
  return Error::because(ErrorCode::InvalidArgument, reason, std::move(message));
}

}  // namespace

struct Loader::Library {
  boost::dll::shared_library handle;
};

Loader::Loader() : library_(std::make_unique<Library>()) {}

// The library stays: its threads and destructors are not ours to time.
Loader::~Loader() {
  [[maybe_unused]] const Library* const stays = library_.release();
}

Status Loader::load(const std::string& path) {
  auto image = elf::Image::open(path);
  if (!image.ok()) {
    return refuse("driver_bad_file", image.error().message);
  }
  const auto manifest = image->section(BUSBAR_MANIFEST_SECTION);
  if (!manifest) {
    return refuse("driver_bad_file", path + " has no section " BUSBAR_MANIFEST_SECTION);
  }
  manifest_.assign(*manifest);
  boost::dll::fs::error_code code;
  static_cast<void>(dlerror());
  library_->handle.load(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local,
                        code);
  if (code) {
    const char* why = dlerror();
    return refuse("driver_bad_file", "load " + path + ": " + (why != nullptr ? why : "refused"));
  }
  return {};
}

Status Loader::enter(uint32_t hostMinor, busbar_driver& table) {
  using EntryFunction = const busbar_driver*(uint32_t, uint32_t);
  if (!library_->handle.has(kEntry)) {
    return refuse("driver_no_entry", std::string("the driver does not export ") + kEntry);
  }
  auto& entry = library_->handle.get<EntryFunction>(kEntry);
  return checkTable(entry(hostMinor, 0), hostMinor, manifest_, table);
}

Status checkTable(const busbar_driver* raw, uint32_t hostMinor, std::string_view manifest,
                  busbar_driver& table) {
  if (raw == nullptr) {
    return refuse("driver_refused", "the driver refuses ABI 1." + std::to_string(hostMinor));
  }
  if (!readBlock(raw, table) || raw->struct_size < offsetof(busbar_driver, process_init)) {
    return refuse("driver_incomplete", "the driver's table is too short");
  }
  if (table.abi_minor > hostMinor) {
    return refuse("driver_wrong_abi", "the driver needs ABI 1." + std::to_string(table.abi_minor) +
                                          ", this host has 1." + std::to_string(hostMinor));
  }
  if (table.flags != 0 || table.reserved != 0) {
    return refuse("driver_wrong_abi", "the driver's table has unknown flags");
  }
  if (table.create == nullptr || table.start == nullptr || table.stop == nullptr ||
      table.destroy == nullptr) {
    return refuse("driver_incomplete", "the driver lacks create, start, stop or destroy");
  }
  std::string_view own;
  if (!viewText(table.manifest, kMaxDocBytes, own) || own != manifest) {
    return refuse("driver_manifest_differs",
                  "the manifest of the driver's table differs from the embedded one");
  }
  return {};
}

}  // namespace busbar::runner
