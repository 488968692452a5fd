// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// One text as the value of each header that is read beyond the head's grammar: what may be sent
// (Accept-Encoding, If-None-Match), who asks (Cookie, Origin beside Host), and where a trace began
// (traceparent). What is added in front of a list, or around it, changes the answer as the rules of
// lists say and not otherwise.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/docs/asset.h"
#include "api/http/router/request_credentials.h"
#include "api/http/trace_context.h"
#include "api/http/websocket/handshake.h"
#include "sdk/base/result.h"

namespace {

using namespace busbar;

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return out;
}

void checkCodings(const std::string& text) {
  const bool accepted = docs::acceptsGzip(text);
  BUSBAR_CHECK(docs::acceptsGzip("gzip," + text));
  BUSBAR_CHECK(docs::acceptsGzip("br;q=1, GZIP ; q=0.001 ," + text));
  BUSBAR_CHECK(!docs::acceptsGzip("gzip;q=0," + text));
  BUSBAR_CHECK(!docs::acceptsGzip("gzip ; Q=0.000 ,*," + text));
  for (const std::string& same :
       {" \t" + text + "\t ", ",," + text, text + ",", "identity," + text, upper(text)}) {
    BUSBAR_CHECK(docs::acceptsGzip(same) == accepted);
  }
  // Without the word and without the star there is nothing to accept.
  const bool isNamed = upper(text).find("GZIP") != std::string::npos;
  BUSBAR_CHECK(!accepted || isNamed || text.find('*') != std::string::npos);
}

void checkTags(const std::string& text) {
  const std::string tag = "W/\"0123456789abcdef\"";
  const bool held = docs::holdsEtag(text, tag);
  BUSBAR_CHECK(docs::holdsEtag(text + "," + tag, tag));
  BUSBAR_CHECK(docs::holdsEtag(" * ," + text, tag));
  BUSBAR_CHECK(docs::holdsEtag("\"x\" ,\t" + text, tag) == held);
  BUSBAR_CHECK(!held || text.find('*') != std::string::npos || text.find(tag) != std::string::npos);
}

void checkCookies(const std::string& text) {
  const std::string_view value = http::cookieOf(text, "a");
  BUSBAR_CHECK(value.find(';') == std::string_view::npos);
  BUSBAR_CHECK(value.empty() || (value.data() >= text.data() &&
                                 value.data() + value.size() <= text.data() + text.size()));
  BUSBAR_CHECK(http::cookieOf("a=first; " + text, "a") == "first");
  BUSBAR_CHECK(http::cookieOf("aa=1; b=\"a=2\"; " + text, "a") == value);
}

void checkTrace(std::string_view text) {
  const auto context = http::parseTraceparent(text);
  if (!context) {
    return;
  }
  BUSBAR_CHECK(text.substr(3, 32) == context->traceIdText());
  BUSBAR_CHECK(text.substr(36, 16) == context->spanIdText());
  const auto again = http::parseTraceparent(context->toHeader());
  BUSBAR_CHECK(again && *again == *context);
}

void checkOrigin(std::string_view text) {
  const size_t half = std::min(text.find('|'), text.size());
  const std::string_view host = text.substr(std::min(half + 1, text.size()));
  if (http::isSameHost(text.substr(0, half), host)) {
    BUSBAR_CHECK(text.starts_with("http://") || text.starts_with("https://"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  checkCodings(text);
  checkTags(text);
  checkCookies(text);
  checkTrace(text);
  checkOrigin(text);
  return 0;
}
