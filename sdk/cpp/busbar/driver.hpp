// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <busbar/call.hpp>
#include <busbar/command.hpp>
#include <busbar/driver.h>
#include <busbar/failure.hpp>
#include <busbar/json.hpp>

namespace busbar {

class Service;
class StatusBase;
class Timer;

// What a driver learns when a module is created.
struct CreateInfo {
  const busbar_host* host = nullptr;
  busbar_instance* instance = nullptr;
  const busbar_create_info* raw = nullptr;
  Json settings;  // valid during construction; fits the manifest's schema, defaults are filled in
};

enum class SettingsAnswer {
  Applied,
  Restart,  // the module is stopped and created anew with the new settings
};

// One module. Derive, register functions by a static constexpr functions(), end the file with
// BUSBAR_DRIVER(YourClass). The constructor may only read `info`, log, and throw Failure::invalid
// when the settings cannot work; everything else begins in onStart.
//
// Busbar calls one member at a time, so no locks are needed. Members marked [any] may be called
// from the driver's own threads, which onStop must join. An exception that leaves a member never
// leaves the driver: within a function it fails the call, elsewhere it is logged.
class Driver {
 public:
  explicit Driver(const CreateInfo& info);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  // The functions of manifest.json: return std::make_tuple(busbar::fn("power", &Lamp::power), …).
  static constexpr std::tuple<> functions() { return {}; }

  virtual void onStart() {}
  // True: stopped. False: stopDone() follows before info.deadline_ns.
  virtual bool onStop(const busbar_stop_info& info);
  // `changed` is an array of names. Throw Failure::invalid to refuse: the old settings stay.
  virtual SettingsAnswer onSettings(const Json& settings, const Json& changed);
  virtual void onConnected(const busbar_link_info& link);
  virtual void onDisconnected(const busbar_link_info& link);
#if BUSBAR_TARGET_MINOR >= 1
  // A device called in over a link of kind tcp_peers, or its connection ended; `link.peer` names it
  // as sendTo does. When the link itself goes down all its connections are over, with no call for
  // each.
  virtual void onPeerConnected(const busbar_link_info& link);
  virtual void onPeerDisconnected(const busbar_link_info& link);
#endif
  // For the framing "driver": length of the first frame, 0 for more, negative drops bytes.
  virtual int64_t onFrame(const busbar_frame_input& input);
  // A frame that no waiting command took; over a link with many peers `received.peer` is its
  // sender. Throwing Failure is logged; the module goes on.
  virtual void onReceived(std::string_view frame, const busbar_received& received);
  // The caller of `call` gave up. Its Call may still be answered, without effect.
  virtual void onCancelled(busbar_id call);
  // Events that no Timer, Command or post took.
  virtual void onEvent(const busbar_event& event);

 protected:
  // Publishes a status; `key` must be declared in the manifest. Prefer StatusKey, which is checked
  // when the driver compiles and publishes again when the host was busy. [any]
  template <class T>
  busbar_status publish(std::string_view key, const T& value, int64_t timeNs = 0);

  // Sends past the queue. Throws Failure when the link is down or full.
  void send(std::string_view bytes, uint32_t link = 0);
#if BUSBAR_TARGET_MINOR >= 1
  // Over a link with many peers, which has no queue: to "192.0.2.7:502" or "[2001:db8::7]:502".
  // Throws Failure when the link is down or busy, or that device is not connected.
  void sendTo(std::string_view peer, std::string_view bytes, uint32_t link = 0);
  // Ends a device's connection once all is sent; onPeerDisconnected follows. Throws Failure
  // E_NOTFOUND when there is none.
  void closePeer(std::string_view peer, uint32_t link = 0);
#endif
  // Queues a command. Throws Failure when the queue is full.
  void enqueue(Command command);
  // The same, and answers `call` when the command ends: with null, or with its failure.
  void enqueue(Command command, Call call);
  // BUSBAR_LINK_RECONNECT, …_HEALTHY and so on; 0 is the first link.
  void requestLink(uint32_t action, uint32_t link = 0);
  // Id of the link of that role; throws Failure E_NOTFOUND when it is not granted.
  uint32_t linkId(std::string_view role) const;
  bool isConnected(uint32_t link = 0) const;
  // True for the manifest's first link, which 0 stands for.
  bool isFirst(const busbar_link_info& link) const { return link.link_id == resolve(0); }

