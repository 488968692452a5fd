// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/link/link_connector.h"

namespace busbar {

// TCP in clear and connected UDP: the runner gets the socket itself. Loop-only.
class DirectLink final : public Link, private LinkConnector::Owner {
 public:
  DirectLink(const Context& context, LinkTarget target);

  void connect() override { connector_.connect(); }
  void request() override { connector_.request(); }
  void disconnect() override { connector_.disconnect(); }
  void lost(uint32_t generation) override;

 private:
  void linkConnected(uint32_t linkId, uint32_t generation, UniqueFd fd, std::string peer) override;
  void linkFailed(uint32_t linkId, const Error& error) override;

  Link::Owner& owner_;
  LinkConnector connector_;
};

}  // namespace busbar
