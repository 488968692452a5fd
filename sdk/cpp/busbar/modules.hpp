// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>
#include <busbar/service.hpp>

#if BUSBAR_TARGET_MINOR >= 1
namespace busbar {

// Another module of the system.
struct ModuleInfo {
  std::string name;  // "Display_1"
  std::string id;
  std::vector<std::string> interfaces;  // "powerable/1"
  bool running = false;
  bool connected = false;

  bool implements(std::string_view interface) const {
    return std::find(interfaces.begin(), interfaces.end(), interface) != interfaces.end();
  }
};

// How a call of another module ended. Valid within the callback.
class CallResult {
 public:
  CallResult(Json value, const Failure* failure) : value_(value), failure_(failure) {}

  bool ok() const { return failure_ == nullptr; }
  // Of a call over an interface, also of one that failed: an object, name of the module to
  // {"result"} or {"error":{"code","message"}}.
  Json value() const { return value_; }
  // Must not be called when ok().
  const Failure& failure() const { return *failure_; }

 private:
  Json value_;
  const Failure* failure_;
};

// A call under way: `modules_.call(…).then([](const CallResult& result) { … });`
class PendingCall {
 public:
  using Done = std::function<void(const CallResult&)>;

  PendingCall(std::shared_ptr<Done> done, std::optional<Failure> refused)
      : done_(std::move(done)), refused_(std::move(refused)) {}

  // Called once; before then() returns when the call was refused at once, and not at all when the
  // function on whose behalf it is made ends before it. The callback may use the driver: a call
  // ends with its Modules.
  void then(Done done) {
    if (refused_) {
      done(CallResult(Json(), &*refused_));
    } else {
      *done_ = std::move(done);
    }
  }

 private:
  std::shared_ptr<Done> done_;  // shared with the request
  std::optional<Failure> refused_;
};

struct CallOptions {
  uint32_t timeoutMs = 0;  // 0: the function's own
  // On whose behalf: its user's authority and its deadline. 0: the function that runs right now;
  // outside of one the module itself, whose role is support.
  busbar_id parentCall = 0;
};

// The other modules of the system, for drivers of role logic with the permission
// "busbar.modules/1". A target is a name, "Display_1", or an interface, "powerable/1": all modules
// that implement it. A member of the driver; used from onStart on.
class Modules : public Service {
 public:
  explicit Modules(Driver& driver) : Service(driver, "busbar.modules/1") {
    takeUnnamed([this](const busbar_event& event) {
      if (event.type == BUSBAR_EV_MODULES) {
        takeList(event);
      }
    });
  }

  // `args`: JsonObject by name or JsonArray by position.
  template <class Args>
  PendingCall call(std::string_view target, std::string_view function, const Args& args,
                   const CallOptions& options = {}) {
    return send(target, function, toJson(args), options);
  }
  PendingCall call(std::string_view target, std::string_view function) {
    return send(target, function, {}, {});
  }

  template <class T>
  using Changed = std::function<void(std::string_view source, std::optional<T> value)>;

  // Follows a key: the present value comes soon, then each change, each with the name of its
  // module; nullopt when it is unset, absent, or no T. `ended` tells that Busbar gave it up because
  // the driver was too slow; without one a line is logged. Throws Failure when it is refused.
  template <class T>
  busbar_id subscribe(std::string_view target, std::string_view key, Changed<T> changed,
                      std::function<void(const Failure&)> ended = {}) {
    const auto handler = [this, changed = std::move(changed),
                          ended = std::move(ended)](const busbar_event& event) {
      if (event.status < 0) {
        endSubscription(event, ended);
        return;
      }
      const JsonDocument value = JsonDocument::parse(event.doc);
      changed(std::string_view(event.source.ptr, event.source.len), valueOf<T>(value.root()));
    };
    const busbar_id token = open(handler);
    busbar_subscription request{};
    request.struct_size = sizeof(request);
    request.token = token;
    request.target = glue::toStr(target);
    request.key = glue::toStr(key);
    check(table<busbar_modules>().subscribe(instance(), &request), token,
          "follow a key of another module");
    return token;
  }
  void unsubscribe(busbar_id subscription) { end(subscription); }

  // Told of the modules at the start and on each change.
  void onModules(std::function<void(const std::vector<ModuleInfo>&)> changed) {
    changed_ = std::move(changed);
  }
  const std::vector<ModuleInfo>& all() const { return modules_; }

 private:
  PendingCall send(std::string_view target, std::string_view function, const std::string& args,
                   const CallOptions& options) {
    const auto done = std::make_shared<PendingCall::Done>();
    const busbar_id parent = options.parentCall != 0 ? options.parentCall : parentCall();
    const busbar_id token = open(
        [this, done](const busbar_event& event) {
          forget(event.token);
          if (*done) {
            finish(event, *done);
          }
        },
        parent);
    busbar_module_call request{};
    request.struct_size = sizeof(request);
    request.timeout_ms = options.timeoutMs;
    request.token = token;
    request.parent_call = parent;
    request.target = glue::toStr(target);
    request.function = glue::toStr(function);
    request.args = {reinterpret_cast<const uint8_t*>(args.data()), args.size(), BUSBAR_ENC_JSON, 0};
    const busbar_status status = table<busbar_modules>().call(instance(), &request);
    if (status >= 0) {
      return PendingCall(done, std::nullopt);
    }
    forget(token);
    return PendingCall(done, Failure(status, "call " + std::string(function) + " of " +
                                                 std::string(target) + ": refused"));
  }

  static void finish(const busbar_event& event, const PendingCall::Done& done) {
    const JsonDocument value = JsonDocument::parse(event.doc);
    if (event.status >= 0) {
      done(CallResult(value.root(), nullptr));
      return;
    }
    const Failure failure = toFailure(event);
    done(CallResult(value.root(), &failure));
  }

  void endSubscription(const busbar_event& event, const std::function<void(const Failure&)>& told) {
    forget(event.token);
    const Failure failure = toFailure(event);
    if (told) {
      told(failure);
    } else {
      logWarning("a subscription ended: " + failure.message());
    }
  }

  template <class T>
  static std::optional<T> valueOf(const Json& json) {
    try {
      return json.as<std::optional<T>>();
    } catch (const Failure&) {
      return std::nullopt;
    }
  }

  void takeList(const busbar_event& event) {
    const JsonDocument list = JsonDocument::parse(event.doc);
    modules_.clear();
    for (size_t i = 0; i < list.root().size(); ++i) {
      const Json entry = list.root()[i];
      modules_.push_back({entry["name"].as<std::string>(), entry["id"].as<std::string>(),
                          entry["interfaces"].as<std::vector<std::string>>(),
                          entry["running"].as<bool>(), entry["connected"].as<bool>()});
    }
    if (changed_) {
      changed_(modules_);
    }
  }

  std::vector<ModuleInfo> modules_;
  std::function<void(const std::vector<ModuleInfo>&)> changed_;
};

}  // namespace busbar
#endif
