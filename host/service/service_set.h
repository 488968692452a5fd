// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/service/service.h"

namespace busbar {

// The services of one running module: made, found by frame, ended together. Loop-only.
class ServiceSet {
 public:
  // `granted` are extension ids; `providers` and `client` outlive the set.
  ServiceSet(ServiceProviders& providers, ServiceClient& client,
             const std::vector<std::string>& granted);
  ServiceSet(const ServiceSet&) = delete;
  ServiceSet& operator=(const ServiceSet&) = delete;

  // The module runs: makes the services that speak first.
  void start();
  // True if the frame is of a service; `fine` and `why` as in Service::request.
  bool take(const wire::Frame& frame, bool& fine, std::string& why);
  void configured();

 private:
  struct Entry {
    ServiceProvider* provider;
    std::unique_ptr<Service> service;
  };
  Service& serviceOf(Entry& entry);

  ServiceClient& client_;
  std::vector<Entry> entries_;
};

}  // namespace busbar
