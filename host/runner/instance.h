// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <busbar/driver.h>

#include "host/runner/link.h"
#include "host/runner/log_bucket.h"
#include "host/runner/open_calls.h"
#include "host/runner/open_requests.h"
#include "host/runner/process.h"
#include "host/runner/status_gate.h"
#include "host/runner/timer_set.h"
#include "sdk/wire/messages.h"
#include "sdk/wire/service_messages.h"

namespace busbar::runner {

// One module inside of the runner: its strand and what the driver may do for it.
//
// | state    | start | stop     | destroy | settings    | execute, links | host table       |
// |----------|-------|----------|---------|-------------|----------------|------------------|
// | Created  | run   | Stopped  | run     | UNSUPPORTED | refused        | log, time_ns     |
// | Started  | error | run      | error   | run         | run            | all              |
// | Stopping | error | error    | error   | UNSUPPORTED | refused        | all              |
// | Stopped  | error | Stopped  | run     | UNSUPPORTED | refused        | log, time_ns     |
//
// "error": the answer frame carries E_STATE and nothing happens. Started begins when start is
// called, so that it may set timers and status; a failed start leads to Stopped.
class Instance final : private LinkEvents {
 public:
  enum class State : uint8_t { Created, Started, Stopping, Stopped };
  static constexpr size_t kMaxPosts = 256;
  static constexpr size_t kMaxPostBytes = 64U << 10U;

  Instance(Process& process, uint32_t number, busbar_instance* handle,
           std::shared_ptr<const StatusNames> names, const wire::Create& m);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() override;

  // Before create(): makes the links. InvalidArgument when a framing is malformed.
  Status addLinks(const wire::Create& m);

  // Strand: on the loop, mutex not held. Frames of the host, in order.
  busbar_status create(const wire::Create& m);
  void start();
  void stop(const wire::Stop& m);
  // False when it is not the time to; else the instance must be deleted.
  bool destroy();
  void settings(const wire::SettingsUpdate& m);
  void execute(busbar_id call, const wire::Execute& m);
  // False when it is not open.
  bool cancel(busbar_id call);
  void setLogLevel(uint8_t level);
  void linkUp(UniqueFd fd, const wire::LinkUp& m);
  void linkDown(const wire::LinkDown& m);
  void serviceEvent(const wire::ServiceEvent& m);
  void httpPart(const wire::HttpPart& m);
  // Due timers, ended commands, posts. Called at the end of a turn in which it was marked.
  void pump();

  // Any thread, mutex held: the host table, see driver.h.
  void log(const busbar_log_record* record) BUSBAR_REQUIRES(kProcess);
  busbar_status complete(const busbar_completion* completion) BUSBAR_REQUIRES(kProcess);
  busbar_status progress(busbar_id call, const busbar_doc* doc) BUSBAR_REQUIRES(kProcess);
  busbar_status statusSet(const busbar_point* points, uint32_t count, uint32_t stride)
      BUSBAR_REQUIRES(kProcess);
  busbar_status send(const busbar_send* send) BUSBAR_REQUIRES(kProcess);
  busbar_status enqueue(const busbar_command* command) BUSBAR_REQUIRES(kProcess);
  busbar_status commandDone(const busbar_command_result* result) BUSBAR_REQUIRES(kProcess);
  busbar_status link(const busbar_link_request* request) BUSBAR_REQUIRES(kProcess);
  busbar_status timer(const busbar_timer* timer) BUSBAR_REQUIRES(kProcess);
  busbar_status cancelToken(busbar_id token) BUSBAR_REQUIRES(kProcess);
  busbar_status post(busbar_id token, busbar_bytes bytes) BUSBAR_REQUIRES(kProcess);
  busbar_status stopDone(busbar_status status) BUSBAR_REQUIRES(kProcess);
  // The same for the tables of extensions.
  bool isGranted(std::string_view extension) const;
  busbar_status httpRequest(const busbar_http_request* request) BUSBAR_REQUIRES(kProcess);
  busbar_status storeRequest(const busbar_store_request* request) BUSBAR_REQUIRES(kProcess);
  busbar_status moduleCall(const busbar_module_call* call) BUSBAR_REQUIRES(kProcess);
  busbar_status subscribe(const busbar_subscription* subscription) BUSBAR_REQUIRES(kProcess);
  busbar_status schedule(const busbar_schedule_request* request) BUSBAR_REQUIRES(kProcess);

  uint32_t number() const { return number_; }
  busbar_instance* handle() const { return handle_; }
  // Mutex held. True when that changed something.
  bool setDirty(bool dirty) BUSBAR_REQUIRES(kProcess);

