// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Runs a fuzz target over every file of the folders and files given: a fuzz target's corpus as a
// test, where no libFuzzer is linked. Fails when there is nothing to run.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

bool runFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "open %s: cannot be read\n", path.c_str());
    return false;
  }
  const std::vector<char> text{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
  // A copy of exactly this size, so that reading past the end is seen by a sanitizer.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path given(argv[i]);
    if (!std::filesystem::is_directory(given)) {
      if (!runFile(given)) {
        return 1;
      }
      ++count;
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(given)) {
      if (entry.is_regular_file()) {
        if (!runFile(entry.path())) {
          return 1;
        }
        ++count;
      }
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
}
