// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/service/modules/module_hub.h"
#include "host/service/service.h"

namespace busbar {

// The keys of other modules that one module follows. A subscription gives the present value at
// once, then each change, and again what changed when the system's modules change. While the module
// takes no events, values of kind state give way to newer ones; those of kind event wait, up to
// kMaxWaitingBytes, and the subscription whose value does not fit ends with E_AGAIN. Loop-only.
class ValueSubscriptions {
 public:
  static constexpr size_t kMaxUnsentBytes = 256U << 10U;  // from here on the module is slow
  static constexpr size_t kMaxWaitingBytes = 1U << 20U;   // of all subscriptions

  // `stalled` is called when something waits: flush() must follow.
  ValueSubscriptions(ModuleHub& hub, ServiceClient& client, Callback<void()> stalled);
  ValueSubscriptions(const ValueSubscriptions&) = delete;
  ValueSubscriptions& operator=(const ValueSubscriptions&) = delete;
  ~ValueSubscriptions();

  void add(const wire::Subscribe& request, const SystemMembers& members);
  // False when there is no such subscription.
  bool release(uint64_t token);
  void systemChanged(const SystemMembers& members);
  // Sends what waits as far as the module takes it. True when all is gone.
  bool flush();
  bool contains(uint64_t token) const;
  size_t size() const { return subscriptions_.size(); }

 private:
  struct Subscription;
  // One module whose key is followed.
  class Source;

  struct Place {
    std::string name;
    std::string moduleId;
  };

  std::vector<Place> placesOf(const Subscription& subscription, const SystemMembers& members) const;
  void remap(Subscription& subscription, const SystemMembers& members);
  void sendPresent(Source& source);
  void send(const Subscription& subscription, std::string_view source, std::string_view json);
  void changed(Source& source, const StateEntry& entry, bool conflates);
  void end(Subscription& subscription);
  bool isSlow() const { return client_.unsentBytes() > kMaxUnsentBytes; }
  bool flush(Source& source);

  ModuleHub& hub_;
  ServiceClient& client_;
  Callback<void()> stalled_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
  size_t waitingBytes_ = 0;
};

}  // namespace busbar
