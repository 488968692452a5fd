// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/migrations.h"

#include <string>

namespace busbar {
namespace {

// Every row's document holds all of its members (registry/model/record_json.h); columns repeat what
// is unique, refers to other rows, or is asked for. References are checked at commit, so that the
// writes of one transaction may come in any order.
constexpr const char* kConfig1 = R"sql(
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('position', '0'), ('generation', '0'), ('key_id', '');

CREATE TABLE drivers (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE zones (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id TEXT REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX zones_parent ON zones (parent_id);

CREATE TABLE systems (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE modules (
  id TEXT PRIMARY KEY,
  driver_id TEXT NOT NULL REFERENCES drivers (id) DEFERRABLE INITIALLY DEFERRED,
  control_system_id TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX modules_driver ON modules (driver_id);
CREATE INDEX modules_system ON modules (control_system_id);

CREATE TABLE system_modules (
  system_id TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  module_id TEXT NOT NULL REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (system_id, module_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX system_modules_module ON system_modules (module_id);

CREATE TABLE system_zones (
  system_id TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  zone_id TEXT NOT NULL REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (system_id, zone_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX system_zones_zone ON system_zones (zone_id);

CREATE TABLE settings (
  id TEXT PRIMARY KEY,
  parent_id TEXT NOT NULL,
  encryption_level INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (parent_id, encryption_level)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings_versions (
  settings_id TEXT NOT NULL REFERENCES settings (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (settings_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TABLE change_log (
  position INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  record TEXT NOT NULL,
  row_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (position, ordinal)
) STRICT, WITHOUT ROWID;
)sql";

// What modules keep for themselves. `bytes` stands before `value`, so that the sum of a module
// reads no values.
constexpr const char* kConfig2 = R"sql(
CREATE TABLE module_data (
  module_id TEXT NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (module_id, key)
) STRICT, WITHOUT ROWID;
)sql";

// Who exists. `users` is made anew, because an e-mail address is now unique per domain; `api_keys`
// with it, because a table that others refer to cannot be dropped. An empty authority_id or
// parent_id means "the default domain" or "no parent" and must be comparable, so it is not NULL and
// has no foreign key; the store checks these references itself.
constexpr const char* kConfig3 = R"sql(
CREATE TABLE domains (
  id TEXT PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE old_keys AS SELECT * FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE users RENAME TO old_users;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  authority_id TEXT NOT NULL,
  email TEXT NOT NULL,
  login_name TEXT,
  staff_id TEXT,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (email, authority_id),
  UNIQUE (login_name, authority_id),
  UNIQUE (staff_id, authority_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX users_authority ON users (authority_id);
INSERT INTO users (id, authority_id, email, revision, document)
  SELECT id, '', email, revision, document FROM old_users;

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_user ON api_keys (user_id);
INSERT INTO api_keys (id, name, user_id, secret_hash, revision, document)
  SELECT id, name, user_id, secret_hash, revision, document FROM old_keys;
DROP TABLE old_keys;
DROP TABLE old_users;

CREATE TABLE oauth_apps (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES domains (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, owner_id),
  UNIQUE (redirect_uri, owner_id),
  UNIQUE (uid, owner_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_apps_owner ON oauth_apps (owner_id);

CREATE TABLE user_groups (
  id TEXT PRIMARY KEY,
  authority_id TEXT NOT NULL REFERENCES domains (id) DEFERRABLE INITIALLY DEFERRED,
  parent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, parent_id, authority_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_groups_authority ON user_groups (authority_id);
CREATE INDEX user_groups_parent ON user_groups (parent_id);

CREATE TABLE group_users (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  group_id TEXT NOT NULL REFERENCES user_groups (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (user_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_users_group ON group_users (group_id);

CREATE TABLE group_zones (
  id TEXT PRIMARY KEY,
  zone_id TEXT NOT NULL REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  group_id TEXT NOT NULL REFERENCES user_groups (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (zone_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_zones_group ON group_zones (group_id);
)sql";

// What signing in leaves behind. One table for all kinds: it is read whole at start and never
// searched.
constexpr const char* kConfig4 = R"sql(
CREATE TABLE auth_records (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_records_expiry ON auth_records (expires_at);
)sql";

// Metadata and schemas; the audit log, which only grows (but at its old end, up to an anchor that
// must name an entry); and the search indexes.
constexpr const char* kConfig5 = R"sql(
CREATE TABLE schemas (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata (
  id TEXT PRIMARY KEY,
  parent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  schema_id TEXT REFERENCES schemas (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (parent_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX metadata_schema ON metadata (schema_id);

CREATE TABLE metadata_versions (
  metadata_id TEXT NOT NULL REFERENCES metadata (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (metadata_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  record TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  credential TEXT NOT NULL,
  peer TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_time ON audit (time_ms);
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX audit_user ON audit (user_id);
CREATE TABLE audit_ends (
  name TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO audit_ends (name, sequence, hash) VALUES
  ('anchor', 0, '0000000000000000000000000000000000000000000000000000000000000000'),
  ('head', 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_goes_by_age_only BEFORE DELETE ON audit
WHEN OLD.sequence > (SELECT sequence FROM audit_ends WHERE name = 'anchor') BEGIN
  SELECT RAISE(ABORT, 'an entry of the audit log goes by its age only');
END;
CREATE TRIGGER audit_anchor_is_an_entry BEFORE UPDATE ON audit_ends
WHEN NEW.sequence < OLD.sequence OR NEW.name <> OLD.name OR NOT EXISTS
  (SELECT 1 FROM audit WHERE sequence = NEW.sequence AND hash = NEW.hash) BEGIN
  SELECT RAISE(ABORT, 'an end of the audit log is one of its entries');
END;
CREATE TRIGGER audit_ends_stay BEFORE DELETE ON audit_ends BEGIN
  SELECT RAISE(ABORT, 'the ends of the audit log stay');
END;

CREATE TABLE search_rows (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE
) STRICT;
)sql"
// A member of the row that is indexed, with the blank before it.
#define BUSBAR_MEMBER(name) " || ' ' || ifnull(json_extract(NEW.document, '$." name "'), '')"
// An index over one table, kept by triggers. `NEW` names the row in all expressions, and setting
// a document to itself indexes its row (again). FTS5 knows rows by numbers: see search_rows.
#define BUSBAR_INDEX_BODY(table, name, text)                \
  "INSERT OR IGNORE INTO search_rows (id) VALUES (NEW.id);" \
  "INSERT OR REPLACE INTO " table                           \
  "_search (rowid, name, text, id)"                         \
  " SELECT number, " name ", NEW.id" text ", NEW.id FROM search_rows WHERE id = NEW.id;"
#define BUSBAR_INDEX_TRIGGERS(table, name, text) \
  "CREATE TRIGGER " table "_search_insert AFTER INSERT ON " table " BEGIN "               \
  BUSBAR_INDEX_BODY(table, name, text) "END;"                                                    \
  "CREATE TRIGGER " table "_search_update AFTER UPDATE OF document ON " table " BEGIN "   \
  BUSBAR_INDEX_BODY(table, name, text) "END;"                                                    \
  "CREATE TRIGGER " table "_search_delete AFTER DELETE ON " table " BEGIN "               \
  "DELETE FROM " table "_search WHERE rowid ="                                            \
  " (SELECT number FROM search_rows WHERE id = OLD.id);"                                  \
  "DELETE FROM search_rows WHERE id = OLD.id; END;"
#define BUSBAR_INDEX(table, name, text)                                  \
  "CREATE VIRTUAL TABLE " table                                          \
  "_search USING fts5 (name, text, id UNINDEXED,"                        \
  " tokenize = 'unicode61 remove_diacritics 2');" BUSBAR_INDEX_TRIGGERS( \
      table, name, text) "UPDATE " table " SET document = document;\n"
#define BUSBAR_NAME "ifnull(json_extract(NEW.document, '$.name'), '')"
    BUSBAR_INDEX("drivers", BUSBAR_NAME,
          BUSBAR_MEMBER("description") BUSBAR_MEMBER("module_name") BUSBAR_MEMBER("package_id") BUSBAR_MEMBER("file_name"))
    BUSBAR_INDEX("systems", BUSBAR_NAME,
          BUSBAR_MEMBER("description") BUSBAR_MEMBER("display_name") BUSBAR_MEMBER("email") BUSBAR_MEMBER("code")
          BUSBAR_MEMBER("type") BUSBAR_MEMBER("map_id") BUSBAR_MEMBER("features"))
    BUSBAR_INDEX("zones", BUSBAR_NAME,
          BUSBAR_MEMBER("description") BUSBAR_MEMBER("display_name") BUSBAR_MEMBER("code") BUSBAR_MEMBER("type")
          BUSBAR_MEMBER("location") BUSBAR_MEMBER("tags"))
    // By the name that it has in its systems. What its driver is called belongs to it, too.
    BUSBAR_INDEX("modules",
          "ifnull(nullif(trim(json_extract(NEW.document, '$.custom_name')), ''),"
          " (SELECT json_extract(d.document, '$.module_name') FROM drivers d"
          " WHERE d.id = NEW.driver_id))",
          BUSBAR_MEMBER("ip") BUSBAR_MEMBER("uri") BUSBAR_MEMBER("notes")
          " || ' ' || ifnull((SELECT json_extract(d.document, '$.name') || ' ' ||"
          " json_extract(d.document, '$.description') || ' ' ||"
          " json_extract(d.document, '$.module_name') FROM drivers d"
          " WHERE d.id = NEW.driver_id), '')")
    BUSBAR_INDEX("settings", "''", BUSBAR_MEMBER("parent_id") BUSBAR_MEMBER("keys"))
    BUSBAR_INDEX("users", BUSBAR_NAME, BUSBAR_MEMBER("email") BUSBAR_MEMBER("nickname") BUSBAR_MEMBER("login_name")
          BUSBAR_MEMBER("staff_id") BUSBAR_MEMBER("department"))
    BUSBAR_INDEX("domains", BUSBAR_NAME, BUSBAR_MEMBER("domain") BUSBAR_MEMBER("description"))
    BUSBAR_INDEX("oauth_apps", BUSBAR_NAME, BUSBAR_MEMBER("redirect_uri") BUSBAR_MEMBER("uid"))
    BUSBAR_INDEX("user_groups", BUSBAR_NAME, BUSBAR_MEMBER("description"))
    BUSBAR_INDEX("api_keys", BUSBAR_NAME, BUSBAR_MEMBER("description"))
    BUSBAR_INDEX("schemas", BUSBAR_NAME, BUSBAR_MEMBER("description"))
    R"sql(
CREATE TRIGGER drivers_search_modules_insert AFTER INSERT ON drivers BEGIN
  UPDATE modules SET document = document WHERE driver_id = NEW.id;
END;
CREATE TRIGGER drivers_search_modules_update AFTER UPDATE OF document ON drivers
WHEN json_extract(OLD.document, '$.name', '$.description', '$.module_name') IS NOT
  json_extract(NEW.document, '$.name', '$.description', '$.module_name') BEGIN
  UPDATE modules SET document = document WHERE driver_id = NEW.id;
END;
)sql";

// Names of keys are unique per domain, which is that of the key's user and never changes. A table
// that none refers to can be made anew; its triggers went with the old one.
constexpr const char* kConfig6 = R"sql(
CREATE TABLE old_keys AS
  SELECT k.id, k.name, u.authority_id, k.user_id, k.secret_hash, k.revision, k.document
  FROM api_keys k JOIN users u ON u.id = k.user_id;
DROP TABLE api_keys;
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  authority_id TEXT,
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  secret_hash TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (name, authority_id)
) STRICT, WITHOUT ROWID;
INSERT INTO api_keys (id, name, authority_id, user_id, secret_hash, revision, document)
  SELECT id, name, authority_id, user_id, secret_hash, revision, document FROM old_keys;
DROP TABLE old_keys;
CREATE INDEX api_keys_user ON api_keys (user_id);
CREATE TRIGGER api_keys_authority AFTER INSERT ON api_keys BEGIN
  UPDATE api_keys SET authority_id = (SELECT authority_id FROM users WHERE id = NEW.user_id)
  WHERE id = NEW.id;
END;
)sql" BUSBAR_INDEX_TRIGGERS("api_keys", BUSBAR_NAME, BUSBAR_MEMBER("description"));

// Triggers, where they are at work, and which of them each zone gives to its systems. An instance
// that a zone made is there once; any number may be made by hand. And invitations to groups.
constexpr const char* kConfig7 = R"sql(
CREATE TABLE triggers (
  id TEXT PRIMARY KEY,
  control_system_id TEXT REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX triggers_system ON triggers (control_system_id);

CREATE TABLE trigger_instances (
  id TEXT PRIMARY KEY,
  trigger_id TEXT NOT NULL REFERENCES triggers (id) DEFERRABLE INITIALLY DEFERRED,
  control_system_id TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
  zone_id TEXT REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (trigger_id, control_system_id, zone_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trigger_instances_system ON trigger_instances (control_system_id);
CREATE INDEX trigger_instances_zone ON trigger_instances (zone_id);

CREATE TABLE zone_triggers (
  zone_id TEXT NOT NULL REFERENCES zones (id) DEFERRABLE INITIALLY DEFERRED,
  trigger_id TEXT NOT NULL REFERENCES triggers (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (zone_id, trigger_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX zone_triggers_trigger ON zone_triggers (trigger_id);

CREATE TABLE group_invitations (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  group_id TEXT NOT NULL REFERENCES user_groups (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL,
  document TEXT NOT NULL,
  UNIQUE (email, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_invitations_group ON group_invitations (group_id);

CREATE INDEX audit_group_before ON audit (json_extract(nullif(before, ''), '$.group_id'))
  WHERE record IN ('group_user', 'group_zone', 'group_invitation');
CREATE INDEX audit_group_after ON audit (json_extract(nullif(after, ''), '$.group_id'))
  WHERE record IN ('group_user', 'group_zone', 'group_invitation');
)sql" BUSBAR_INDEX("triggers", BUSBAR_NAME, BUSBAR_MEMBER("description"));
#undef BUSBAR_NAME
#undef BUSBAR_INDEX
#undef BUSBAR_INDEX_TRIGGERS
#undef BUSBAR_INDEX_BODY
#undef BUSBAR_MEMBER

constexpr const char* kState1 = R"sql(
CREATE TABLE owners (
  module_id TEXT PRIMARY KEY,
  epoch TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE statuses (
  module_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  PRIMARY KEY (module_id, key)
) STRICT, WITHOUT ROWID;
)sql";

// Firings and deliveries of an instance are read newest first, and trimmed at their old end.
constexpr const char* kTriggers1 = R"sql(
CREATE TABLE progress (
  instance_id TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE firings (
  id TEXT PRIMARY KEY,
  instance_id TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  is_over INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX firings_instance ON firings (instance_id, time_ms, id);
CREATE INDEX firings_unfinished ON firings (time_ms, id) WHERE is_over = 0;

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  instance_id TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_instance ON deliveries (instance_id, time_ms, id);
)sql";

constexpr const char* kConfigSteps[] = {kConfig1, kConfig2, kConfig3, kConfig4,
                                        kConfig5, kConfig6, kConfig7};
constexpr const char* kStateSteps[] = {kState1};
constexpr const char* kTriggersSteps[] = {kTriggers1};
constexpr Schema kConfigSchema{"configuration database", 0x42755362, kConfigSteps};  // "BuSb"
constexpr Schema kStateSchema{"state database", 0x42755373, kStateSteps};            // "BuSs"
constexpr Schema kTriggersSchema{"triggers database", 0x42755374, kTriggersSteps};   // "BuSt"

struct FileVersion {
  int64_t application = 0;
  int64_t version = 0;
  int64_t tables = 0;
};

Result<FileVersion> versionOf(sqlite::Database& db) {
  FileVersion file;
  const struct {
    const char* sql;
    int64_t* out;
  } queries[] = {{"PRAGMA application_id", &file.application},
                 {"PRAGMA user_version", &file.version},
                 {"SELECT count(*) FROM sqlite_schema", &file.tables}};
  for (const auto& query : queries) {
    auto number = db.queryInt(query.sql);
    if (!number.ok()) {
      return std::move(number).error();
    }
    *query.out = *number;
  }
  return file;
}

Status checkFile(const FileVersion& file, const Schema& schema) {
  const bool fresh = file.tables == 0 && file.version == 0 && file.application == 0;
  if (!fresh && file.application != schema.applicationId) {
    return Error::because(ErrorCode::FailedPrecondition, "wrong_database",
                          "the file is not a Busbar " + std::string(schema.name));
  }
  const auto known = static_cast<int64_t>(schema.steps.size());
  if (file.version > known) {
    return Error::because(
        ErrorCode::FailedPrecondition, "database_too_new",
        "the " + std::string(schema.name) + " was written by a newer Busbar (version " +
            std::to_string(file.version) + ", this one reads up to " + std::to_string(known) + ")");
  }
  return {};
}

}  // namespace

const Schema& configSchema() {
  return kConfigSchema;
}
const Schema& stateSchema() {
  return kStateSchema;
}
const Schema& triggersSchema() {
  return kTriggersSchema;
}

Status checkVersion(sqlite::Database& db, const Schema& schema) {
  auto file = versionOf(db);
  if (!file.ok()) {
    return std::move(file).error();
  }
  return checkFile(*file, schema);
}

Status migrate(sqlite::Database& db, const Schema& schema) {
  return db.transaction([&db, &schema]() -> Status {
    // Read again: another process may have migrated while this one waited for the lock.
    auto file = versionOf(db);
    if (!file.ok()) {
      return std::move(file).error();
    }
    BUSBAR_TRY(checkFile(*file, schema));
    const auto from = static_cast<size_t>(file->version);
    if (from == schema.steps.size()) {
      return {};
    }
    for (const char* step : schema.steps.subspan(from)) {
      BUSBAR_TRY(db.exec(step));
    }
    BUSBAR_TRY(db.exec("PRAGMA application_id=" + std::to_string(schema.applicationId)));
    return db.exec("PRAGMA user_version=" + std::to_string(schema.steps.size()));
  });
}

}  // namespace busbar
