// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/inspect/elf.h"
#include "sdk/base/result.h"

// What `busbar-runner --inspect` says of a driver's library. Shape: README.md "Report".
namespace busbar::elf {

// A rule that the library breaks: a stable lower_snake code and a sentence.
struct Problem {
  std::string code;
  std::string message;
};

// The rules for a driver's library, in the order of the README's table. Empty: it may be loaded.
std::vector<Problem> judgeDriver(const Image& image);

// One JSON object on one line. Of a file that could not be read, only its problem.
std::string writeReport(const Result<Image>& image);

}  // namespace busbar::elf
