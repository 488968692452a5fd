// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>

#include "host/install/driver_depot.h"
#include "host/install/inspector.h"
#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/worker_pool.h"
#include "sdk/manifest/manifest.h"

namespace busbar {

// Installs a driver folder: reads it once, inspects the library in the sandbox, compares the
// manifest in the folder with the one in the library byte for byte, decides about trust, copies it
// into the depot and writes the row. Installing the same digest again changes nothing; another
// digest of the same package replaces the row's version, and its modules move to the new one.
// Loop-only.
class DriverInstaller {
 public:
  struct Options {
    bool allowUnsigned = false;
    std::set<std::string> builtDigests;
  };
  struct Installed {
    std::string driverId;
    bool changed = true;  // false: this very digest was installed already
  };
  using Done = Callback<void(Result<Installed>)>;

  DriverInstaller(EventLoop& loop, WorkerPool& pool, const Site& site, ConfigStore& store,
                  Inspector& inspector, DriverDepot& depot, model::IdGenerator& ids,
                  Options options);
  DriverInstaller(const DriverInstaller&) = delete;
  DriverInstaller& operator=(const DriverInstaller&) = delete;
  ~DriverInstaller();

  // Errors: InvalidArgument (folder, library or manifest; field names the file or the JSON
  // pointer), PermissionDenied (reason driver_unsigned, names --allow-unsigned), ResourceExhausted
  // (disk).
  void install(std::string folder, Actor actor, Done done);
  bool allowsUnsigned() const { return options_.allowUnsigned; }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;  // shared by the steps of one installation
  void inspect(JobPtr job);
  void inspected(const JobPtr& job, Result<json::Value> facts);
  void copy(JobPtr job);
  void writeRow(const JobPtr& job);

  EventLoop& loop_;
  WorkerPool& pool_;
  const Site& site_;
  ConfigStore& store_;
  Inspector& inspector_;
  DriverDepot& depot_;
  model::IdGenerator& ids_;
  const Options options_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards results of the pool
};

}  // namespace busbar
