// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_config_store.h"

#include <algorithm>

#include "registry/store/config_columns.h"
#include "sdk/base/json.h"

namespace busbar {
namespace {

using Data = FakeConfigStore::Data;
using model::Record;
using Kind = ConfigWrite::Kind;

constexpr size_t kKeptVersions = 20;

using Uniques = std::vector<std::pair<std::string, std::string>>;

// The domain of a key is that of its user.
std::string domainOfKey(const Data& data, const model::ApiKey& key) {
  const auto it = data.rows.find(key.userId);
  const auto* user = it == data.rows.end() ? nullptr : std::get_if<model::User>(&it->second);
  return user == nullptr ? key.userId : user->domainId;
}

Uniques identityUniques(const Data& data, const Record& record) {
  if (const auto* user = std::get_if<model::User>(&record)) {
    Uniques out{{"email", user->domainId + "/" + user->email}};
    if (!user->loginName.empty()) {
      out.emplace_back("login_name", user->domainId + "/" + user->loginName);
    }
    if (!user->staffId.empty()) {
      out.emplace_back("staff_id", user->domainId + "/" + user->staffId);
    }
    return out;
  }
  if (const auto* key = std::get_if<model::ApiKey>(&record)) {
    return {{"name", domainOfKey(data, *key) + "/" + key->name}, {"secret_hash", key->secretHash}};
  }
  if (const auto* domain = std::get_if<model::Domain>(&record)) {
    return {{"domain", domain->domain}};
  }
  if (const auto* app = std::get_if<model::OauthApp>(&record)) {
    return {{"name", app->ownerId + "/" + app->name},
            {"redirect_uri", app->ownerId + "/" + app->redirectUri},
            {"uid", app->ownerId + "/" + app->uid}};
  }
  if (const auto* group = std::get_if<model::Group>(&record)) {
    return {{"name", group->domainId + "/" + group->parentId + "/" + group->name}};
  }
  if (const auto* membership = std::get_if<model::GroupUser>(&record)) {
    return {{"user_id", membership->userId + "/" + membership->groupId}};
  }
  if (const auto* grant = std::get_if<model::GroupZone>(&record)) {
    return {{"zone_id", grant->zoneId + "/" + grant->groupId}};
  }
  if (const auto* invitation = std::get_if<model::GroupInvitation>(&record)) {
    return {{"email", invitation->email + "/" + invitation->groupId}};
  }
  return {};
}

// Member name and value of everything that must be unique in the record's table.
Uniques uniquesOf(const Data& data, const Record& record) {
  if (const auto* system = std::get_if<model::System>(&record)) {
    return {{"name", system->name}};
  }
  if (const auto* zone = std::get_if<model::Zone>(&record)) {
    return {{"name", zone->name}};
  }
  if (const auto* settings = std::get_if<model::Settings>(&record)) {
    return {{"parent_id",
             settings->parentId + "/" + std::to_string(static_cast<int>(settings->level))}};
  }
  if (const auto* metadata = std::get_if<model::Metadata>(&record)) {
    return {{"parent_id", metadata->parentId + "/" + metadata->name}};
  }
  if (const auto* instance = std::get_if<model::TriggerInstance>(&record);
      instance != nullptr && !instance->zoneId.empty()) {
    return {
        {"trigger_id", instance->triggerId + "/" + instance->systemId + "/" + instance->zoneId}};
  }
  return identityUniques(data, record);
}

Status checkUnique(const Data& data, const Record& record) {
  for (const auto& unique : uniquesOf(data, record)) {
    for (const auto& [id, other] : data.rows) {
      const auto theirs = uniquesOf(data, other);
      if (id != model::commonOf(record).id && other.index() == record.index() &&
          std::find(theirs.begin(), theirs.end(), unique) != theirs.end()) {
        return Error::at(ErrorCode::AlreadyExists, unique.first,
                         unique.first + " is already taken");
      }
    }
  }
  return {};
}

Status checkReferences(const Data& data) {
  for (const auto& [id, record] : data.rows) {
    for (const Reference& reference : referencesOf(record)) {
      const auto it = data.rows.find(reference.id);
      if (it == data.rows.end() || model::tableOf(it->second) != reference.table) {
        return Error::at(ErrorCode::InvalidArgument, reference.field,
                         reference.id + " does not exist");
      }
    }
  }
  return {};
}

void keepVersion(Data& data, const Record& old) {
  if (std::holds_alternative<model::Settings>(old) ||
      std::holds_alternative<model::Metadata>(old)) {
    auto& versions = data.history[model::commonOf(old).id];
    versions.push_back(old);
    if (versions.size() > kKeptVersions) {
      versions.erase(versions.begin());
    }
  }
}

void addAudit(Data& data, AuditEntry entry) {
  const AuditEntry& last = data.audit.empty() ? data.anchor : data.audit.back();
  entry.sequence = last.sequence + 1;
  entry.hash = auditHash(last.sequence == 0 ? auditGenesis() : std::string_view(last.hash), entry);
  data.audit.push_back(std::move(entry));
}

Result<Record> applyOne(Data& data, const ConfigWrite& write, int64_t now) {
  Record record = write.record;
  model::Common& common = model::commonOf(record);
  const auto it = data.rows.find(common.id);
  if (write.kind == Kind::Insert) {
    if (it != data.rows.end()) {
      return Error::at(ErrorCode::AlreadyExists, "id", common.id + " is already taken");
    }
    common.revision = 1;
    common.createdAt = now;
    common.updatedAt = now;
    BUSBAR_TRY(checkUnique(data, record));
    data.rows.emplace(common.id, record);
    return record;
  }
  if (it == data.rows.end() || it->second.index() != record.index()) {
    return Error::of(ErrorCode::NotFound, common.id + " does not exist");
  }
  const Record before = it->second;
  if (write.kind == Kind::Erase) {
    data.rows.erase(it);
    data.history.erase(common.id);
    data.moduleData.erase(common.id);
    return before;
  }
  if (common.revision != model::commonOf(before).revision) {
    return Error::because(ErrorCode::Aborted, "revision_conflict",
                          common.id + " was changed by someone else");
  }
  BUSBAR_TRY(checkUnique(data, record));
  ++common.revision;
  common.createdAt = model::commonOf(before).createdAt;
  common.updatedAt = now;
  keepVersion(data, before);
  it->second = record;
  return record;
}

// `about` of the filter, with the rows that an entry says are in a group of it.
std::vector<std::string> rowsAbout(const std::vector<AuditEntry>& entries,
                                   const AuditFilter& filter) {
  std::vector<std::string> out = filter.about;
  const auto has = [](const std::vector<std::string>& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const AuditEntry& entry : entries) {
    for (const std::string& text : {entry.before, entry.after}) {
      const auto members = json::parse(text);
      const json::Value* group = members.ok() ? members->find("group_id") : nullptr;
      if (group != nullptr && has(filter.records, entry.record) &&
          has(filter.about, *group->asString())) {
        out.push_back(entry.subject);
      }
    }
  }
  return out;
}

}  // namespace

FakeConfigStore::FakeConfigStore(EventLoop& loop, std::shared_ptr<Data> data)
    : loop_(loop), data_(std::move(data)) {}

FakeConfigStore::~FakeConfigStore() {
  *alive_ = false;
}

template <class T>
void FakeConfigStore::answer(Instant deadline, Result<T> result, Callback<void(Result<T>)> done) {
  if (loop_.clock().now() >= deadline) {
    result = Error::of(ErrorCode::DeadlineExceeded, "the store did not answer in time");
  }
  loop_.post([alive = alive_, result = std::move(result), done = std::move(done)]() mutable {
    if (*alive) {
      done(std::move(result));
    }
  });
}

void FakeConfigStore::load(Instant deadline, ConfigStore::Done<ConfigSnapshot> done) {
  ConfigSnapshot snapshot;
  snapshot.position = data_->position;
  for (const auto& [id, record] : data_->rows) {
    snapshot.records.push_back(record);
  }
  answer<ConfigSnapshot>(deadline, std::move(snapshot), std::move(done));
}

Result<std::vector<ConfigChange>> FakeConfigStore::applyNow(const std::vector<ConfigWrite>& writes,
                                                            const Actor& actor) {
  if (failure_) {
    return *failure_;
  }
  Data next = *data_;
  ++next.position;
  std::vector<ConfigChange> changes;
  const Milliseconds now(loop_.clock().utcNs() / 1'000'000);
  for (const ConfigWrite& write : writes) {
    const auto row = next.rows.find(model::commonOf(write.record).id);
    const auto before = row == next.rows.end() ? std::nullopt : std::optional(row->second);
    auto stored = applyOne(next, write, now.count() / 1000);
    if (!stored.ok()) {
      return std::move(stored).error();
    }
    changes.push_back({next.position, write.kind, std::move(*stored)});
    addAudit(next, auditEntryOf(changes.back(), before ? &*before : nullptr, actor, now));
  }
  BUSBAR_TRY(checkReferences(next));
  next.log.insert(next.log.end(), changes.begin(), changes.end());
  *data_ = std::move(next);
  return changes;
}

void FakeConfigStore::apply(std::vector<ConfigWrite> writes, Actor actor, Instant deadline,
                            ConfigStore::Done<std::vector<ConfigChange>> done) {
  if (loop_.clock().now() >= deadline) {
    answer<std::vector<ConfigChange>>(deadline, std::vector<ConfigChange>(), std::move(done));
    return;
  }
  auto changes = applyNow(writes, actor);
  if (changes.ok() && !changes->empty()) {
    loop_.post([this, alive = alive_, delivered = *changes] {
      if (*alive && delivered.front().position > heard_) {
        tell(delivered);
      }
    });
  }
  answer<std::vector<ConfigChange>>(deadline, std::move(changes), std::move(done));
}

void FakeConfigStore::settingsHistory(std::string settingsId, Instant deadline,
                                      ConfigStore::Done<std::vector<model::Settings>> done) {
  Result<std::vector<model::Settings>> result = std::vector<model::Settings>();
  if (!data_->rows.contains(settingsId)) {
    result = Error::of(ErrorCode::NotFound, settingsId + " does not exist");
  } else if (const auto it = data_->history.find(settingsId); it != data_->history.end()) {
    for (auto row = it->second.rbegin(); row != it->second.rend(); ++row) {
      result->push_back(std::get<model::Settings>(*row));
    }
  }
  answer<std::vector<model::Settings>>(deadline, std::move(result), std::move(done));
}

void FakeConfigStore::metadataHistory(std::string parentId, Instant deadline,
                                      ConfigStore::Done<std::vector<model::Metadata>> done) {
  std::vector<const model::Metadata*> rows;
  for (const auto& [id, record] : data_->rows) {
    const auto* row = std::get_if<model::Metadata>(&record);
    if (row != nullptr && row->parentId == parentId) {
      rows.push_back(row);
    }
  }
  std::sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->name < b->name; });
  std::vector<model::Metadata> out;
  for (const model::Metadata* row : rows) {
    const auto& versions = data_->history[row->id];
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      out.push_back(std::get<model::Metadata>(*version));
    }
  }
  answer<std::vector<model::Metadata>>(deadline, std::move(out), std::move(done));
}

