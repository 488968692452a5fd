// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/link_shares.h"

namespace busbar {

Result<std::shared_ptr<const TlsClient>> LinkShares::tlsClient(const TlsTrust& trust) {
  std::erase_if(tlsClients_, [](const auto& client) { return client.expired(); });
  for (const auto& known : tlsClients_) {
    if (auto client = known.lock(); client != nullptr && client->trust() == trust) {
      return client;
    }
  }
  auto client = TlsClient::create(trust, siteCaFile_);
  if (client.ok()) {
    tlsClients_.push_back(*client);
  }
  return client;
}

}  // namespace busbar
