// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/front/response.h"
#include "sdk/base/clock.h"

namespace busbar::http {

// How the bytes of one answer are framed.
struct ResponseFrame {
  bool isHttp11 = true;
  bool keepAlive = true;
  bool isHead = false;           // the length of the body is told, the body is not sent
  bool isStream = false;         // no length: chunked for HTTP/1.1, until the end for HTTP/1.0
  bool isUpgrade = false;        // status 101: the head alone, another protocol follows
  bool isTls = false;            // tells the browser to stay with it
  std::string_view requestId;    // empty: none
  std::string_view traceparent;  // empty: none
};

// Turns a Response into bytes by way of one Poco::Net::HTTPResponse that is used again and again.
// Guards for browsers that the response does not set itself are added. Loop-only.
class ResponseWriter {
 public:
  explicit ResponseWriter(const Clock& clock);
  ~ResponseWriter();

  // Appends head and body to `out`. False, with nothing appended, if the response has a status
  // outside 200 to 599 (with isUpgrade: other than 101) or a header that is not allowed. A header
  // Upgrade brings its Connection option with it (RFC 9110 s. 7.8).
  bool write(const Response& response, const ResponseFrame& frame, std::string& out);

 private:
  struct Scratch;
  const std::string& date(Instant now);
  const Clock& clock_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace busbar::http
