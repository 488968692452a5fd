// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/connection.h"

#include <algorithm>
#include <utility>

#include "registry/settings/merge.h"

namespace busbar {
namespace {

constexpr size_t kMaxItems = 64;

// Reads the members of one object; the first mistake is kept.
class Members {
 public:
  Members(const json::Value& value, std::string at) : at_(std::move(at)) {
    object_ = value.asObject();
    if (object_ == nullptr) {
      fail("", "must be an object, not " + std::string(value.typeName()));
    }
  }

  const json::Value* take(std::string_view name) {
    names_.push_back(name);
    return object_ == nullptr ? nullptr : object_->find(name);
  }
  void read(std::string_view name, std::string& out) {
    if (const json::Value* value = take(name)) {
      if (const std::string* text = value->asString()) {
        out = *text;
      } else {
        fail(name, "must be a string");
      }
    }
  }
  void read(std::string_view name, uint16_t& out) {
    if (const json::Value* value = take(name)) {
      const int64_t* number = value->asInt();
      if (number == nullptr || *number < 1 || *number > 65'535) {
        fail(name, "must be a whole number from 1 to 65535");
        return;
      }
      out = static_cast<uint16_t>(*number);
    }
  }
  void read(std::string_view name, std::vector<std::string>& out) {
    const json::Value* value = take(name);
    const json::Array* items = value == nullptr ? nullptr : value->asArray();
    if (value != nullptr && (items == nullptr || items->size() > kMaxItems)) {
      fail(name, "must be an array of at most " + std::to_string(kMaxItems) + " strings");
    }
    for (size_t i = 0; items != nullptr && ok() && i < items->size(); ++i) {
      const std::string* text = (*items)[i].asString();
      if (text == nullptr) {
        fail(std::string(name) + "/" + std::to_string(i), "must be a string");
        return;
      }
      out.push_back(*text);
    }
  }
  // Each further member as an object of its own.
  template <class Read>
  void each(Read read) {
    for (size_t i = 0; object_ != nullptr && i < object_->size() && ok(); ++i) {
      const auto& [name, value] = *(object_->begin() + static_cast<ptrdiff_t>(i));
      names_.push_back(name);
      adopt(read(name, value, at_ + "/" + name));
    }
  }
  void adopt(Status status) {
    if (!status.ok() && ok()) {
      error_ = std::move(status).error();
    }
  }
  void fail(std::string_view name, std::string rule) {
    if (ok()) {
      error_ = Error::at(ErrorCode::InvalidArgument,
                         at_ + (name.empty() ? "" : "/" + std::string(name)), std::move(rule));
    }
  }
  bool ok() const { return error_.message.empty(); }

  Status finish() {
    for (size_t i = 0; object_ != nullptr && i < object_->size(); ++i) {
      const std::string& name = (object_->begin() + static_cast<ptrdiff_t>(i))->first;
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        fail(name, "is not known here");
      }
    }
    return ok() ? Status() : Status(std::move(error_));
  }

 private:
  const json::Object* object_ = nullptr;
  std::string at_;
  std::vector<std::string_view> names_;
  Error error_;
};

Status readTls(const json::Value& value, TlsTrust& out) {
  Members members(value, "/tls");
  std::string verify = "full";
  members.read("verify", verify);
  members.read("pin", out.pin);
  members.read("ca", out.ca);
  members.read("certificate", out.certificate);
  members.read("key", out.key);
  members.read("server_name", out.serverName);
  if (verify == "full") {
    out.verify = TlsVerify::Full;
  } else if (verify == "pin") {
    out.verify = TlsVerify::Pin;
  } else if (verify == "none") {
    out.verify = TlsVerify::None;
  } else {
    members.fail("verify", "must be full, pin or none");
  }
  if ((out.verify == TlsVerify::Pin) != !out.pin.empty()) {
    members.fail("pin", "belongs to verify \"pin\", and only to it");
  } else if (!out.pin.empty() && (!out.pin.starts_with("sha256//") || out.pin.size() != 52)) {
    members.fail("pin", "must be sha256// and 44 characters of base64");
  }
  if (out.certificate.empty() != out.key.empty()) {
    members.fail("key", "certificate and key belong together");
  }
  return members.finish();
}

Status readLink(const json::Value& value, const std::string& at, LinkAddress& out) {
  Members members(value, at);
  members.read("host", out.host);
  members.read("port", out.port);
  members.read("interface", out.interfaceAddress);
  members.read("group", out.group);
  members.read("peers", out.peers);
  return members.finish();
}

Status readProxy(const json::Value& value, HttpProxy& out) {
  Members members(value, "/http/proxy");
  members.read("url", out.url);
  members.read("username", out.username);
  members.read("password", out.password);
  if (out.url.empty()) {
    members.fail("url", "is required");
  }
  return members.finish();
}

Status readHttp(const json::Value& value, Connection& out) {
  Members members(value, "/http");
  members.read("allow", out.httpOrigins);
  if (const json::Value* proxy = members.take("proxy")) {
    members.adopt(readProxy(*proxy, out.httpProxy.emplace()));
  }
  return members.finish();
}

}  // namespace

Result<Connection> Connection::parse(const json::Value& value) {
  Connection out;
  Members members(value, "");
  if (const json::Value* tls = members.take("tls")) {
    members.adopt(readTls(*tls, out.tls));
  }
  if (const json::Value* links = members.take("links")) {
    Members roles(*links, "/links");
    roles.each([&](const std::string& role, const json::Value& link, const std::string& at) {
      return readLink(link, at, out.links[role]);
    });
    members.adopt(roles.finish());
  }
  if (const json::Value* http = members.take("http")) {
    members.adopt(readHttp(*http, out));
  }
  members.read("time_zone", out.timeZone);
  members.read("deny", out.denied);
  BUSBAR_TRY(members.finish());
  return out;
}

const LinkAddress* Connection::findLink(std::string_view role) const {
  const auto it = links.find(role);
  return it == links.end() ? nullptr : &it->second;
}

std::vector<std::string> Connection::secrets() const {
  std::vector<std::string> out;
  for (const std::string& secret : {tls.key, httpProxy ? httpProxy->password : std::string()}) {
    if (secret.size() >= kMinMaskedBytes) {
      out.push_back(secret);
    }
  }
  return out;
}

}  // namespace busbar
