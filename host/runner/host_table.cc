// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/host_table.h"

#include <functional>
#include <string>

#include "host/runner/blocks.h"
#include "host/runner/instance.h"
#include "host/runner/instance_table.h"
#include "host/runner/process.h"
#include "sdk/base/json.h"

namespace busbar::runner {
namespace {

// The one context of the C functions, see the header.
struct Bound {
  Process* process = nullptr;
  InstanceTable* instances = nullptr;
  std::string version;
  busbar_host table{};
};
Bound bound;  // NOLINT: set once before any driver code runs

// Runs `action`, a member or a function, on the instance with the mutex held; a handle that is void
// answers E_STATE.
template <class Action, class... Args>
busbar_status onInstance(const char* function, busbar_instance* handle, Action action,
                         Args... args) {
  const ProcessLock lock(*bound.process);
  Instance* instance = bound.instances->find(handle);
  if (instance == nullptr) {
    bound.process->logCheck(kLevelDriverBug, 0, 0,
                            std::string(function) + ": the instance does not exist (any more)");
    return BUSBAR_E_STATE;
  }
  return std::invoke(action, *instance, args...);
}

void processLog(const busbar_log_record* record) BUSBAR_REQUIRES(kProcess) {
  busbar_log_record in{};
  std::string_view message;
  wire::Log line;
  if (!readBlock(record, in) || in.level < BUSBAR_LOG_TRACE || in.level > BUSBAR_LOG_ERROR ||
      !viewText(in.message, kMaxDocBytes, message)) {
    bound.process->logCheck(kLevelDriverBug, 0, 0, "log: malformed record");
    return;
  }
  line.level = static_cast<uint8_t>(in.level);
  line.message = clipUtf8(message, 16U << 10U);
  if (!json::isUtf8(line.message)) {
    bound.process->logCheck(kLevelDriverBug, 0, 0, "log: the message is not UTF-8");
    return;
  }
  bound.process->logOfProcess(line);
}

void hostLog(busbar_instance* handle, const busbar_log_record* record) noexcept {
  if (handle == nullptr) {
    const ProcessLock lock(*bound.process);
    processLog(record);
    return;
  }
  static_cast<void>(
      onInstance("log", handle, [record](Instance& instance) BUSBAR_REQUIRES(kProcess) {
        instance.log(record);
        return BUSBAR_OK;
      }));
}

busbar_status hostComplete(busbar_instance* handle, const busbar_completion* in) noexcept {
  return onInstance("complete", handle, &Instance::complete, in);
}

busbar_status hostProgress(busbar_instance* handle, busbar_id call,
                           const busbar_doc* doc) noexcept {
  return onInstance("progress", handle, &Instance::progress, call, doc);
}

busbar_status hostStatusSet(busbar_instance* handle, const busbar_point* points, uint32_t count,
                            uint32_t stride) noexcept {
  return onInstance("status_set", handle, &Instance::statusSet, points, count, stride);
}

busbar_status hostSend(busbar_instance* handle, const busbar_send* in) noexcept {
  return onInstance("send", handle, &Instance::send, in);
}

busbar_status hostEnqueue(busbar_instance* handle, const busbar_command* in) noexcept {
  return onInstance("enqueue", handle, &Instance::enqueue, in);
}

busbar_status hostCommandDone(busbar_instance* handle, const busbar_command_result* in) noexcept {
  return onInstance("command_done", handle, &Instance::commandDone, in);
}

busbar_status hostLink(busbar_instance* handle, const busbar_link_request* in) noexcept {
  return onInstance("link", handle, &Instance::link, in);
}

busbar_status hostTimer(busbar_instance* handle, const busbar_timer* in) noexcept {
  return onInstance("timer", handle, &Instance::timer, in);
}

busbar_status hostCancel(busbar_instance* handle, busbar_id token) noexcept {
  return onInstance("cancel", handle, &Instance::cancelToken, token);
}

busbar_status hostPost(busbar_instance* handle, busbar_id token, busbar_bytes bytes) noexcept {
  return onInstance("post", handle, &Instance::post, token, bytes);
}

busbar_status hostStopDone(busbar_instance* handle, busbar_status status) noexcept {
  return onInstance("stop_done", handle, &Instance::stopDone, status);
}

int64_t hostTimeNs(busbar_instance* /*handle*/, uint32_t clock) noexcept {
  switch (clock) {
    case BUSBAR_CLOCK_BOOT:
      return bound.process->nowNs();
    case BUSBAR_CLOCK_UTC:
      return bound.process->loop.clock().utcNs();
    default:
      return -1;
  }
}

busbar_status httpRequest(busbar_instance* handle, const busbar_http_request* in) noexcept {
  return onInstance("http", handle, &Instance::httpRequest, in);
}

busbar_status storeRequest(busbar_instance* handle, const busbar_store_request* in) noexcept {
  return onInstance("store", handle, &Instance::storeRequest, in);
}

busbar_status scheduleSet(busbar_instance* handle, const busbar_schedule_request* in) noexcept {
  return onInstance("schedule", handle, &Instance::schedule, in);
}

busbar_status modulesCall(busbar_instance* handle, const busbar_module_call* in) noexcept {
  return onInstance("modules", handle, &Instance::moduleCall, in);
}

busbar_status modulesSubscribe(busbar_instance* handle, const busbar_subscription* in) noexcept {
  return onInstance("modules", handle, &Instance::subscribe, in);
}

constexpr busbar_http kHttp{sizeof(busbar_http), 0, httpRequest};
constexpr busbar_store kStore{sizeof(busbar_store), 0, storeRequest};
constexpr busbar_schedule kSchedule{sizeof(busbar_schedule), 0, scheduleSet};
constexpr busbar_modules kModules{sizeof(busbar_modules), 0, modulesCall, modulesSubscribe};

struct Extension {
  std::string_view id;
  const void* table;
};
constexpr Extension kExtensions[] = {{"busbar.http/1", &kHttp},
                                     {"busbar.store/1", &kStore},
                                     {"busbar.schedule/1", &kSchedule},
                                     {"busbar.modules/1", &kModules}};

const void* hostExtension(busbar_instance* handle, const char* id) noexcept {
  const ProcessLock lock(*bound.process);
  const Instance* instance = id == nullptr ? nullptr : bound.instances->find(handle);
  if (instance == nullptr || !instance->isGranted(id)) {
    return nullptr;
  }
  for (const Extension& extension : kExtensions) {
    if (extension.id == id) {
      return extension.table;
    }
  }
  return nullptr;
}

}  // namespace

const busbar_host* bindHostTable(Process& process, InstanceTable& instances,
                                 std::string_view hostVersion) {
  bound.process = &process;
  bound.instances = &instances;
  bound.version = hostVersion;
  busbar_host& table = bound.table;
  table.struct_size = sizeof table;
  table.abi_minor = BUSBAR_ABI_MINOR_LATEST;
  table.host_version = toStr(bound.version);
  table.log = hostLog;
  table.complete = hostComplete;
  table.progress = hostProgress;
  table.status_set = hostStatusSet;
  table.send = hostSend;
  table.enqueue = hostEnqueue;
  table.command_done = hostCommandDone;
  table.link = hostLink;
  table.timer = hostTimer;
  table.cancel = hostCancel;
  table.post = hostPost;
  table.stop_done = hostStopDone;
  table.time_ns = hostTimeNs;
  table.extension = hostExtension;
  return &table;
}

}  // namespace busbar::runner
