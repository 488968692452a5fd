// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::triggers {

// A part of a text: what stands for itself, or a template.
struct TemplatePiece {
  std::string text;               // itself; of a path as it was written
  std::vector<std::string> path;  // empty: `text` stands for itself
  bool isTemplate = false;        // came from between braces
};

// InvalidArgument with a reason that completes "<field> …": a template without its end, a name of a
// member that is no name, too many members or templates. Does not look at what the path names.
Result<std::vector<TemplatePiece>> parseTemplate(std::string_view text);

// InvalidArgument with such a reason when a path names what no firing has. Ok for texts.
Status checkTemplatePath(const TemplatePiece& piece);

}  // namespace busbar::triggers
