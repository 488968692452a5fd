// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <busbar/driver.hpp>

namespace busbar {

// What the classes for Busbar's services share: the extension's table, and the requests that are
// open. A member of the driver; ends its requests with itself.
class Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

 protected:
  using Handler = std::function<void(const busbar_event&)>;

  // Throws Failure E_DENIED when the extension is absent or not granted.
  Service(Driver& driver, const char* id)
      : driver_(driver), table_(driver.host().extension(driver.instance(), id)) {
    if (table_ == nullptr) {
      throw Failure(BUSBAR_E_DENIED, std::string(id) + " is not granted to this driver");
    }
  }
  ~Service() {
    for (const busbar_id token : tokens_) {
      (void)driver_.host().cancel(driver_.instance(), token);
      driver_.requests_.erase(token);
    }
    if (takesUnnamed_) {
      driver_.requests_.erase(0);
    }
  }

  template <class Table>
  const Table& table() const {
    return *static_cast<const Table*>(table_);
  }
  busbar_instance* instance() const { return driver_.instance(); }
  // The function that runs right now, as the parent of a request; 0 outside of one.
  busbar_id parentCall() const {
    const busbar_call* call = driver_.currentCall();
    return call != nullptr ? call->call_id : 0;
  }
  // A token whose events go to `handler` until forget(), or until the call `parent` is cancelled:
  // nothing more comes then.
  busbar_id open(Handler handler, busbar_id parent = 0) {
    const busbar_id token = driver_.nextToken();
    driver_.requests_[token] = {std::move(handler), parent, this};
    tokens_.push_back(token);
    return token;
  }
  void forget(busbar_id token) {
    driver_.requests_.erase(token);
    tokens_.erase(std::remove(tokens_.begin(), tokens_.end(), token), tokens_.end());
  }
  // Events that belong to no request go to `handler`.
  void takeUnnamed(Handler handler) {
    driver_.requests_[0] = {std::move(handler), 0, this};
    takesUnnamed_ = true;
  }
  void logWarning(std::string_view message) { driver_.warn(message); }
  // Gives a request up.
  void end(busbar_id token) {
    (void)driver_.host().cancel(driver_.instance(), token);
    forget(token);
  }
  // After the host refused what was opened as `token`.
  void check(busbar_status status, busbar_id token, const char* attempted) {
    if (status < 0) {
      forget(token);
      throw Failure(status, std::string(attempted) + ": refused");
    }
  }

 private:
  friend class Driver;
  Driver& driver_;
  const void* table_;
  std::vector<busbar_id> tokens_;
  bool takesUnnamed_ = false;
};

inline void Driver::dropRequestsOf(busbar_id call) {
  std::vector<std::pair<Service*, busbar_id>> ended;
  for (const auto& [token, request] : requests_) {
    if (request.parent == call) {
      ended.emplace_back(request.service, token);
    }
  }
  for (const auto& [service, token] : ended) {
    service->forget(token);
  }
}

// The failure that an event tells of.
inline Failure toFailure(const busbar_event& event) {
  std::string message = "the request failed";
  std::string code;
  if (event.error != nullptr && event.error->message.len > 0) {
    message.assign(event.error->message.ptr, event.error->message.len);
  }
  if (event.error != nullptr && event.error->code.len > 0) {
    code.assign(event.error->code.ptr, event.error->code.len);
  }
  return Failure(event.status, message, code);
}

}  // namespace busbar