void FakeConfigStore::nextGeneration(Instant deadline, ConfigStore::Done<uint64_t> done) {
  if (failure_) {
    answer<uint64_t>(deadline, *failure_, std::move(done));
    return;
  }
  answer<uint64_t>(deadline, ++data_->generation, std::move(done));
}

void FakeConfigStore::watch(uint64_t position, Callback<void(const ConfigChange&)> listener) {
  listener_ = nullptr;
  // Posted, so that nothing is told before this call has returned.
  loop_.post([this, alive = alive_, position, listener = std::move(listener)]() mutable {
    if (*alive) {
      listener_ = std::move(listener);
      heard_ = position;
      tell(data_->log);
    }
  });
}

void FakeConfigStore::get(std::string moduleId, std::string key, Instant deadline,
                          ModuleStore::Done<std::optional<std::string>> done) {
  Result<std::optional<std::string>> result = std::optional<std::string>();
  if (Status fine = checkKey(key); !fine.ok()) {
    result = std::move(fine).error();
  } else if (const auto& rows = data_->moduleData[moduleId]; rows.contains(key)) {
    result = std::optional(rows.at(key));
  }
  answer<std::optional<std::string>>(deadline, std::move(result), std::move(done));
}

Status FakeConfigStore::setNow(const std::string& moduleId, const std::string& key,
                               const std::string& value) {
  BUSBAR_TRY(checkKey(key));
  BUSBAR_TRY(checkValue(value));
  if (failure_) {
    return *failure_;
  }
  const auto row = data_->rows.find(moduleId);
  if (row == data_->rows.end() || !std::holds_alternative<model::Module>(row->second)) {
    return Error::of(ErrorCode::NotFound, moduleId + " does not exist");
  }
  auto rows = data_->moduleData[moduleId];
  rows[key] = value;
  size_t bytes = 0;
  for (const auto& [each, text] : rows) {
    bytes += each.size() + text.size();
  }
  if (rows.size() > kMaxKeys || bytes > kMaxBytes) {
    return overQuota();
  }
  data_->moduleData[moduleId] = std::move(rows);
  return {};
}

