// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/target.h"
#include "sdk/base/result.h"

namespace busbar::oauth {

// The parameters of a request to these routes: of a body of type
// application/x-www-form-urlencoded, and of the query. Decoded strictly (http::Target), none twice
// in one place (RFC 6749 s. 3.2), at most 8 KiB. The body wins. Values may be secrets: they go into
// no message and no log. Thread-compatible.
class Form {
 public:
  static constexpr size_t kMaxBodyBytes = 8000;

  // InvalidArgument with a sentence for error_description.
  static Result<Form> read(const http::Request& request);
  // The query alone.
  static Result<Form> readQuery(const http::Request& request);

  // "" when absent; empty values count as absent (RFC 6749 s. 3.1).
  std::string get(std::string_view name) const;
  std::string body(std::string_view name) const;
  std::string query(std::string_view name) const;
  // True if one of the names of a token request is in the query.
  bool hasGrantInQuery() const;

 private:
  Form() = default;

  http::Target query_;
  http::Target body_;
};

}  // namespace busbar::oauth
