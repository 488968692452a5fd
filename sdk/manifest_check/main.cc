// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// busbar-manifest-check MANIFEST [--glue HEADER]
// Checks a driver's manifest.json; with --glue also writes the header for the C++ glue. Exit
// status: 0 valid, 1 not valid, 2 wrong usage or a file that cannot be read or written.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "sdk/manifest/manifest.h"
#include "sdk/manifest_check/glue_header.h"

namespace {

std::optional<std::string> readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int fail(int status, const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return status;
}

int writeGlue(const busbar::Manifest& manifest, const std::string& manifestPath,
              const std::string& path) {
  const auto header = busbar::glueHeader(manifest);
  if (!header.ok()) {
    return fail(1, manifestPath + ": " + header.error().message);
  }
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << *header;
  out.close();
  return out ? 0 : fail(2, "write " + path + ": failed");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string option = argc == 4 ? argv[2] : "";
  if (argc != 2 && option != "--glue") {
    return fail(2, "usage: busbar-manifest-check MANIFEST [--glue HEADER]");
  }
  const std::string path = argv[1];
  const std::optional<std::string> text = readFile(path);
  if (!text) {
    return fail(2, "read " + path + ": no such file or not readable");
  }
  const auto manifest = busbar::Manifest::parse(*text);
  if (!manifest.ok()) {
    return fail(1, path + ": " + manifest.error().message);
  }
  return argc == 4 ? writeGlue(*manifest, path, argv[3]) : 0;
}
