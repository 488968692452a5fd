// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// The files of api/web, put into the program by the build.
namespace busbar::oauth::web {

extern const std::string_view kLoginHtml;
extern const std::string_view kLoginCss;
extern const std::string_view kLoginJs;

}  // namespace busbar::oauth::web
