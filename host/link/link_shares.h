// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/link/tcp_listeners.h"
#include "host/link/tls_client.h"
#include "host/link/udp_ports.h"

namespace busbar {

// What the links of a host have in common. Loop-only.
class LinkShares {
 public:
  // `siteCaFile`: PEM of those whom the site trusts; empty: whom the system trusts.
  explicit LinkShares(std::string siteCaFile) : siteCaFile_(std::move(siteCaFile)) {}
  LinkShares(const LinkShares&) = delete;
  LinkShares& operator=(const LinkShares&) = delete;

  // One for all with the same trust, while somebody holds it. Errors as TlsClient::create.
  Result<std::shared_ptr<const TlsClient>> tlsClient(const TlsTrust& trust);
  TcpListeners& listeners() { return listeners_; }
  UdpPorts& udpPorts() { return udpPorts_; }

 private:
  std::string siteCaFile_;
  TcpListeners listeners_;
  UdpPorts udpPorts_;
  std::vector<std::weak_ptr<const TlsClient>> tlsClients_;
};

}  // namespace busbar
