// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/pattern.h"
#include "sdk/base/result.h"
#include "sdk/manifest/json_schema.h"

namespace busbar {

// A driver's manifest.json, checked and typed. Shape: sdk/schema/manifest.schema.json; what the
// members mean stands there. Value type; thread-safe to read.
struct Manifest {
  static constexpr size_t kMaxBytes = 1 << 20;

  enum class Role { Device, Service, Logic };
  // BUSBAR_LINK_…; 3 is TLS, which a manifest asks for by Tls.
  enum class LinkKind : uint32_t { Tcp = 1, Udp = 2, UdpPeers = 4, TcpPeers = 5 };
  enum class Tls { Never, Optional, Always, Start };
  enum class CallerRole : uint32_t { User = 0, Support = 1, Admin = 2 };  // BUSBAR_ROLE_…
  enum class FunctionKind { Query, Command };
  enum class StatusKind { State, Event };
  enum class Affinity { None, Instance, Process };
  enum class Isolation { Driver, Module };

  struct Link {
    std::string role;
    LinkKind kind = LinkKind::Tcp;
    std::string description;
    uint16_t defaultPort = 0;  // 0: none
    bool required = true;
    uint32_t maxFrameBytes = 65536;
    json::Value framing;  // the framing object; {"type":"none"} when the manifest has none
    Tls tls = Tls::Optional;
    bool onDemand = false;
    std::chrono::milliseconds idleClose{10'000};
    bool broadcast = false;
  };

  struct Function {
    std::string name;
    std::string title;
    std::string description;
    json::Value paramsSchema;                 // type object
    JsonSchema params;                        // the same, compiled
    std::vector<std::string> order;           // every parameter, in positional order
    std::optional<json::Value> resultSchema;  // nullopt: the result is null
    JsonSchema result;
    CallerRole minRole = CallerRole::User;
    std::chrono::milliseconds timeout{10'000};
    FunctionKind kind = FunctionKind::Command;
    bool idempotent = false;
    bool dangerous = false;

    // Maps positional arguments to an object by name. InvalidArgument when there are too many.
    Result<json::Value> byName(const json::Array& positional) const;
    // `args` with defaults filled in, after a check against the schema. InvalidArgument with the
    // pointer of the offending argument.
    Result<json::Value> checkedArgs(json::Value args) const;
  };

  struct StatusKey {
    std::string key;  // or the pattern
    std::optional<Pattern> pattern;
    StatusKind kind = StatusKind::State;
    json::Value schema;  // true: anything
    JsonSchema value;    // the same, compiled
    std::string unit;
    std::string description;
  };

  struct Limits {
    std::chrono::milliseconds strand{5000};
    uint32_t memoryMb = 256;
    uint32_t fds = 0;
    uint32_t threads = 0;
  };

  struct Discovery {
    std::vector<std::string> mdns;
    std::vector<std::string> ssdp;
    std::vector<std::string> macOui;
    std::optional<uint16_t> bacnetVendorId;
  };

  // Checks `text` against the manifest schema, then what a schema cannot say: embedded schemas
  // compile, positional order is complete, status keys do not repeat, claimed interfaces are
  // fulfilled. InvalidArgument; `field` is a JSON pointer into the manifest, `message` names the
  // rule.
  static Result<Manifest> parse(std::string_view text);

  const Function* findFunction(std::string_view wanted) const;
  // The entry that declares the status `wanted`; exact keys go before patterns.
  const StatusKey* findStatus(std::string_view wanted) const;
  const Link* findLink(std::string_view wanted) const;
  // True if the settings' member at the top level is marked x-secret (or x-restart).
  bool isSecretSetting(std::string_view member) const;
  bool needsRestart(std::string_view member) const;

  std::string id;
  std::string version;
  std::string name;
  std::string moduleName;
  std::string vendor;
  std::string description;
  std::string license;
  Role role = Role::Device;
  std::vector<std::string> implements;
  std::vector<Link> links;
  json::Value settingsSchema;  // type object
  JsonSchema settings;         // the same, compiled
  std::map<std::string, Function, std::less<>> functions;
  std::vector<StatusKey> status;
  std::vector<std::string> permissions;
  Limits limits;
  Affinity affinity = Affinity::None;
  Isolation isolation = Isolation::Driver;
  Discovery discovery;
};

std::string_view toString(Manifest::Role role);          // "device", "service", "logic"
std::string_view toString(Manifest::CallerRole role);    // "user", "support", "admin"
std::string_view toString(Manifest::FunctionKind kind);  // "query", "command"
std::string_view toString(Manifest::StatusKind kind);    // "state", "event"

// The text of sdk/schema/manifest.schema.json.
std::string_view manifestSchemaText();

// InvalidArgument when `manifest` claims an interface that is unknown or that it does not fulfil;
// part of Manifest::parse. Shape: sdk/interfaces/README.md.
Status checkInterfaces(const Manifest& manifest);
// The ids of all known interfaces: "powerable/1".
std::vector<std::string> knownInterfaces();
// The text of an interface file; empty when unknown.
std::string_view interfaceText(std::string_view id);

}  // namespace busbar
