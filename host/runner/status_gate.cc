// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/status_gate.h"

#include <algorithm>
#include <cmath>

#include "sdk/base/json.h"

namespace busbar::runner {
namespace {

constexpr json::Limits kDocLimits{StatusGate::kMaxTextBytes, 32};

const char* checkText(const char* data, size_t length, std::string_view& out) {
  if (data == nullptr && length != 0) {
    return "a value has a length but no bytes";
  }
  if (length > StatusGate::kMaxTextBytes) {
    return "a value is longer than 1 MiB";
  }
  out = {data, length};
  return nullptr;
}

const char* checkValue(const busbar_value& value, wire::StatePoint& out) {
  switch (value.type) {
    case BUSBAR_V_NULL:
      return nullptr;
    case BUSBAR_V_BOOL:
      out.i = value.u.i;
      return out.i == 0 || out.i == 1 ? nullptr : "a boolean is neither 0 nor 1";
    case BUSBAR_V_INT:
      out.i = value.u.i;
      return nullptr;
    case BUSBAR_V_DOUBLE:
      out.d = value.u.d;
      return std::isfinite(out.d) ? nullptr : "a number is not finite";
    case BUSBAR_V_STR:
      if (const char* why = checkText(value.u.s.ptr, value.u.s.len, out.text)) {
        return why;
      }
      return json::isUtf8(out.text) ? nullptr : "a text is not UTF-8";
    case BUSBAR_V_DOC:
      if (const char* why =
              checkText(reinterpret_cast<const char*>(value.u.b.ptr), value.u.b.len, out.text)) {
        return why;
      }
      return json::check(out.text, kDocLimits).ok() ? nullptr : "a document is not valid JSON";
    default:
      return "unknown type of value";
  }
}

}  // namespace

Result<std::shared_ptr<const StatusNames>> StatusNames::create(
    const std::vector<wire::CreateStatus>& declared) {
  std::shared_ptr<StatusNames> names(new StatusNames());
  for (const wire::CreateStatus& status : declared) {
    if (!status.isPattern) {
      names->names_.emplace(status.key);
      continue;
    }
    auto pattern = Pattern::compile(status.key);
    BUSBAR_TRY(pattern);
    names->patternTexts_.emplace_back(status.key);
    names->patterns_.push_back(std::move(*pattern));
  }
  return std::shared_ptr<const StatusNames>(std::move(names));
}

bool StatusNames::equals(const std::vector<wire::CreateStatus>& declared) const {
  size_t names = 0;
  size_t patterns = 0;
  for (const wire::CreateStatus& status : declared) {
    if (status.isPattern) {
      if (patterns == patternTexts_.size() || patternTexts_[patterns] != status.key) {
        return false;
      }
      ++patterns;
    } else if (!hasName(status.key)) {
      return false;
    } else {
      ++names;
    }
  }
  return names == names_.size() && patterns == patternTexts_.size();
}

bool StatusNames::matchesPattern(std::string_view key) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [key](const Pattern& p) { return p.matches(key); });
}

const char* StatusGate::checkKey(std::string_view key, bool removes) {
  if (names_->hasName(key) || dynamic_.find(key) != dynamic_.end()) {
    return nullptr;
  }
  if (!json::isUtf8(key)) {
    return "a key is not UTF-8";
  }
  if (!names_->matchesPattern(key)) {
    return "a key is not declared in the manifest";
  }
  if (removes) {
    return nullptr;
  }
  ++newKeys_;
  return names_->names_.size() + dynamic_.size() + newKeys_ <= kMaxKeys
             ? nullptr
             : "more than 4096 status keys";
}

const char* StatusGate::check(const busbar_point& in, wire::StatePoint& out) {
  if (in.key.ptr == nullptr || in.key.len == 0 || in.key.len > kMaxKeyBytes) {
    return "a key is empty or longer than 128 bytes";
  }
  if (in.quality > BUSBAR_QUALITY_BAD) {
    return "unknown quality";
  }
  if (in.value.flags != 0) {
    return "unknown flags of a value";
  }
  out = {};
  out.key = {in.key.ptr, in.key.len};
  out.type = static_cast<uint8_t>(std::min<uint32_t>(in.value.type, UINT8_MAX));
  out.quality = static_cast<uint8_t>(in.quality);
  out.timeNs = in.time_ns;
  if (const char* why = checkKey(out.key, in.value.type == BUSBAR_V_NULL)) {
    return why;
  }
  return checkValue(in.value, out);
}

uint64_t StatusGate::accept(const wire::StatePoint& point) {
  if (!names_->hasName(point.key)) {
    if (point.type != BUSBAR_V_NULL) {
      dynamic_.emplace(point.key);
    } else if (const auto it = dynamic_.find(point.key); it != dynamic_.end()) {
      dynamic_.erase(it);
    }
  }
  return ++sequence_;
}

}  // namespace busbar::runner
