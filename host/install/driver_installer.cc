// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/install/driver_installer.h"

#include <utility>

namespace busbar {
namespace {

constexpr auto kStoreLimit = std::chrono::seconds(10);

model::Role roleOf(const Manifest& manifest) {
  switch (manifest.role) {
    case Manifest::Role::Service:
      return model::Role::Service;
    case Manifest::Role::Logic:
      return model::Role::Logic;
    default:
      return model::Role::Device;
  }
}

}  // namespace

struct DriverInstaller::Job {
  std::string path;
  Actor actor;
  Done done;
  DriverFolder folder;
  Manifest manifest;
  model::Trust trust = model::Trust::Unsigned;
};

DriverInstaller::DriverInstaller(EventLoop& loop, WorkerPool& pool, const Site& site,
                                 ConfigStore& store, Inspector& inspector, DriverDepot& depot,
                                 model::IdGenerator& ids, Options options)
    : loop_(loop),
      pool_(pool),
      site_(site),
      store_(store),
      inspector_(inspector),
      depot_(depot),
      ids_(ids),
      options_(std::move(options)) {}

DriverInstaller::~DriverInstaller() {
  *alive_ = false;
}

void DriverInstaller::install(std::string folder, Actor actor, Done done) {
  auto job = std::make_shared<Job>();
  job->path = std::move(folder);
  job->actor = std::move(actor);
  job->done = std::move(done);
  const Status queued = pool_.run([this, alive = alive_, job, &loop = loop_] {
    auto read = std::make_shared<Result<DriverFolder>>(DriverFolder::read(job->path));
    loop.post([this, alive, job, read] {
      if (!*alive) {
        return;
      }
      if (!read->ok()) {
        job->done(read->error());
        return;
      }
      job->folder = std::move(**read);
      inspect(job);
    });
  });
  if (!queued.ok()) {
    job->done(queued.error());
  }
}

void DriverInstaller::inspect(JobPtr job) {
  auto manifest = Manifest::parse(job->folder.manifest);
  if (!manifest) {
    Error error = manifest.error();
    error.message = "manifest.json" + error.field + ": " + error.message;
    job->done(std::move(error));
    return;
  }
  job->manifest = std::move(*manifest);
  const bool built = options_.builtDigests.contains(job->folder.digest);
  job->trust = built ? model::Trust::Built : model::Trust::Unsigned;
  if (!built && !options_.allowUnsigned) {
    job->done(
        Error::because(ErrorCode::PermissionDenied, "driver_unsigned",
                       "driver " + job->manifest.id +
                           " was not built with this busbard and is not signed. Start busbard "
                           "with --allow-unsigned to load such drivers."));
    return;
  }
  auto library = job->folder.toMemfd();
  if (!library) {
    job->done(std::move(library).error());
    return;
  }
  inspector_.inspect(std::move(*library), [this, alive = alive_, job](Result<json::Value> facts) {
    if (*alive) {
      inspected(job, std::move(facts));
    }
  });
}

void DriverInstaller::inspected(const JobPtr& job, Result<json::Value> facts) {
  const std::string& name = job->folder.libraryName;
  if (!facts) {
    Error error = facts.error();
    error.field = name;
    error.message = name + ": " + error.message;
    job->done(std::move(error));
    return;
  }
  const json::Value* embedded = facts->find("manifest");
  if (embedded == nullptr || embedded->asString() == nullptr) {
    job->done(Error::at(ErrorCode::InvalidArgument, name,
                        name + ": holds no manifest; build it with busbar_add_driver()"));
    return;
  }
  if (*embedded->asString() != job->folder.manifest) {
    job->done(Error::at(ErrorCode::InvalidArgument, "manifest.json",
                        "manifest.json is not the one that " + name +
                            " was built with; they must be the same byte for byte"));
    return;
  }
  copy(job);
}

void DriverInstaller::copy(JobPtr job) {
  const Status queued = pool_.run([this, alive = alive_, job, &loop = loop_] {
    auto stored = std::make_shared<Status>(
        depot_.store(job->folder, job->manifest.id, job->manifest.version));
    loop.post([this, alive, job, stored] {
      if (!*alive) {
        return;
      }
      if (!stored->ok()) {
        job->done(stored->error());
        return;
      }
      writeRow(job);
    });
  });
  if (!queued.ok()) {
    job->done(queued.error());
  }
}

void DriverInstaller::writeRow(const JobPtr& job) {
  ConfigWrite write;
  model::Driver row;
  for (const model::Driver* driver : site_.drivers()) {
    if (driver->packageId == job->manifest.id) {
      row = *driver;
      write.kind = ConfigWrite::Kind::Update;
    }
  }
  if (row.digest == job->folder.digest && row.manifest == job->folder.manifest) {
    job->done(Installed{row.id, false});
    return;
  }
  if (write.kind == ConfigWrite::Kind::Insert) {
    row.id = ids_.next(model::Table::Driver);
    row.packageId = job->manifest.id;
    row.name = job->manifest.name;
    row.description = job->manifest.description;
  }
  row.moduleName = job->manifest.moduleName;
  row.role = roleOf(job->manifest);
  row.version = job->manifest.version;
  row.digest = job->folder.digest;
  row.fileName = job->folder.libraryName;
  row.manifest = job->folder.manifest;
  row.trust = job->trust;
  if (!job->manifest.links.empty()) {
    row.defaultPort = job->manifest.links.front().defaultPort;
  }
  std::vector<ConfigWrite> writes;
  write.record = row;
  writes.push_back(std::move(write));
  store_.apply(std::move(writes), job->actor, loop_.now() + kStoreLimit,
               [job, id = row.id](Result<std::vector<ConfigChange>> applied) {
                 if (!applied) {
                   job->done(std::move(applied).error());
                   return;
                 }
                 job->done(Installed{id, true});
               });
}

}  // namespace busbar
