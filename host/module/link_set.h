// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/link/link.h"
#include "sdk/manifest/manifest.h"
#include "sdk/wire/messages.h"

namespace busbar {

// What the configuration of a module says about its links.
struct LinkSettings {
  std::string host;  // the module's own address; empty: none
  uint16_t port = 0;
  bool tls = false;
  bool makebreak = false;
  const Connection& connection;
};

// One target for each link of the manifest, in its order. An empty host: the link has no address.
// The port is that of the link's settings, else the module's, else the manifest's default_port; the
// module's, which is its device's, does not count for a link with many peers behind the first.
std::vector<LinkTarget> linkTargets(const Manifest& manifest, const LinkSettings& settings);
// InvalidArgument when the settings name a role that the driver does not have; `field` as in
// Connection::parse.
Status checkLinkRoles(const Manifest& manifest, const Connection& connection);
// InvalidArgument when a peer, group or interface is no address.
Status checkLinkPeers(const Manifest& manifest, const Connection& connection);

// The links of one running module, and whether those that the driver requires are up. Link ids
// count from 1 in the order of the manifest. Loop-only.
class LinkSet final : private Link::Owner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void sendLinkUp(const wire::LinkUp& m, UniqueFd fd) = 0;
    virtual void sendLinkDown(const wire::LinkDown& m) = 0;
    virtual bool mayWrite() const = 0;
    // `code` and `why` are empty when all required links are up.
    virtual void linksChanged(bool connected, std::string code, std::string why) = 0;
    virtual void log(int level, std::string message) = 0;
  };
  struct Context {
    EventLoop& loop;
    WorkerPool& pool;
    LinkShares& shares;
    Owner& owner;
  };

  // The manifest outlives the set.
  LinkSet(const Context& context, const Manifest& manifest, std::vector<LinkTarget> targets);
  LinkSet(const LinkSet&) = delete;
  LinkSet& operator=(const LinkSet&) = delete;

  // As the runner is to know them at create.
  std::vector<wire::CreateLink> describe(std::vector<std::string>& framings) const;
  // The module runs; `randomSeed` spreads the times of further tries.
  void open(uint32_t randomSeed);
  // True if there is anything to be connected to.
  bool isOpen() const;
  // The module has stopped in order.
  void finish();

  // From the runner. `m.error.message` is clean.
  void lost(const wire::LinkDown& m);
  // False: the action is unknown.
  bool request(const wire::LinkRequest& m);

 private:
  struct Entry {
    const Manifest::Link& manifest;
    LinkTarget target;
    std::unique_ptr<Link> link;  // nullptr: not open, or no address
    uint32_t upGeneration = 0;   // what the runner has; 0: nothing
    bool connected = true;
    std::string code;
    std::string why;
  };
  void linkUp(uint32_t linkId, uint32_t generation, LinkKind kind, UniqueFd fd,
              std::string peer) override;
  void linkDown(uint32_t linkId, uint32_t generation, const Error* why) override;
  void linkFailed(uint32_t linkId, const Error& error) override;
  bool linkMayWrite() const override { return context_.owner.mayWrite(); }
  void linkLog(int level, std::string message) override;
  void openOne(uint32_t linkId, Entry& entry, uint32_t randomSeed);
  void set(Entry& entry, bool connected, std::string code, std::string why);
  void tell();
  void disconnect(uint32_t linkId, Entry& entry);

  Context context_;
  std::vector<Entry> entries_;
};

}  // namespace busbar
