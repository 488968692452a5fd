// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/link.h"

#include <utility>

#include "host/link/direct_link.h"
#include "host/link/link_shares.h"
#include "host/link/stream_link.h"
#include "host/link/tcp_peers_link.h"
#include "host/link/udp_peers_link.h"

namespace busbar {

Result<std::unique_ptr<Link>> Link::create(const Context& context, LinkTarget target) {
  if (target.kind == LinkKind::UdpPeers || target.kind == LinkKind::TcpPeers) {
    auto filter = PeersLink::filterOf(target);
    BUSBAR_TRY(filter);
    if (target.kind == LinkKind::UdpPeers) {
      return std::unique_ptr<Link>(
          std::make_unique<UdpPeersLink>(context, std::move(target), std::move(*filter)));
    }
    return std::unique_ptr<Link>(
        std::make_unique<TcpPeersLink>(context, std::move(target), std::move(*filter)));
  }
  if (target.kind == LinkKind::Tls || target.mayStartTls) {
    auto tls = context.shares.tlsClient(target.tls);
    BUSBAR_TRY(tls);
    return std::unique_ptr<Link>(
        std::make_unique<StreamLink>(context, std::move(target), std::move(*tls)));
  }
  return std::unique_ptr<Link>(std::make_unique<DirectLink>(context, std::move(target)));
}

void Link::startTls(uint32_t) {}

}  // namespace busbar