void FakeConfigStore::set(std::string moduleId, std::string key, std::string value,
                          Instant deadline, ModuleStore::Done<void> done) {
  const bool late = loop_.clock().now() >= deadline;
  answer<void>(deadline, late ? Status() : setNow(moduleId, key, value), std::move(done));
}

void FakeConfigStore::remove(std::string moduleId, std::string key, Instant deadline,
                             ModuleStore::Done<void> done) {
  Status result = failure_ ? Status(*failure_) : checkKey(key);
  if (result.ok() && loop_.clock().now() < deadline) {
    data_->moduleData[moduleId].erase(key);
  }
  answer<void>(deadline, std::move(result), std::move(done));
}

void FakeConfigStore::list(std::string moduleId, std::string prefix, Instant deadline,
                           ModuleStore::Done<std::vector<std::string>> done) {
  Result<std::vector<std::string>> result = std::vector<std::string>();
  if (Status fine = checkPrefix(prefix); !fine.ok()) {
    result = std::move(fine).error();
  } else {
    for (const auto& [key, value] : data_->moduleData[moduleId]) {
      if (key.starts_with(prefix)) {
        result->push_back(key);
      }
    }
  }
  answer<std::vector<std::string>>(deadline, std::move(result), std::move(done));
}

Status FakeConfigStore::append(AuditEntry entry) {
  entry.timeMs = loop_.clock().utcNs() / 1'000'000;
  addAudit(*data_, std::move(entry));
  return {};
}

