// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>
#include <busbar/service.hpp>

// Small durable data, for drivers with the permission "busbar.store/1" and TARGET_MINOR 1 or later.
#if BUSBAR_TARGET_MINOR >= 1
namespace busbar {

// Keeps values of the module by key, over restarts of driver, Busbar and machine, and when another
// host takes the module over: a pairing key, a counter, the last scene. At most 256 keys of 128
// bytes, 64 KiB a value and 1 MiB in all. Requests are run in their order; they go on when the
// function that made them has returned.
//
// A member of the driver; ends its requests with itself. Of each pair of handlers one is called,
// later. A failure without a handler becomes a line in the module's log. Every member throws
// Failure E_AGAIN when too many requests are open.
class Store : public Service {
 public:
  using OnDone = std::function<void()>;
  using OnFailure = std::function<void(const Failure&)>;

  explicit Store(Driver& driver) : Service(driver, "busbar.store/1") {}

  // Null when there is no such key. The value is borrowed for the call.
  void get(std::string_view key, std::function<void(const Json&)> onValue,
           OnFailure onFailure = {}) {
    request(BUSBAR_STORE_GET, key, {}, std::move(onFailure),
            [onValue = std::move(onValue)](const busbar_event& event) {
              const JsonDocument document = JsonDocument::parse(event.doc);
              onValue(document.root());
            });
  }
  // `value` is anything that toJson() takes. `onKept`: it is durable now. E_AGAIN with the code
  // "store_quota": the module keeps too much.
  template <class T>
  void set(std::string_view key, const T& value, OnDone onKept = {}, OnFailure onFailure = {}) {
    request(BUSBAR_STORE_SET, key, toJson(value), std::move(onFailure), ignoring(onKept));
  }
  // An absent key is fine.
  void remove(std::string_view key, OnDone onRemoved = {}, OnFailure onFailure = {}) {
    request(BUSBAR_STORE_REMOVE, key, {}, std::move(onFailure), ignoring(onRemoved));
  }
  // The keys that begin with `prefix`, sorted.
  void list(std::string_view prefix, std::function<void(const std::vector<std::string>&)> onKeys,
            OnFailure onFailure = {}) {
    request(BUSBAR_STORE_LIST, prefix, {}, std::move(onFailure),
            [onKeys = std::move(onKeys)](const busbar_event& event) {
              const JsonDocument document = JsonDocument::parse(event.doc);
              onKeys(document.root().as<std::vector<std::string>>());
            });
  }

 private:
  using OnEvent = std::function<void(const busbar_event&)>;

  static OnEvent ignoring(OnDone onDone) {
    return [onDone = std::move(onDone)](const busbar_event&) {
      if (onDone) {
        onDone();
      }
    };
  }
  void request(uint32_t operation, std::string_view key, const std::string& value,
               OnFailure onFailure, OnEvent onDone) {
    const busbar_id token = open(
        [this, onFailure = std::move(onFailure), onDone = std::move(onDone)](const auto& event) {
          forget(event.token);
          if (event.status >= 0) {
            onDone(event);
          } else if (onFailure) {
            onFailure(toFailure(event));
          } else {
            throw toFailure(event);
          }
        });
    busbar_store_request raw{};
    raw.struct_size = sizeof(raw);
    raw.operation = operation;
    raw.token = token;
    raw.key = {key.data(), key.size()};
    if (!value.empty()) {
      raw.value = {reinterpret_cast<const uint8_t*>(value.data()), value.size(), BUSBAR_ENC_JSON,
                   0};
    }
    check(table<busbar_store>().request(instance(), &raw), token, "use the store");
  }
};

}  // namespace busbar
#endif
