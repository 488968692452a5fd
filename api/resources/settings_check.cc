// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/settings_check.h"

#include <utility>

#include "registry/settings/merge.h"

namespace busbar::api {

Status checkSettingsOf(const Manifest& manifest, std::span<const model::Settings* const> chain) {
  auto merged = mergeSettings(chain);
  if (!merged) {
    return merged.error();
  }
  json::Value values{std::move(merged->values)};
  return manifest.settings.check(manifest.settings.withDefaults(std::move(values)),
                                 "/settings_string");
}

}  // namespace busbar::api