 private:
  struct Pending {  // an event that waits for the strand
    uint32_t type;
    busbar_status status;
    busbar_id token;
    std::string bytes;
    const char* message;  // literal; nullptr: no error
  };

  // LinkEvents
  void linkReceived(uint32_t linkId, std::string_view frame, std::string_view peer) override;
  void linkPeer(uint32_t linkId, std::string_view peer, bool connected,
                std::string_view code) override;
  int64_t linkFrame(uint32_t linkId, std::string_view buffered) override;
  void linkLost(uint32_t linkId, const wire::WireError& error) override;
  bool linkMayDeliver() const override { return isActive(); }
  void linkWantsPump() override;

  bool isActive() const { return state_ == State::Started || state_ == State::Stopping; }
  // Mutex held. E_STATE, and a line that says which function the driver must not call now.
  busbar_status illegal(std::string_view what, busbar_id call = 0) BUSBAR_REQUIRES(kProcess);
  busbar_status invalid(std::string_view what, busbar_id call = 0) BUSBAR_REQUIRES(kProcess);
  void outcome(wire::Type type, busbar_status status, std::string_view message);
  // Around an entry that may refuse: what it logs as an error meanwhile is its reason.
  void listen();
  // The reason and the status, or without a reason that `entry` answered so.
  std::string refusal(const char* entry, busbar_status status);
  void endCall(busbar_id call, busbar_status status, std::string_view code,
               std::string_view message);
  busbar_id anyCall();
  void leave(bool tellHost);
  void finishStop(busbar_status status, std::string message);
  bool areLinksDrained();
  void deliver(const Pending& event);
  void fireTimers(int64_t nowNs);
  Link* findLink(uint32_t linkId);
  void tellDisconnected(Link& link, const wire::WireError& error);
  void pumpLinks(int64_t nowNs);
  void addEnded(const CommandQueue::EndedList& ended) BUSBAR_REQUIRES(kProcess);
  void pumpStop(int64_t nowNs);
  void askHost(const Link& link, uint32_t action) BUSBAR_REQUIRES(kProcess);
  busbar_status setFraming(Link& link, const busbar_doc& options) BUSBAR_REQUIRES(kProcess);
  template <class Message>
  busbar_status request(std::string_view what, size_t bytes, bool replaces, Message& m)
      BUSBAR_REQUIRES(kProcess);
  bool releaseRequest(busbar_id token) BUSBAR_REQUIRES(kProcess);
  void sendRelease(uint64_t id) BUSBAR_REQUIRES(kProcess);
  // Ends what was begun on behalf of a call that ended.
  void endChildren(busbar_id call) BUSBAR_REQUIRES(kProcess);
  busbar_id takeToken(uint64_t id, bool ends);
  void enter(State state);
  void rearm();

  Process& process_;
  const uint32_t number_;
  busbar_instance* const handle_;
  State state_ = State::Created;  // changed on the strand under the mutex
  uint8_t logLevel_ BUSBAR_GUARDED_BY(kProcess);
  bool dirty_ BUSBAR_GUARDED_BY(kProcess) = false;
  bool stopAnswered_ BUSBAR_GUARDED_BY(kProcess) = false;  // stop_done came
  bool failed_ = false;                                    // strand: the host was told
  bool draining_ = false;                 // strand: stopped but for bytes still to be sent
  busbar_status stopStatus_ = BUSBAR_OK;  // strand; of stop_done while Stopping
  uint32_t posts_ BUSBAR_GUARDED_BY(kProcess) = 0;  // of pending_
  busbar_state* driverState_ = nullptr;             // strand
  int64_t stopDeadlineNs_ = INT64_MAX;              // strand
  int64_t wakeNs_ = TimerSet::kNever;               // strand
  TimerId wake_ = 0;                                // strand
  std::string stopMessage_;                         // strand
  const std::vector<std::string> extensions_;       // granted
  OpenCalls calls_ BUSBAR_GUARDED_BY(kProcess);
  OpenRequests requests_ BUSBAR_GUARDED_BY(kProcess);
  TimerSet timers_ BUSBAR_GUARDED_BY(kProcess);
  StatusGate gate_ BUSBAR_GUARDED_BY(kProcess);
  LogBucket bucket_ BUSBAR_GUARDED_BY(kProcess);
  // Set while a reason is listened for.
  std::optional<std::string> reason_ BUSBAR_GUARDED_BY(kProcess);
  std::vector<Pending> pending_ BUSBAR_GUARDED_BY(kProcess);
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace busbar::runner
