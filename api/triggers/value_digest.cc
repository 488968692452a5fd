// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/value_digest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <openssl/sha.h>

#include "sdk/base/result.h"

namespace busbar::triggers {
namespace {

json::Value canonical(const json::Value& value) {
  if (const double* real = value.asDouble()) {
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    const bool isWhole = std::trunc(*real) == *real && *real >= -kLimit && *real < kLimit;
    return isWhole ? json::Value(static_cast<int64_t>(*real)) : value;
  }
  if (const json::Array* array = value.asArray()) {
    json::Array same;
    same.reserve(array->size());
    std::transform(array->begin(), array->end(), std::back_inserter(same), canonical);
    return same;
  }
  if (const json::Object* object = value.asObject()) {
    std::vector<const json::Member*> members;
    members.reserve(object->size());
    for (const json::Member& member : *object) {
      members.push_back(&member);
    }
    std::sort(members.begin(), members.end(),
              [](const json::Member* a, const json::Member* b) { return a->first < b->first; });
    json::Array pairs;  // for the digest only; an object's set() would look for each name
    pairs.reserve(members.size() + 1);
    pairs.emplace_back("{}");
    for (const json::Member* member : members) {
      pairs.emplace_back(json::Array{member->first, canonical(member->second)});
    }
    return pairs;
  }
  return value;
}

}  // namespace

std::string digestOf(const json::Value& value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string text = json::write(canonical(value));
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  BUSBAR_CHECK(SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      digest.data()) != nullptr);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

}  // namespace busbar::triggers
