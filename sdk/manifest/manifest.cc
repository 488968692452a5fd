// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest/manifest.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "sdk/manifest/embedded.h"
#include "sdk/manifest/schema_document.h"

namespace busbar {
namespace {

using schema_detail::pointerTo;

Error wrong(std::string pointer, std::string_view rule) {
  std::string message = pointer + " " + std::string(rule);
  return Error::at(ErrorCode::InvalidArgument, std::move(pointer), std::move(message));
}

// Readers of members whose type the manifest schema has already checked.
std::string text(const json::Value& object, std::string_view member) {
  const json::Value* value = object.find(member);
  return value != nullptr && value->asString() != nullptr ? *value->asString() : std::string();
}

int64_t whole(const json::Value& object, std::string_view member, int64_t absent) {
  const json::Value* value = object.find(member);
  if (value == nullptr || !value->isNumber()) {
    return absent;
  }
  return value->asInt() != nullptr ? *value->asInt() : static_cast<int64_t>(value->toDouble());
}

bool flag(const json::Value& object, std::string_view member, bool absent) {
  const json::Value* value = object.find(member);
  return value != nullptr && value->asBool() != nullptr ? *value->asBool() : absent;
}

std::vector<std::string> texts(const json::Value& object, std::string_view member) {
  std::vector<std::string> found;
  const json::Value* value = object.find(member);
  if (value != nullptr && value->asArray() != nullptr) {
    for (const json::Value& item : *value->asArray()) {
      found.push_back(item.asString() != nullptr ? *item.asString() : std::string());
    }
  }
  return found;
}

template <class Enum, size_t N>
Enum named(const std::string& name, const std::array<std::pair<std::string_view, Enum>, N>& table) {
  for (const auto& [known, value] : table) {
    if (known == name) {
      return value;
    }
  }
  return table.front().second;
}

template <class Enum, size_t N>
std::string_view nameOf(Enum value, const std::array<std::pair<std::string_view, Enum>, N>& table) {
  for (const auto& [name, known] : table) {
    if (known == value) {
      return name;
    }
  }
  return table.front().first;
}

using Role = Manifest::Role;
using CallerRole = Manifest::CallerRole;
using FunctionKind = Manifest::FunctionKind;
using StatusKind = Manifest::StatusKind;
// The first entry is the default.
constexpr std::array<std::pair<std::string_view, Role>, 3> kRoles{
    {{"device", Role::Device}, {"service", Role::Service}, {"logic", Role::Logic}}};
constexpr std::array<std::pair<std::string_view, CallerRole>, 3> kCallerRoles{
    {{"user", CallerRole::User}, {"support", CallerRole::Support}, {"admin", CallerRole::Admin}}};
constexpr std::array<std::pair<std::string_view, FunctionKind>, 2> kFunctionKinds{
    {{"command", FunctionKind::Command}, {"query", FunctionKind::Query}}};
constexpr std::array<std::pair<std::string_view, StatusKind>, 2> kStatusKinds{
    {{"state", StatusKind::State}, {"event", StatusKind::Event}}};
constexpr std::array<std::pair<std::string_view, Manifest::LinkKind>, 4> kLinkKinds{
    {{"tcp", Manifest::LinkKind::Tcp},
     {"udp", Manifest::LinkKind::Udp},
     {"udp_peers", Manifest::LinkKind::UdpPeers},
     {"tcp_peers", Manifest::LinkKind::TcpPeers}}};
constexpr std::array<std::pair<std::string_view, Manifest::Tls>, 4> kTls{
    {{"optional", Manifest::Tls::Optional},
     {"never", Manifest::Tls::Never},
     {"always", Manifest::Tls::Always},
     {"start", Manifest::Tls::Start}}};

json::Value emptyParams() {
  json::Object schema;
  schema.set("type", "object");
  schema.set("properties", json::Object());
  schema.set("additionalProperties", false);
  return schema;
}

bool isObjectSchema(const json::Value& schema) {
  return text(schema, "type") == "object";
}

// Parameters must be known by name, or positional arguments could not be mapped.
Status checkParams(const json::Value& schema, const std::string& at) {
  if (!isObjectSchema(schema)) {
    return wrong(at + "/type", "must be \"object\"");
  }
  const json::Value* additional = schema.find("additionalProperties");
  if (additional == nullptr || additional->asBool() == nullptr || *additional->asBool()) {
    return wrong(at + "/additionalProperties", "must be false");
  }
  for (const char* keyword : {"patternProperties", "$ref"}) {
    if (schema.find(keyword) != nullptr) {
      return wrong(pointerTo(at, keyword), "is not allowed for parameters");
    }
  }
  return {};
}

Result<std::vector<std::string>> readOrder(const json::Value& function, const json::Value& schema,
                                           const std::string& at) {
  std::vector<std::string> names;
  if (const json::Value* properties = schema.find("properties")) {
    if (properties->asObject() != nullptr) {
      for (const auto& [name, rule] : *properties->asObject()) {
        names.push_back(name);
      }
    }
  }
  if (function.find("order") == nullptr) {
    return names;
  }
  std::vector<std::string> order = texts(function, "order");
  if (std::set<std::string>(order.begin(), order.end()) !=
      std::set<std::string>(names.begin(), names.end())) {
    return wrong(at + "/order", "must list every parameter once and nothing else");
  }
  return order;
}

Result<Manifest::Function> readFunction(const std::string& name, const json::Value& source,
                                        const std::string& at) {
  Manifest::Function function;
  function.name = name;
  function.title = text(source, "title");
  function.description = text(source, "description");
  const json::Value* params = source.find("params");
  function.paramsSchema = params != nullptr ? *params : emptyParams();
  BUSBAR_TRY(checkParams(function.paramsSchema, at + "/params"));
  auto compiled = JsonSchema::compile(function.paramsSchema, at + "/params");
  if (!compiled.ok()) {
    return std::move(compiled).error();
  }
  function.params = std::move(compiled).value();
  auto order = readOrder(source, function.paramsSchema, at);
  if (!order.ok()) {
    return std::move(order).error();
  }
  function.order = std::move(order).value();
  if (const json::Value* result = source.find("result")) {
    auto compiledResult = JsonSchema::compile(*result, at + "/result");
    if (!compiledResult.ok()) {
      return std::move(compiledResult).error();
    }
    function.resultSchema = *result;
    function.result = std::move(compiledResult).value();
  }
  function.minRole = named(text(source, "min_role"), kCallerRoles);
  function.timeout = std::chrono::milliseconds(whole(source, "timeout_ms", 10'000));
  function.kind = named(text(source, "kind"), kFunctionKinds);
  function.idempotent = flag(source, "idempotent", false);
  function.dangerous = flag(source, "dangerous", false);
  return function;
}

Result<Manifest::StatusKey> readStatus(const json::Value& source, const std::string& at) {
  Manifest::StatusKey status;
  status.key = text(source, source.find("key") != nullptr ? "key" : "pattern");
  if (source.find("pattern") != nullptr) {
    auto pattern = Pattern::compile(status.key);
    if (!pattern.ok()) {
      return wrong(at + "/pattern", "is a " + pattern.error().message);
    }
    if (!pattern->isAnchored()) {
      return wrong(at + "/pattern", "must begin with ^ and end with $");
    }
    status.pattern = std::move(pattern).value();
  }
  const json::Value* schema = source.find("schema");
  status.schema = schema != nullptr ? *schema : json::Value(true);
  auto compiled = JsonSchema::compile(status.schema, at + "/schema");
  if (!compiled.ok()) {
    return std::move(compiled).error();
  }
  status.value = std::move(compiled).value();
  status.kind = named(text(source, "kind"), kStatusKinds);
  status.unit = text(source, "unit");
  status.description = text(source, "description");
  return status;
}

Manifest::Link readLink(const json::Value& source) {
  Manifest::Link link;
  link.role = text(source, "role");
  link.kind = named(text(source, "kind"), kLinkKinds);
  link.description = text(source, "description");
  link.defaultPort = static_cast<uint16_t>(whole(source, "default_port", 0));
  link.required = flag(source, "required", true);
  link.maxFrameBytes = static_cast<uint32_t>(whole(source, "max_frame_bytes", 65536));
  if (const json::Value* framing = source.find("framing")) {
    link.framing = *framing;
  } else {
    json::Object none;
    none.set("type", "none");
    link.framing = std::move(none);
  }
  link.tls = named(text(source, "tls"), kTls);
  link.onDemand = text(source, "connect") == "on_demand";
  link.idleClose = std::chrono::milliseconds(whole(source, "idle_close_ms", 10'000));
  link.broadcast = flag(source, "broadcast", false);
  return link;
}

// Members that only some kinds of link have.
Status checkLink(const Manifest::Link& link, const json::Value& source, const std::string& at) {
  using Kind = Manifest::LinkKind;
  if (source.find("tls") != nullptr && link.kind != Kind::Tcp) {
    return wrong(at + "/tls", "is for links of kind tcp only");
  }
  if (link.onDemand && link.kind != Kind::Tcp && link.kind != Kind::Udp) {
    return wrong(at + "/connect", "must be always for a link with many peers");
  }
  if (link.broadcast && link.kind != Kind::UdpPeers) {
    return wrong(at + "/broadcast", "is for links of kind udp_peers only");
  }
  return {};
}

// Secrets never have a default, and defaults fit their own schema.
Status checkSettings(const json::Value& schema) {
  if (!isObjectSchema(schema)) {
    return wrong("/settings/type", "must be \"object\"");
  }
  const json::Value* properties = schema.find("properties");
  if (properties == nullptr || properties->asObject() == nullptr) {
    return {};
  }
  for (const auto& [name, rule] : *properties->asObject()) {
    const std::string at = pointerTo("/settings/properties", name);
    for (const char* mark : {"x-secret", "x-restart"}) {
      if (rule.find(mark) != nullptr && rule.find(mark)->asBool() == nullptr) {
        return wrong(pointerTo(at, mark), "must be true or false");
      }
    }
    const json::Value* preset = rule.find("default");
    if (preset == nullptr) {
      continue;
    }
    if (flag(rule, "x-secret", false)) {
      return wrong(at + "/default", "is not allowed for a secret");
    }
    // A reference reaches outside of the member, so such a default is left to the merged check.
    if (auto compiled = JsonSchema::compile(rule, at); compiled.ok()) {
      BUSBAR_TRY(compiled->check(*preset, at + "/default"));
    }
  }
  return {};
}

Status readSettings(const json::Value& root, Manifest& manifest) {
  const json::Value* source = root.find("settings");
  manifest.settingsSchema = source != nullptr ? *source : emptyParams();
  BUSBAR_TRY(checkSettings(manifest.settingsSchema));
  auto compiled = JsonSchema::compile(manifest.settingsSchema, "/settings");
  if (!compiled.ok()) {
    return std::move(compiled).error();
  }
  manifest.settings = std::move(compiled).value();
  return {};
}

Status readLists(const json::Value& root, Manifest& manifest) {
  if (const json::Value* links = root.find("links")) {
    for (size_t i = 0; i < links->asArray()->size(); ++i) {
      const json::Value& source = (*links->asArray())[i];
      Manifest::Link link = readLink(source);
      BUSBAR_TRY(checkLink(link, source, pointerTo("/links", i)));
      if (manifest.findLink(link.role) != nullptr) {
        return wrong(pointerTo("/links", i) + "/role", "repeats an earlier link");
      }
      manifest.links.push_back(std::move(link));
    }
    if (manifest.role == Role::Logic && !manifest.links.empty()) {
      return wrong("/links", "must be empty for the role logic");
    }
  }
  if (const json::Value* functions = root.find("functions")) {
    for (const auto& [name, source] : *functions->asObject()) {
      auto function = readFunction(name, source, pointerTo("/functions", name));
      if (!function.ok()) {
        return std::move(function).error();
      }
      manifest.functions.emplace(name, std::move(function).value());
    }
  }
  if (const json::Value* status = root.find("status")) {
    std::set<std::string> seen;
    for (size_t i = 0; i < status->asArray()->size(); ++i) {
      auto key = readStatus((*status->asArray())[i], pointerTo("/status", i));
      if (!key.ok()) {
        return std::move(key).error();
      }
      if (!seen.insert(key->key).second) {
        return wrong(pointerTo("/status", i), "repeats an earlier key");
      }
      manifest.status.push_back(std::move(key).value());
    }
  }
  return {};
}

// The services that only some drivers may ask for.
Status checkPermissions(const Manifest& manifest) {
  for (size_t i = 0; i < manifest.permissions.size(); ++i) {
    if (manifest.permissions[i] == "busbar.modules/1" && manifest.role != Role::Logic) {
      return wrong(pointerTo("/permissions", i), "busbar.modules/1 is for the role logic only");
    }
  }
  return {};
}

void readScalars(const json::Value& root, Manifest& manifest) {
  manifest.id = text(root, "id");
  manifest.version = text(root, "version");
  manifest.name = text(root, "name");
  manifest.moduleName = text(root, "module_name");
  manifest.vendor = text(root, "vendor");
  manifest.description = text(root, "description");
  manifest.license = text(root, "license");
  manifest.role = named(text(root, "role"), kRoles);
  manifest.implements = texts(root, "implements");
  manifest.permissions = texts(root, "permissions");
  const std::string affinity = text(root, "affinity");
  manifest.affinity = affinity == "instance"  ? Manifest::Affinity::Instance
                      : affinity == "process" ? Manifest::Affinity::Process
                                              : Manifest::Affinity::None;
  manifest.isolation = text(root, "isolation") == "module" ? Manifest::Isolation::Module
                                                           : Manifest::Isolation::Driver;
  if (const json::Value* limits = root.find("limits")) {
    manifest.limits.strand = std::chrono::milliseconds(whole(*limits, "strand_ms", 5000));
    manifest.limits.memoryMb = static_cast<uint32_t>(whole(*limits, "memory_mb", 256));
    manifest.limits.fds = static_cast<uint32_t>(whole(*limits, "fds", 0));
    manifest.limits.threads = static_cast<uint32_t>(whole(*limits, "threads", 0));
  }
  if (const json::Value* discovery = root.find("discovery")) {
    manifest.discovery.mdns = texts(*discovery, "mdns");
    manifest.discovery.ssdp = texts(*discovery, "ssdp");
    manifest.discovery.macOui = texts(*discovery, "mac_oui");
    if (discovery->find("bacnet_vendor_id") != nullptr) {
      manifest.discovery.bacnetVendorId =
          static_cast<uint16_t>(whole(*discovery, "bacnet_vendor_id", 0));
    }
  }
}

// Compiled once for the process; the text is a constant of the program.
const JsonSchema& manifestSchema() {
  static const JsonSchema kSchema = [] {
    const auto schema = json::parse(manifestSchemaText());
    BUSBAR_CHECK(schema.ok());
    const auto compiled = JsonSchema::compile(*schema);
    BUSBAR_CHECK(compiled.ok());
    return compiled.value();
  }();
  return kSchema;
}

}  // namespace

Result<Manifest> Manifest::parse(std::string_view text) {
  auto root = json::parse(text, {kMaxBytes, 64});
  if (!root.ok()) {
    Error error = std::move(root).error();
    error.message = "manifest.json is no JSON: " + error.message;
    return error;
  }
  BUSBAR_TRY(manifestSchema().check(*root));
  Manifest manifest;
  readScalars(*root, manifest);
  BUSBAR_TRY(readSettings(*root, manifest));
  BUSBAR_TRY(readLists(*root, manifest));
  BUSBAR_TRY(checkPermissions(manifest));
  BUSBAR_TRY(checkInterfaces(manifest));
  return manifest;
}

const Manifest::Function* Manifest::findFunction(std::string_view wanted) const {
  const auto found = functions.find(wanted);
  return found != functions.end() ? &found->second : nullptr;
}

const Manifest::StatusKey* Manifest::findStatus(std::string_view wanted) const {
  for (const StatusKey& entry : status) {
    if (!entry.pattern && entry.key == wanted) {
      return &entry;
    }
  }
  for (const StatusKey& entry : status) {
    if (entry.pattern && entry.pattern->matches(wanted)) {
      return &entry;
    }
  }
  return nullptr;
}

const Manifest::Link* Manifest::findLink(std::string_view wanted) const {
  for (const Link& link : links) {
    if (link.role == wanted) {
      return &link;
    }
  }
  return nullptr;
}

namespace {

bool isMarked(const json::Value& settings, std::string_view member, std::string_view mark) {
  const json::Value* properties = settings.find("properties");
  const json::Value* rule = properties != nullptr ? properties->find(member) : nullptr;
  return rule != nullptr && flag(*rule, mark, false);
}

}  // namespace

bool Manifest::isSecretSetting(std::string_view member) const {
  return isMarked(settingsSchema, member, "x-secret");
}

bool Manifest::needsRestart(std::string_view member) const {
  return isMarked(settingsSchema, member, "x-restart");
}

Result<json::Value> Manifest::Function::byName(const json::Array& positional) const {
  if (positional.size() > order.size()) {
    return Error::of(ErrorCode::InvalidArgument,
                     name + " takes at most " + std::to_string(order.size()) + " arguments, " +
                         std::to_string(positional.size()) + " were given");
  }
  json::Object args;
  for (size_t i = 0; i < positional.size(); ++i) {
    args.set(order[i], positional[i]);
  }
  return json::Value(std::move(args));
}

Result<json::Value> Manifest::Function::checkedArgs(json::Value args) const {
  json::Value filled = params.withDefaults(std::move(args));
  BUSBAR_TRY(params.check(filled));
  return filled;
}

std::string_view toString(Manifest::Role role) {
  return nameOf(role, kRoles);
}
std::string_view toString(Manifest::CallerRole role) {
  return nameOf(role, kCallerRoles);
}
std::string_view toString(Manifest::FunctionKind kind) {
  return nameOf(kind, kFunctionKinds);
}
std::string_view toString(Manifest::StatusKind kind) {
  return nameOf(kind, kStatusKinds);
}

std::string_view manifestSchemaText() {
  return embedded::kManifestSchema;
}

}  // namespace busbar
