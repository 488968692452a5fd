// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/direct_link.h"

#include <utility>

namespace busbar {

DirectLink::DirectLink(const Context& context, LinkTarget target)
    : owner_(context.owner),
      connector_(context.loop, context.pool, *this, context.linkId, std::move(target),
                 context.randomSeed) {}

void DirectLink::lost(uint32_t generation) {
  if (generation == connector_.generation()) {
    connector_.lost();
  }
}

void DirectLink::linkConnected(uint32_t linkId, uint32_t generation, UniqueFd fd,
                               std::string peer) {
  owner_.linkUp(linkId, generation, connector_.target().kind, std::move(fd), std::move(peer));
}

void DirectLink::linkFailed(uint32_t linkId, const Error& error) {
  owner_.linkFailed(linkId, error);
}

}  // namespace busbar