  // Runs `task` on the strand soon. False when too many wait. [any]
  bool post(std::function<void()> task);
  void stopDone();

  int64_t bootNs() const { return host_->time_ns(instance_, BUSBAR_CLOCK_BOOT); }  // [any]
  int64_t utcNs() const { return host_->time_ns(instance_, BUSBAR_CLOCK_UTC); }    // [any]

  void log(int32_t level, std::string_view message,
           std::string_view fieldsJson = {}) const;  // [any]
  void debug(std::string_view message) const { log(BUSBAR_LOG_DEBUG, message); }
  void info(std::string_view message) const { log(BUSBAR_LOG_INFO, message); }
  void warn(std::string_view message) const { log(BUSBAR_LOG_WARN, message); }
  void error(std::string_view message) const { log(BUSBAR_LOG_ERROR, message); }

  const busbar_host& host() const { return *host_; }
  busbar_instance* instance() const { return instance_; }
  // The user's role and so on of the function that runs right now; nullptr outside of one.
  const busbar_call* currentCall() const { return currentCall_; }

 private:
  friend class Service;
  friend class Timer;
  friend class StatusBase;
  template <class Derived>
  friend struct Table;

  struct LinkState {
    uint32_t id;
    std::string role;
    bool up = false;
  };
  struct PendingCommand {
    std::function<Answer(std::string_view)> onAnswer;
    std::function<void(const Failure*)> onEnd;
    std::optional<Failure> failure;  // what onAnswer threw
  };
  struct OpenRequest {
    std::function<void(const busbar_event&)> handler;
    busbar_id parent = 0;  // the call on whose behalf
    Service* service = nullptr;
  };
  static constexpr busbar_id kPostToken = 1;
  static constexpr busbar_id kRepublishToken = 2;

  busbar_id nextToken() { return nextToken_++; }
  uint32_t resolve(uint32_t link) const;
  void setLink(const busbar_link_info& link, bool up);
  void deliverLink(const busbar_link_info& link, bool up);
  void deliverReceived(const busbar_received& received);
  void deliverEvent(const busbar_event& event);
  void endCommand(const busbar_event& event);
  void dropRequestsOf(busbar_id call);
  void runPosted();
  void republish();
  busbar_status publishValue(std::string_view key, const busbar_value& value, int64_t timeNs);
  template <class F>
  void guarded(const char* where, F f) const noexcept;

  const busbar_host* host_;
  busbar_instance* instance_;
  const busbar_call* currentCall_ = nullptr;
  busbar_id nextToken_ = 16;  // the lower ones are the glue's
  std::vector<LinkState> links_;
  std::map<busbar_id, Timer*> timers_;
  std::map<busbar_id, PendingCommand> commands_;
  std::map<busbar_id, OpenRequest> requests_;  // of services
  std::vector<StatusBase*> unpublished_;
  std::mutex postMutex_;
  std::deque<std::pair<uint64_t, std::function<void()>>> posted_;  // guarded by postMutex_
  uint64_t nextPost_ = 0;                                          // guarded by postMutex_
};

}  // namespace busbar

#include <busbar/detail/driver_inline.hpp>
#include <busbar/detail/table.hpp>
#include <busbar/http.hpp>
#include <busbar/modules.hpp>
#include <busbar/polled_driver.hpp>
#include <busbar/schedule.hpp>
#include <busbar/service.hpp>
#include <busbar/status.hpp>
#include <busbar/store.hpp>
#include <busbar/timer.hpp>
