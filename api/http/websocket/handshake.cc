// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/handshake.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

#include "api/http/front/head_parser.h"
#include "api/http/problem.h"
#include "sdk/base/result.h"

namespace busbar::http {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 s. 1.3
constexpr std::string_view kVersion = "13";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// Whether a comma list, as in Connection and Upgrade, has `wanted` in any case.
bool hasOption(std::string_view list, std::string_view wanted) {
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    if (equalsIgnoringCase(trim(list.substr(0, comma)), wanted)) {
      return true;
    }
    if (comma == list.size()) {
      return false;
    }
    list.remove_prefix(comma + 1);
  }
}

// The base64 of 16 bytes.
bool isKey(std::string_view key) {
  constexpr size_t kDigits = 22;
  return key.size() == kDigits + 2 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + kDigits, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

Response refusal(const Request& request, ErrorCode code, int status, std::string reason,
                 std::string message) {
  Error error = Error::because(code, std::move(reason), std::move(message));
  error.httpStatus = status;
  return problem(error, request);
}

// "a:443" with "https" -> "a"
std::string_view withoutDefaultPort(std::string_view host, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

}  // namespace

bool isSameHost(std::string_view origin, std::string_view host) {
  constexpr std::string_view kSeparator = "://";
  const size_t at = origin.find(kSeparator);
  if (at == std::string_view::npos) {
    return false;  // "null" too
  }
  const std::string_view scheme = origin.substr(0, at);
  if (scheme != "http" && scheme != "https") {
    return false;
  }
  return equalsIgnoringCase(withoutDefaultPort(origin.substr(at + kSeparator.size()), scheme),
                            withoutDefaultPort(host, scheme));
}

std::optional<Response> refuseHandshake(const Request& request) {
  const std::string_view upgrade = request.header("Upgrade").value_or("");
  const std::string_view connection = request.header("Connection").value_or("");
  const bool asks = request.method() == Method::Get && request.isHttp11() &&
                    hasOption(upgrade, "websocket") && hasOption(connection, "upgrade");
  if (!asks || request.header("Sec-WebSocket-Version").value_or("") != kVersion) {
    Response response = refusal(request, ErrorCode::InvalidArgument, 426, "upgrade_required",
                                "this path speaks websocket only (RFC 6455, version 13)");
    return std::move(
        response.set("Upgrade", "websocket").set("Sec-WebSocket-Version", std::string(kVersion)));
  }
  if (!isKey(request.header("Sec-WebSocket-Key").value_or("")) || !request.body().empty()) {
    return refusal(request, ErrorCode::InvalidArgument, 400, "bad_handshake",
                   "a websocket needs a Sec-WebSocket-Key of 16 bytes in base64, and no body");
  }
  const auto origin = request.header("Origin");
  if (origin && !isSameHost(*origin, request.header("Host").value_or(""))) {
    return refusal(request, ErrorCode::PermissionDenied, 403, "bad_origin",
                   "pages of another host may not open a websocket here");
  }
  return std::nullopt;
}

Response acceptHandshake(const Request& request) {
  Response response(101);
  response.set("Upgrade", "websocket");
  response.set("Sec-WebSocket-Accept", acceptOf(request.header("Sec-WebSocket-Key").value_or("")));
  return response;
}

std::string acceptOf(std::string_view key) {
  std::string text(key);
  text.append(kGuid);
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  BUSBAR_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) ==
               1);
  std::array<uint8_t, 32> base64;
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return {base64.begin(), base64.begin() + length};
}

}  // namespace busbar::http
