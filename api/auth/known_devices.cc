// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/known_devices.h"

#include <algorithm>
#include <utility>

#include "api/auth/secret_token.h"

namespace busbar::auth {

void KnownDevices::adopt(KnownDeviceRecord record) {
  std::string id = record.id;
  devices_.insert_or_assign(std::move(id), std::move(record));
}

std::string KnownDevices::find(std::string_view cookie, std::string_view userId) const {
  if (cookie.empty()) {
    return {};
  }
  const auto it = devices_.find(hashSecret(cookie));
  const bool isTheirs =
      it != devices_.end() && it->second.userId == userId && journal_.now() < it->second.expiresAt;
  return isTheirs ? it->first : std::string();
}

std::string KnownDevices::add(std::string userId) {
  std::vector<AuthWrite> writes;
  std::vector<const KnownDeviceRecord*> theirs;
  for (const auto& [id, device] : devices_) {
    if (device.userId == userId) {
      theirs.push_back(&device);
    }
  }
  if (theirs.size() >= kMaxPerUser) {
    const auto oldest =
        std::min_element(theirs.begin(), theirs.end(),
                         [](const auto* a, const auto* b) { return a->expiresAt < b->expiresAt; });
    auto node = devices_.extract((*oldest)->id);
    writes.push_back({AuthWrite::Kind::Erase, std::move(node.mapped())});
  }
  const SecretToken secret = newSecret();
  KnownDeviceRecord record;
  record.id = secret.hash;
  record.expiresAt = journal_.now() + kLifeSeconds;
  record.userId = std::move(userId);
  writes.push_back({AuthWrite::Kind::Put, record});
  adopt(std::move(record));
  journal_.write(std::move(writes), [](const Status&) {});
  return secret.text;
}

void KnownDevices::forgetAllOf(std::string_view userId) {
  std::vector<AuthWrite> writes;
  std::erase_if(devices_, [&](auto& item) {
    if (item.second.userId != userId) {
      return false;
    }
    writes.push_back({AuthWrite::Kind::Erase, item.second});
    return true;
  });
  if (!writes.empty()) {
    journal_.write(std::move(writes), [](const Status&) {});
  }
}

void KnownDevices::sweep() {
  const int64_t now = journal_.now();
  std::erase_if(devices_, [now](const auto& item) { return item.second.expiresAt <= now; });
}

}  // namespace busbar::auth
