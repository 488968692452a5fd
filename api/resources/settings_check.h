// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "registry/model/records.h"
#include "sdk/base/result.h"
#include "sdk/manifest/manifest.h"

namespace busbar::api {

// Whether the settings that a module gets from these documents (registry/settings/merge.h) fit the
// schema of its driver. InvalidArgument; `field` begins with /settings_string when a value is to
// blame. Pure.
Status checkSettingsOf(const Manifest& manifest, std::span<const model::Settings* const> chain);

}  // namespace busbar::api
