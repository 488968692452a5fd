// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/state_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <busbar/driver.h>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr size_t kMaxKeyBytes = 128;

template <class T>
void formatInto(std::string& out, T value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.assign(buffer.data(), end);
}

// Type bit of JSON text that has been checked.
uint8_t typeOf(std::string_view json) {
  const size_t at = json.find_first_not_of(" \t\r\n");
  switch (at == std::string_view::npos ? ' ' : json[at]) {
    case '{':
      return kStatusObject;
    case '[':
      return kStatusArray;
    case '"':
      return kStatusString;
    case 't':
    case 'f':
      return kStatusBool;
    case 'n':
      return kStatusNull;
    default:
      return json.find_first_of(".eE") == std::string_view::npos ? kStatusInt | kStatusNumber
                                                                 : kStatusNumber;
  }
}

// Writes the point's value as JSON text into `out`; the type bits, or what is wrong.
Result<uint8_t> toJson(const wire::StatePoint& point, std::string& out) {
  switch (point.type) {
    case BUSBAR_V_NULL:
      out.clear();
      return uint8_t{kStatusAny};
    case BUSBAR_V_BOOL:
      out = point.i != 0 ? "true" : "false";
      return uint8_t{kStatusBool};
    case BUSBAR_V_INT:
      formatInto(out, point.i);
      return static_cast<uint8_t>(kStatusInt | kStatusNumber);
    case BUSBAR_V_DOUBLE:
      if (!std::isfinite(point.d)) {
        return Error::of(ErrorCode::InvalidArgument, "the number is not finite");
      }
      formatInto(out, point.d);
      return uint8_t{kStatusNumber};
    case BUSBAR_V_STR:
      if (!json::isUtf8(point.text)) {
        return Error::of(ErrorCode::InvalidArgument, "the text is not UTF-8");
      }
      out.clear();
      json::appendString(out, point.text);
      return uint8_t{kStatusString};
    default:
      BUSBAR_TRY(json::check(point.text, {.maxDepth = 32}));
      out = point.text;
      return typeOf(out);
  }
}

}  // namespace

Result<const StateMap::Entry*> StateMap::take(const wire::StatePoint& point, int64_t nowUtcNs) {
  const auto refuse = [&](std::string why) {
    return Error::at(ErrorCode::InvalidArgument, std::string(point.key.substr(0, kMaxKeyBytes)),
                     "status key refused: " + std::move(why));
  };
  if (point.sequence <= lastRunnerSequence_) {
    return refuse("its sequence number does not rise");
  }
  auto it = entries_.find(point.key);
  if (it == entries_.end()) {
    if (point.key.empty() || point.key.size() > kMaxKeyBytes || !json::isUtf8(point.key)) {
      return Error::of(ErrorCode::InvalidArgument,
                       "status key refused: not a name of 1 to 128 bytes");
    }
    const StatusRule* rule = findRule_(point.key);
    if (rule == nullptr) {
      return refuse("the manifest does not declare it");
    }
    if (entries_.size() >= kMaxKeys) {
      return refuse("the module has 4096 keys already");
    }
    it = entries_.emplace(std::string(point.key), Entry{}).first;
    it->second.value.key = it->first;
    it->second.rule = *rule;
  }
  Entry& entry = it->second;
  const Result<uint8_t> types = toJson(point, scratch_);
  if (!types) {
    return refuse(types.error().message);
  }
  if ((*types & entry.rule.types) == 0) {
    return refuse("its value is not of the type that the manifest declares");
  }
  entry.value.json.swap(scratch_);
  lastRunnerSequence_ = point.sequence;
  entry.value.sequence = sequenceBase_ + point.sequence;
  entry.value.timeNs = point.timeNs != 0 ? point.timeNs : nowUtcNs;
  markDirty(it);
  return &std::as_const(entry);
}

const StateMap::Entry& StateMap::set(std::string_view key, std::string json, int64_t nowUtcNs) {
  auto it = entries_.find(key);
  if (it == entries_.end()) {
    it = entries_.emplace(std::string(key), Entry{}).first;
    it->second.value.key = it->first;
  }
  Entry& entry = it->second;
  entry.value.json = std::move(json);
  entry.value.sequence = lastSequence();
  entry.value.timeNs = nowUtcNs;
  markDirty(it);
  return entry;
}

void StateMap::markDirty(Map::iterator it) {
  if (!it->second.dirty) {
    it->second.dirty = true;
    dirtyKeys_.push_back(it->first);
  }
}

void StateMap::clear() {
  entries_.clear();
  dirtyKeys_.clear();
  sequenceBase_ += lastRunnerSequence_;
  lastRunnerSequence_ = 0;
}

void StateMap::restore(std::vector<StateEntry> entries) {
  for (StateEntry& value : entries) {
    Entry entry;
    entry.value = std::move(value);
    if (const StatusRule* rule = findRule_(entry.value.key)) {
      entry.rule = *rule;
    }
    std::string key = entry.value.key;
    entries_.emplace(std::move(key), std::move(entry));
  }
}

const StateMap::Entry* StateMap::find(std::string_view key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() || it->second.value.json.empty() ? nullptr : &it->second;
}

std::vector<StateEntry> StateMap::all() const {
  std::vector<StateEntry> out;
  out.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    if (!entry.value.json.empty()) {
      out.push_back(entry.value);
    }
  }
  std::sort(out.begin(), out.end(),
            [](const StateEntry& a, const StateEntry& b) { return a.key < b.key; });
  return out;
}

void StateMap::drainDirty(const std::function<void(const StateEntry&)>& take) {
  for (const std::string& key : dirtyKeys_) {
    const auto it = entries_.find(key);
    if (it == entries_.end()) {
      continue;
    }
    it->second.dirty = false;
    take(it->second.value);
    if (it->second.value.json.empty()) {
      entries_.erase(it);
    }
  }
  dirtyKeys_.clear();
}

}  // namespace busbar