void FakeConfigStore::flush(Instant deadline, AuditStore::Done<void> done) {
  answer<void>(deadline, Status(), std::move(done));
}

void FakeConfigStore::listAudit(AuditFilter filter, Instant deadline,
                                AuditStore::Done<AuditPage> done) {
  AuditPage page;
  const auto isAny = [](const std::vector<std::string>& wanted, const std::string& value) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  };
  const std::vector<std::string> about = rowsAbout(data_->audit, filter);
  const auto is = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  for (const AuditEntry& entry : data_->audit) {
    if (entry.timeMs >= filter.sinceMs && entry.timeMs < filter.untilMs &&
        entry.sequence > filter.afterSequence && is(filter.userId, entry.userId) &&
        is(filter.subject, entry.subject) && is(filter.record, entry.record) &&
        is(filter.action, entry.action) && isAny(filter.records, entry.record) &&
        isAny(about, entry.subject)) {
      page.entries.push_back(entry);
    }
  }
  page.total = static_cast<int64_t>(page.entries.size());
  if (!filter.oldestFirst) {
    std::reverse(page.entries.begin(), page.entries.end());
  }
  const auto begin = page.entries.begin() +
                     static_cast<std::ptrdiff_t>(std::min(filter.offset, page.entries.size()));
  const auto count = std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(filter.limit),
                                              page.entries.end() - begin);
  page.entries = std::vector<AuditEntry>(begin, begin + count);
  answer<AuditPage>(deadline, std::move(page), std::move(done));
}

void FakeConfigStore::verifyAudit(Instant deadline, AuditStore::Done<AuditVerdict> done) {
  AuditVerdict verdict;
  verdict.last = data_->anchor.sequence;
  verdict.lastHash = verdict.last == 0 ? std::string(auditGenesis()) : data_->anchor.hash;
  for (const AuditEntry& entry : data_->audit) {
    if (auditHash(verdict.lastHash, entry) != entry.hash) {
      verdict.brokenAt = entry.sequence;
      verdict.problem = "changed";
      break;
    }
    verdict.first = verdict.entries++ == 0 ? entry.sequence : verdict.first;
    verdict.last = entry.sequence;
    verdict.lastHash = entry.hash;
  }
  answer<AuditVerdict>(deadline, std::move(verdict), std::move(done));
}

void FakeConfigStore::trimAudit(int64_t beforeMs, Instant deadline,
                                AuditStore::Done<int64_t> done) {
  auto& rows = data_->audit;
  const auto young = std::find_if(rows.begin(), rows.end(),
                                  [&](const AuditEntry& e) { return e.timeMs >= beforeMs; });
  const int64_t removed = young - rows.begin();
  if (removed > 0) {
    data_->anchor = *(young - 1);
    rows.erase(rows.begin(), young);
  }
  answer<int64_t>(deadline, removed, std::move(done));
}

void FakeConfigStore::tell(std::vector<ConfigChange> changes) {
  const uint64_t from = heard_;
  for (const ConfigChange& change : changes) {
    if (listener_ && change.position > from) {
      heard_ = change.position;
      listener_(change);
    }
  }
}

}  // namespace busbar
