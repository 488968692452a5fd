// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/link_set.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "host/link/peers_link.h"

namespace busbar {
namespace {

constexpr const char* kOffline = "device_offline";

bool hasManyPeers(const LinkTarget& target) {
  return target.kind == LinkKind::UdpPeers || target.kind == LinkKind::TcpPeers;
}

LinkKind kindOf(const Manifest::Link& link, bool tls) {
  const bool isTls =
      link.tls == Manifest::Tls::Always || (link.tls == Manifest::Tls::Optional && tls);
  return link.kind == Manifest::LinkKind::Tcp && isTls
             ? LinkKind::Tls
             : static_cast<LinkKind>(static_cast<uint32_t>(link.kind));
}

bool isReachable(const LinkTarget& target) {
  if (target.kind == LinkKind::UdpPeers && target.broadcast) {
    return true;  // what calls others needs no port that they know
  }
  return hasManyPeers(target) ? target.port != 0 : !target.host.empty();
}

std::string nameOf(const LinkTarget& target) {
  return hasManyPeers(target) ? "port " + std::to_string(target.port) : target.host;
}

}  // namespace

std::vector<LinkTarget> linkTargets(const Manifest& manifest, const LinkSettings& settings) {
  std::vector<LinkTarget> targets;
  for (const Manifest::Link& link : manifest.links) {
    LinkTarget target;
    target.kind = kindOf(link, settings.tls);
    target.host = settings.host;
    // The module's port is that of its device; a further link that listens has one of its own.
    const bool isOwn = &link == &manifest.links.front() || !hasManyPeers(target);
    target.port = isOwn && settings.port != 0 ? settings.port : link.defaultPort;
    target.mayStartTls = link.tls == Manifest::Tls::Start;
    target.onDemand = link.onDemand || (settings.makebreak && !hasManyPeers(target));
    target.broadcast = link.broadcast;
    target.tls = settings.connection.tls;
    if (const LinkAddress* own = settings.connection.findLink(link.role)) {
      target.host = own->host.empty() ? target.host : own->host;
      target.port = own->port != 0 ? own->port : target.port;
      target.interfaceAddress = own->interfaceAddress;
      target.group = own->group;
      target.peers = own->peers;
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

Status checkLinkRoles(const Manifest& manifest, const Connection& connection) {
  for (const auto& [role, address] : connection.links) {
    if (manifest.findLink(role) == nullptr) {
      std::string known;
      for (const Manifest::Link& link : manifest.links) {
        known += (known.empty() ? "" : ", ") + link.role;
      }
      return Error::at(ErrorCode::InvalidArgument, "/links/" + role,
                       "the driver has no link of that role; its links are: " +
                           (known.empty() ? "none" : known));
    }
  }
  return {};
}

Status checkLinkPeers(const Manifest& manifest, const Connection& connection) {
  const auto targets = linkTargets(manifest, {{}, 0, false, false, connection});
  for (size_t i = 0; i < targets.size(); ++i) {
    if (const auto filter = PeersLink::filterOf(targets[i]); !filter.ok()) {
      return Error::at(ErrorCode::InvalidArgument,
                       "/links/" + manifest.links[i].role + filter.error().field,
                       filter.error().message);
    }
  }
  return {};
}

LinkSet::LinkSet(const Context& context, const Manifest& manifest, std::vector<LinkTarget> targets)
    : context_(context) {
  for (size_t i = 0; i < targets.size(); ++i) {
    entries_.push_back({manifest.links[i], std::move(targets[i]), nullptr, 0, true, {}, {}});
  }
}

std::vector<wire::CreateLink> LinkSet::describe(std::vector<std::string>& framings) const {
  std::vector<wire::CreateLink> links;
  framings.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    framings.push_back(json::write(entry.manifest.framing));
    wire::CreateLink& link = links.emplace_back();
    link.linkId = static_cast<uint32_t>(links.size());
    link.kind = static_cast<uint32_t>(entry.target.kind);
    link.role = entry.manifest.role;
    link.framing = framings.back();
    link.maxFrameBytes = entry.manifest.maxFrameBytes;
    link.idleCloseMs =
        entry.target.onDemand ? static_cast<uint32_t>(entry.manifest.idleClose.count()) : 0;
    link.mayStartTls = entry.target.mayStartTls;
  }
  return links;
}

bool LinkSet::isOpen() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.link != nullptr; });
}

void LinkSet::open(uint32_t randomSeed) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    openOne(static_cast<uint32_t>(i + 1), entries_[i], randomSeed);
  }
  tell();
  for (const Entry& entry : entries_) {
    if (entry.link != nullptr && !entry.target.onDemand) {
      entry.link->connect();
    }
  }
}

