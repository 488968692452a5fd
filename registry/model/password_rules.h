// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "registry/model/identity.h"

// Which passwords are accepted: by length and by being none that everybody tries first, as NIST SP
// 800-63B s. 5.1.1.2 has it; no rules of composition, no expiry. Pure. Does not protect against a
// password that is used elsewhere too, nor against one that is long and well known but not made of
// the words below.
namespace busbar::model {

inline constexpr size_t kMinPasswordCharacters = 10;
inline constexpr size_t kMaxPasswordCharacters = 256;

// Why `password` is not accepted for `user`, as a sentence that "password" begins: "must …". None
// when it is accepted.
std::optional<std::string> findPasswordFault(std::string_view password, const User& user);

// True for a common word with what people add to it ("Passw0rd!2024"), two such words, one
// character or short piece repeated, and a run along the alphabet, the digits or a keyboard.
bool isCommonPassword(std::string_view password);

}  // namespace busbar::model
