// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/router/slashless.h"

#include <algorithm>
#include <string_view>

namespace busbar::http {
namespace {

constexpr std::string_view kVersion = "v2";
constexpr size_t kVersionSegment = 2;  // of /api/engine/v2…
constexpr std::string_view kNames[] = {"assets",    "cluster", "domains",
                                       "short_url", "users",   "webrtc"};

}  // namespace

bool splitSlashless(Target& target) {
  if (target.segmentCount() <= kVersionSegment || target.segment(0) != "api" ||
      target.segment(1) != "engine" || !target.segment(kVersionSegment).starts_with(kVersion)) {
    return false;
  }
  const std::string_view name = target.segment(kVersionSegment).substr(kVersion.size());
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) {
    return false;
  }
  target.splitSegment(kVersionSegment, kVersion.size());
  return true;
}

}  // namespace busbar::http