void LinkSet::openOne(uint32_t linkId, Entry& entry, uint32_t randomSeed) {
  const auto unusable = [&entry](const char* code, std::string why) {
    entry.connected = false;
    entry.code = code;
    entry.why = std::move(why);
  };
  if (!isReachable(entry.target)) {
    const std::string& role = entry.manifest.role;
    unusable(kOffline,
             hasManyPeers(entry.target)
                 ? "Link " + role + " has no port to listen at: set " +
                       (linkId == 1 ? "port" : "busbar.links." + role + ".port in the settings")
                 : "The module has no device address: set ip and port");
    return;
  }
  Link::Owner& self = *this;
  auto link = Link::create(
      {context_.loop, context_.pool, context_.shares, self, linkId, randomSeed + linkId},
      entry.target);
  if (!link) {
    unusable("settings_invalid", link.error().message);
    return;
  }
  entry.link = std::move(*link);
  entry.connected = entry.target.onDemand;  // nothing has failed yet
  entry.code = kOffline;
  entry.why = hasManyPeers(entry.target) ? "Opening port " + std::to_string(entry.target.port)
                                         : "Connecting to " + entry.target.host;
}

void LinkSet::finish() {
  for (const Entry& entry : entries_) {
    if (entry.link != nullptr) {
      entry.link->finish();
    }
  }
}

void LinkSet::set(Entry& entry, bool connected, std::string code, std::string why) {
  entry.connected = connected;
  entry.code = std::move(code);
  entry.why = std::move(why);
  tell();
}

void LinkSet::tell() {
  const auto down = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.manifest.required && !entry.connected;
  });
  if (down == entries_.end()) {
    context_.owner.linksChanged(true, {}, {});
  } else {
    context_.owner.linksChanged(false, down->code, down->why);
  }
}

// ---- from the links

void LinkSet::linkUp(uint32_t linkId, uint32_t generation, LinkKind kind, UniqueFd fd,
                     std::string peer) {
  Entry& entry = entries_[linkId - 1];
  entry.upGeneration = generation;
  context_.owner.sendLinkUp({linkId, generation, static_cast<uint32_t>(kind), peer}, std::move(fd));
  if (kind != LinkKind::Udp) {  // a connected UDP socket says nothing about the device
    set(entry, true, {}, {});
  }
}

void LinkSet::linkDown(uint32_t linkId, uint32_t generation, const Error* why) {
  entries_[linkId - 1].upGeneration = 0;
  wire::LinkDown m;
  m.linkId = linkId;
  m.generation = generation;
  if (why != nullptr) {
    m.error.status = BUSBAR_E_OFFLINE;
    m.error.code = why->reason;
    m.error.message = why->message;
  }
  context_.owner.sendLinkDown(m);
  if (why != nullptr) {
    Entry& entry = entries_[linkId - 1];
    set(entry, false, why->reason.starts_with("tls_") ? why->reason : kOffline,
        "The connection to " + nameOf(entry.target) + " ended: " + why->message);
  }
}

void LinkSet::linkFailed(uint32_t linkId, const Error& error) {
  Entry& entry = entries_[linkId - 1];
  if (entry.target.onDemand) {  // so that it asks again if it still wants to send
    wire::LinkDown m;
    m.linkId = linkId;
    m.error.status = BUSBAR_E_OFFLINE;
    m.error.code = kOffline;
    m.error.message = error.message;
    context_.owner.sendLinkDown(m);
  }
  set(entry, false, error.reason.starts_with("tls_") ? error.reason : kOffline, error.message);
}

void LinkSet::linkLog(int level, std::string message) {
  context_.owner.log(level, std::move(message));
}

// ---- from the runner

void LinkSet::lost(const wire::LinkDown& m) {
  if (m.linkId < 1 || m.linkId > entries_.size() || entries_[m.linkId - 1].link == nullptr) {
    return;
  }
  Entry& entry = entries_[m.linkId - 1];
  if (entry.upGeneration != m.generation) {
    return;  // it crossed what the host did itself
  }
  entry.upGeneration = 0;
  entry.link->lost(m.generation);
  if (m.error.code != wire::kIdleCode) {
    set(entry, false, kOffline,
        "The connection to " + nameOf(entry.target) + " ended: " + std::string(m.error.message));
  }
}

void LinkSet::disconnect(uint32_t linkId, Entry& entry) {
  entry.link->disconnect();
  if (entry.upGeneration != 0) {
    linkDown(linkId, entry.upGeneration, nullptr);
  }
}

bool LinkSet::request(const wire::LinkRequest& m) {
  if (m.linkId < 1 || m.linkId > entries_.size() || entries_[m.linkId - 1].link == nullptr) {
    return true;  // links go when the module stops; a request may cross that
  }
  Entry& entry = entries_[m.linkId - 1];
  switch (m.action) {
    case BUSBAR_LINK_CONNECT:
      if (entry.target.onDemand) {
        entry.link->request();
      } else {
        entry.link->connect();
      }
      return true;
    case BUSBAR_LINK_DISCONNECT:
      disconnect(m.linkId, entry);
      set(entry, false, kOffline, "The driver closed the connection");
      return true;
    case BUSBAR_LINK_RECONNECT:
      disconnect(m.linkId, entry);
      entry.link->connect();
      return true;
    case BUSBAR_LINK_HEALTHY:
      set(entry, true, {}, {});
      return true;
    case BUSBAR_LINK_UNHEALTHY:
      set(entry, false, kOffline,
          hasManyPeers(entry.target)
              ? "No device answers over the link " + entry.manifest.role
              : "The device at " + nameOf(entry.target) + " does not answer");
      return true;
    case BUSBAR_LINK_START_TLS:
      entry.link->startTls(m.generation);
      return true;
    default:
      return false;
  }
}

}  // namespace busbar
