// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/net/http_message.h"
#include "sdk/base/result.h"

// Headers as drivers write and read them. Shape: sdk/include/busbar/driver.h "busbar.http/1".
namespace busbar {

// An object of names to strings or arrays of strings; empty text is none. InvalidArgument at
// "headers". Whether names and values may stand in a request is for checkRequest() to say.
Result<HttpHeaders> readHeaders(std::string_view document);

// An object of lower-case names to strings, or to arrays where a name comes more than once; bytes
// that are no UTF-8 are replaced.
std::string writeHeaders(const HttpHeaders& headers);

}  // namespace busbar
