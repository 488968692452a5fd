// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/blocks.h"

#include <array>

#include "sdk/base/json.h"

namespace busbar::runner {
namespace {

constexpr size_t kMaxCodeBytes = 64;
constexpr size_t kMaxMessageBytes = 4096;
constexpr size_t kMaxDetailsBytes = 64U << 10U;

bool isCode(std::string_view code) {
  return code.size() <= kMaxCodeBytes && std::all_of(code.begin(), code.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

bool viewText(const busbar_str& in, size_t maxBytes, std::string_view& out) {
  if (in.len > maxBytes || (in.ptr == nullptr && in.len != 0)) {
    return false;
  }
  out = in.ptr == nullptr ? std::string_view() : std::string_view(in.ptr, in.len);
  return true;
}

bool viewDoc(const busbar_doc& in, std::string_view& out) {
  if (in.ptr == nullptr || in.len == 0) {
    out = {};
    return in.len == 0;
  }
  if (in.encoding != BUSBAR_ENC_JSON || in.len > kMaxDocBytes) {
    return false;
  }
  out = {reinterpret_cast<const char*>(in.ptr), in.len};
  return json::check(out, {kMaxDocBytes, 32}).ok();
}

std::string_view clipUtf8(std::string_view text, size_t maxBytes) {
  if (text.size() <= maxBytes) {
    return text;
  }
  size_t end = maxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

busbar_status normalStatus(busbar_status status) {
  if (status >= 0) {
    return BUSBAR_OK;
  }
  return status < BUSBAR_E_UNSUPPORTED ? BUSBAR_E_INTERNAL : status;
}

const char* statusName(busbar_status status) {
  static constexpr std::array<const char*, 12> kNames{
      "OK",          "E_INVALID", "E_STATE",    "E_DENIED", "E_AGAIN",    "E_TIMEOUT",
      "E_CANCELLED", "E_OFFLINE", "E_NOTFOUND", "E_DEVICE", "E_INTERNAL", "E_UNSUPPORTED"};
  return kNames[static_cast<size_t>(-normalStatus(status))];
}

const char* readError(busbar_status status, const busbar_error* in, wire::WireError& out) {
  out = {};
  out.status = normalStatus(status);
  busbar_error block{};
  if (out.status == BUSBAR_OK || in == nullptr) {
    return nullptr;
  }
  if (!readBlock(in, block)) {
    return "an error block without size";
  }
  out.flags = block.flags & BUSBAR_ERROR_RETRYABLE;
  out.retryAfterMs = block.retry_after_ms;
  const char* why = nullptr;
  std::string_view text;
  if (viewText(block.code, kMaxCodeBytes, text) && isCode(text)) {
    out.code = text;
  } else {
    why = "an error code is not lower_snake";
  }
  if (viewText(block.message, kMaxDocBytes, text) &&
      json::isUtf8(clipUtf8(text, kMaxMessageBytes))) {
    out.message = clipUtf8(text, kMaxMessageBytes);
  } else {
    why = "an error message is not UTF-8";
  }
  if (block.details.len <= kMaxDetailsBytes && viewDoc(block.details, text)) {
    out.details = text;
  } else {
    why = "error details are not valid JSON of at most 64 KiB";
  }
  return why;
}

}  // namespace busbar::runner
