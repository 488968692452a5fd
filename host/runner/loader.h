// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <busbar/driver.h>

#include "sdk/base/result.h"

namespace busbar::runner {

// A driver's library, loaded for the life of the process (never unloaded). The steps are apart
// because the sandbox tightens between them. Loop thread only.
class Loader {
 public:
  Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  // Reads the embedded manifest, then loads the library: the driver's constructors run here.
  // InvalidArgument (reason "driver_bad_file") or what the dynamic loader said.
  Status load(const std::string& path);

  // Calls the entry and copies its table into `table`, zero-extended. Reasons: "driver_no_entry",
  // "driver_refused", "driver_wrong_abi", "driver_incomplete", "driver_manifest_differs".
  Status enter(uint32_t hostMinor, busbar_driver& table);

 private:
  struct Library;  // hides Boost.DLL
  std::unique_ptr<Library> library_;
  std::string manifest_;  // of the ELF section
};

// The part of enter() that judges a table.
Status checkTable(const busbar_driver* raw, uint32_t hostMinor, std::string_view manifest,
                  busbar_driver& table);

}  // namespace busbar::runner
