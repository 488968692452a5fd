// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::sandbox {

// Where the dynamic linker looks without a cache; a runner's root has no ld.so.cache.
std::vector<std::string> systemLibraryFolders();

// The files that `program` (an ELF file) needs to run, its interpreter and all libraries down the
// chain: absolute paths under which both busbard and the dynamic linker find them, each once, no
// symbolic link in the last part resolved. Libraries that lie in `ownFolder` (found there by
// $ORIGIN) are followed but not listed, as that folder is mounted whole. `extra` are file names
// that are added where the system has them. NotFound names the library and who needs it. Reads ELF
// files only, never runs ldd: that would execute the file's own interpreter. At most 128 files.
Result<std::vector<std::string>> neededFiles(const std::string& program,
                                             const std::string& ownFolder,
                                             const std::vector<std::string>& extra);

}  // namespace busbar::sandbox
