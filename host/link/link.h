// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/settings/connection.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "sdk/base/worker_pool.h"

namespace busbar {

enum class LinkKind : uint32_t { Tcp = 1, Udp = 2, Tls = 3, UdpPeers = 4, TcpPeers = 5 };

// Where a link goes: exactly what the module's configuration says, nothing a driver can choose.
struct LinkTarget {
  LinkKind kind = LinkKind::Tcp;  // BUSBAR_LINK_…
  std::string host;               // name or address
  uint16_t port = 0;
  bool mayStartTls = false;  // kind Tcp: begins in clear
  bool onDemand = false;     // up only while somebody asks for it
  bool broadcast = false;    // kind UdpPeers: may send to broadcast addresses
  TlsTrust tls = {};
  std::string interfaceAddress = {};    // of ours; kinds with many peers
  std::string group = {};               // kind UdpPeers: multicast group
  std::vector<std::string> peers = {};  // kinds with many peers; empty: `host` alone
  bool operator==(const LinkTarget&) const = default;
};

class LinkShares;

// One link of one module, as the host keeps it: brings it up, tries again, ends it. Loop-only.
class Link {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // A connection for the runner.
    virtual void linkUp(uint32_t linkId, uint32_t generation, LinkKind kind, UniqueFd fd,
                        std::string peer) = 0;
    // What was handed over is over, by the host; `why` is nullptr when no fault is behind it.
    virtual void linkDown(uint32_t linkId, uint32_t generation, const Error* why) = 0;
    // A try failed. The next comes by itself, but for links on demand.
    virtual void linkFailed(uint32_t linkId, const Error& error) = 0;
    // False once this host may not speak for the module any more.
    virtual bool linkMayWrite() const = 0;
    virtual void linkLog(int level, std::string message) = 0;  // BUSBAR_LOG_…, 6: driver_bug
  };
  struct Context {
    EventLoop& loop;
    WorkerPool& pool;
    LinkShares& shares;
    Owner& owner;
    uint32_t linkId;
    uint32_t randomSeed;
  };

  // `context` and what it names outlive the link. InvalidArgument: the target cannot work
  // (certificates, addresses of peers); `field` names the member of the settings.
  static Result<std::unique_ptr<Link>> create(const Context& context, LinkTarget target);
  virtual ~Link() = default;

  virtual void connect() = 0;  // now, unless a try is under way
  // For links on demand: once the wait after a failure is over.
  virtual void request() = 0;
  virtual void disconnect() = 0;  // and stay down
  // The runner closed its end of that generation.
  virtual void lost(uint32_t generation) = 0;
  virtual void startTls(uint32_t generation);
  // The module stopped in order: what the runner wrote last goes out as far as it does at once.
  virtual void finish() {}
};

}  // namespace busbar
