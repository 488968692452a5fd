// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/triggers/mailer.h"
#include "sdk/base/result.h"

namespace busbar::triggers {

inline constexpr size_t kMaxRecipients = 100;
inline constexpr size_t kMaxSubjectBytes = 500;  // a longer one is cut

// Whether it can stand in MAIL FROM, RCPT TO and headers as it is: printable ASCII without white
// space, quotes, brackets and commas, around one '@'.
bool isMailAddress(std::string_view text);

// The mail as text with CR LF at its line ends (RFC 5322, RFC 2045), in 7 bits: the subject in
// encoded words (RFC 2047) where it has to be, the text quoted-printable. Nothing of it can become
// a header. InvalidArgument, reason `mail_bad_address` or `mail_bad_text`: a recipient that is no
// address, none or too many, a control character in the subject, an id that is none. Pure.
Result<std::string> composeMail(const Mail& mail, std::string_view from, std::string_view ownName,
                                int64_t utcNs);

}  // namespace busbar::triggers
