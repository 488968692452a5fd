// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/record_json.h"

#include <concepts>
#include <limits>
#include <type_traits>

namespace busbar::model {
namespace {

// One list of members per record serves both directions: the visitor reads or writes.
template <class Visitor, class R>
void visitCommon(Visitor& v, R& r) {
  v("id", r.id);
  v("created_at", r.createdAt);
  v("updated_at", r.updatedAt);
  v("revision", r.revision);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Driver>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("module_name", r.moduleName);
  v("role", r.role);
  v("package_id", r.packageId);
  v("version", r.version);
  v("digest", r.digest);
  v("file_name", r.fileName);
  v("manifest", r.manifest);
  v("trust", r.trust);
  v("isolation", r.isolation);
  v("default_uri", r.defaultUri);
  v("default_port", r.defaultPort);
  v("ignore_connected", r.ignoreConnected);
  v("alert_level", r.alertLevel);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Module>
void visitMembers(Visitor& v, R& r) {
  v("driver_id", r.driverId);
  v("control_system_id", r.controlSystemId);
  v("ip", r.ip);
  v("port", r.port);
  v("tls", r.tls);
  v("udp", r.udp);
  v("makebreak", r.makebreak);
  v("uri", r.uri);
  v("custom_name", r.customName);
  v("notes", r.notes);
  v("running", r.running);
  v("ignore_connected", r.ignoreConnected);
  v("ignore_startstop", r.ignoreStartstop);
  v("launch_on_execute", r.launchOnExecute);
  v("debug", r.debug);
  v("alert_level", r.alertLevel);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, System>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("email", r.email);
  v("display_name", r.displayName);
  v("code", r.code);
  v("type", r.type);
  v("map_id", r.mapId);
  v("timezone", r.timezone);
  v("support_url", r.supportUrl);
  v("features", r.features);
  v("images", r.images);
  v("capacity", r.capacity);
  v("installed_ui_devices", r.installedUiDevices);
  v("bookable", r.bookable);
  v("public", r.isPublic);
  v("version", r.version);
  v("zones", r.zones);
  v("modules", r.modules);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Zone>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("tags", r.tags);
  v("parent_id", r.parentId);
  v("location", r.location);
  v("display_name", r.displayName);
  v("code", r.code);
  v("type", r.type);
  v("map_id", r.mapId);
  v("timezone", r.timezone);
  v("images", r.images);
  v("triggers", r.triggers);
  v("count", r.count);
  v("capacity", r.capacity);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Settings>
void visitMembers(Visitor& v, R& r) {
  v("parent_id", r.parentId);
  v("encryption_level", r.level);
  v("settings_string", r.text);
  v("keys", r.keys);
  v("modified_by_id", r.modifiedById);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, User>
void visitMembers(Visitor& v, R& r) {
  v("authority_id", r.domainId);
  v("name", r.name);
  v("email", r.email);
  v("role", r.role);
  v("password_hash", r.passwordHash);
  v("login_name", r.loginName);
  v("staff_id", r.staffId);
  v("card_number", r.cardNumber);
  v("groups", r.groups);
  v("phone", r.phone);
  v("country", r.country);
  v("image", r.image);
  v("nickname", r.nickname);
  v("misc", r.misc);
  v("first_name", r.firstName);
  v("last_name", r.lastName);
  v("building", r.building);
  v("department", r.department);
  v("preferred_language", r.preferredLanguage);
  v("ui_theme", r.uiTheme);
  v("photo_upload_id", r.photoUploadId);
  v("locatable", r.locatable);
  v("work_preferences", r.workPreferences);
  v("work_overrides", r.workOverrides);
  v("logged_out_at", r.loggedOutAt);
  v("last_login", r.lastLogin);
  v("login_count", r.loginCount);
  v("deleted", r.deleted);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, ApiKey>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("user_id", r.userId);
  v("secret_hash", r.secretHash);
  v("permissions", r.permissions);
  v("scopes", r.scopes);
  v("expires_at", r.expiresAt);
  v("last_used_at", r.lastUsedAt);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Domain>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("domain", r.domain);
  v("description", r.description);
  v("login_url", r.loginUrl);
  v("logout_url", r.logoutUrl);
  v("config", r.config);
  v("internals", r.internals);
  v("email_domains", r.emailDomains);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, OauthApp>
void visitMembers(Visitor& v, R& r) {
  v("owner_id", r.ownerId);
  v("name", r.name);
  v("uid", r.uid);
  v("secret_hash", r.secretHash);
  v("redirect_uri", r.redirectUri);
  v("scopes", r.scopes);
  v("confidential", r.confidential);
  v("skip_authorization", r.skipAuthorization);
  v("subsystems", r.subsystems);
  v("allow_password_grant", r.allowPasswordGrant);
  v("allow_implicit_grant", r.allowImplicitGrant);
  v("allow_query_parameters", r.allowQueryParameters);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Group>
void visitMembers(Visitor& v, R& r) {
  v("authority_id", r.domainId);
  v("parent_id", r.parentId);
  v("name", r.name);
  v("description", r.description);
  v("subsystems", r.subsystems);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, GroupUser>
void visitMembers(Visitor& v, R& r) {
  v("user_id", r.userId);
  v("group_id", r.groupId);
  v("permissions", r.permissions);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, GroupZone>
void visitMembers(Visitor& v, R& r) {
  v("zone_id", r.zoneId);
  v("group_id", r.groupId);
  v("permissions", r.permissions);
  v("deny", r.deny);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, GroupInvitation>
void visitMembers(Visitor& v, R& r) {
  v("group_id", r.groupId);
  v("email", r.email);
  v("permissions", r.permissions);
  v("expires_at", r.expiresAt);
  v("invited_by_id", r.invitedById);
  v("secret_hash", r.secretHash);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Metadata>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("parent_id", r.parentId);
  v("details", r.details);
  v("editors", r.editors);
  v("schema_id", r.schemaId);
  v("modified_by_id", r.modifiedById);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Schema>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("schema", r.schema);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, Trigger>
void visitMembers(Visitor& v, R& r) {
  v("name", r.name);
  v("description", r.description);
  v("control_system_id", r.controlSystemId);
  v("debounce_period", r.debounceMs);
  v("important", r.important);
  v("enable_webhook", r.enableWebhook);
  v("any_match", r.anyMatch);
  v("supported_methods", r.supportedMethods);
  v("conditions", r.conditions);
  v("actions", r.actions);
  v("webhook", r.webhook);
  v("max_firings", r.maxFirings);
  v("period_ms", r.periodMs);
}

template <class Visitor, class R>
  requires std::same_as<std::remove_const_t<R>, TriggerInstance>
void visitMembers(Visitor& v, R& r) {
  v("trigger_id", r.triggerId);
  v("control_system_id", r.systemId);
  v("zone_id", r.zoneId);
  v("enabled", r.enabled);
  v("important", r.important);
  v("exec_enabled", r.execEnabled);
  v("webhook_secret", r.webhookSecret);
  v("playlists", r.playlists);
}

class Writer {
 public:
  explicit Writer(json::Object& out) : out_(out) {}

  void operator()(const char* name, const std::string& s) { out_.set(name, s); }
  void operator()(const char* name, bool b) { out_.set(name, b); }
  void operator()(const char* name, int64_t i) { out_.set(name, i); }
  void operator()(const char* name, int i) { out_.set(name, i); }
  void operator()(const char* name, const json::Value& value) { out_.set(name, value); }
  void operator()(const char* name, const std::vector<std::string>& list) {
    json::Array array;
    array.reserve(list.size());
    for (const std::string& s : list) {
      array.emplace_back(s);
    }
    out_.set(name, std::move(array));
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(const char* name, E e) {
    out_.set(name, static_cast<int>(e));
  }

 private:
  json::Object& out_;
};

class Reader {
 public:
  explicit Reader(const json::Value& in) : in_(in) {}
  Status status() && { return std::move(status_); }

  void operator()(const char* name, std::string& out) {
    if (const json::Value* v = present(name)) {
      v->asString() != nullptr ? void(out = *v->asString()) : fail(name, "text");
    }
  }
  void operator()(const char* name, bool& out) {
    if (const json::Value* v = present(name)) {
      v->asBool() != nullptr ? void(out = *v->asBool()) : fail(name, "a boolean");
    }
  }
  void operator()(const char* name, int64_t& out) {
    if (const json::Value* v = present(name)) {
      v->asInt() != nullptr ? void(out = *v->asInt()) : fail(name, "an integer");
    }
  }
  void operator()(const char* name, int& out) {
    int64_t wide = out;
    (*this)(name, wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
      fail(name, "a small integer");
      return;
    }
    out = static_cast<int>(wide);
  }
  void operator()(const char* name, std::vector<std::string>& out) {
    const json::Value* v = present(name);
    if (v == nullptr) {
      return;
    }
    if (v->asArray() == nullptr) {
      fail(name, "a list of text");
      return;
    }
    out.clear();
    for (const json::Value& element : *v->asArray()) {
      if (element.asString() == nullptr) {
        fail(name, "a list of text");
        return;
      }
      out.push_back(*element.asString());
    }
  }
  void operator()(const char* name, json::Value& out) {
    if (const json::Value* v = present(name)) {
      out = *v;
    }
  }
  void operator()(const char* name, Role& out) {
    int64_t number = static_cast<int>(out);
    (*this)(name, number);
    if (const auto role = toRole(number)) {
      out = *role;
    } else {
      fail(name, "a known number");
    }
  }
  void operator()(const char* name, UserRole& out) { readEnum(name, out, UserRole::Admin); }
  void operator()(const char* name, EncryptionLevel& out) {
    readEnum(name, out, EncryptionLevel::NeverDisplay);
  }
  void operator()(const char* name, Isolation& out) { readEnum(name, out, Isolation::Module); }
  void operator()(const char* name, Trust& out) { readEnum(name, out, Trust::Unsigned); }

 private:
  const json::Value* present(const char* name) const { return in_.find(name); }

  template <class E>
  void readEnum(const char* name, E& out, E last) {
    int64_t number = static_cast<int>(out);
    (*this)(name, number);
    if (number < 0 || number > static_cast<int>(last)) {
      fail(name, "a known number");
      return;
    }
    out = static_cast<E>(number);
  }

  void fail(const char* name, const char* wanted) {
    if (status_.ok()) {
      status_ = Error::at(ErrorCode::DataLoss, name,
                          std::string("stored document: ") + name + " is not " + wanted);
    }
  }

  const json::Value& in_;
  Status status_;
};

}  // namespace

json::Object toDocument(const Record& record) {
  json::Object out;
  Writer writer(out);
  std::visit(
      [&writer](const auto& r) {
        visitCommon(writer, r);
        visitMembers(writer, r);
      },
      record);
  return out;
}

Result<Record> fromDocument(Table table, const json::Value& document) {
  if (document.asObject() == nullptr) {
    return Error::of(ErrorCode::DataLoss, "stored document: not an object");
  }
  Record record = emptyRecord(table);
  Reader reader(document);
  std::visit(
      [&reader](auto& r) {
        visitCommon(reader, r);
        visitMembers(reader, r);
      },
      record);
  BUSBAR_TRY(std::move(reader).status());
  return record;
}

}  // namespace busbar::model
