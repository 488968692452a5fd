// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>

#include <busbar/driver.hpp>
#include <busbar/status.hpp>
#include <busbar/timer.hpp>

// Bodies of Driver and StatusKey.
namespace busbar {
namespace glue {

inline busbar_str toStr(std::string_view text) {
  return {text.data(), text.size()};
}

// A value for the ABI; `text` holds what it borrows.
template <class T>
busbar_value toValue(const T& value, std::string& text) {
  busbar_value out{};
  if constexpr (std::is_same_v<T, std::nullptr_t>) {
    out.type = BUSBAR_V_NULL;
  } else if constexpr (std::is_same_v<T, bool>) {
    out.type = BUSBAR_V_BOOL;
    out.u.i = value ? 1 : 0;
  } else if constexpr (std::is_integral_v<T> && (std::is_signed_v<T> || sizeof(T) < 8)) {
    out.type = BUSBAR_V_INT;
    out.u.i = static_cast<int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    // A measurement that is not a number is not known.
    out.type = std::isfinite(value) ? BUSBAR_V_DOUBLE : BUSBAR_V_NULL;
    out.u.d = std::isfinite(value) ? static_cast<double>(value) : 0.0;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out.type = BUSBAR_V_STR;
    out.u.s = toStr(value);
  } else {
    text = toJson(value);
    out.type = BUSBAR_V_DOC;
    out.u.b = {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
  return out;
}

}  // namespace glue

inline Driver::Driver(const CreateInfo& info) : host_(info.host), instance_(info.instance) {
  const busbar_create_info& raw = *info.raw;
  const auto* at = reinterpret_cast<const char*>(raw.links);
  for (uint32_t i = 0; i < raw.link_count; ++i, at += raw.link_stride) {
    const auto* link = reinterpret_cast<const busbar_create_link*>(at);
    links_.push_back({link->link_id, std::string(link->role.ptr, link->role.len), false});
  }
}

inline bool Driver::onStop(const busbar_stop_info&) {
  return true;
}
inline SettingsAnswer Driver::onSettings(const Json&, const Json&) {
  return SettingsAnswer::Restart;
}
inline void Driver::onConnected(const busbar_link_info&) {}
inline void Driver::onDisconnected(const busbar_link_info&) {}
#if BUSBAR_TARGET_MINOR >= 1
inline void Driver::onPeerConnected(const busbar_link_info&) {}
inline void Driver::onPeerDisconnected(const busbar_link_info&) {}
#endif
inline int64_t Driver::onFrame(const busbar_frame_input& input) {
  return static_cast<int64_t>(input.bytes.len);
}
inline void Driver::onReceived(std::string_view, const busbar_received&) {}
inline void Driver::onCancelled(busbar_id) {}
inline void Driver::onEvent(const busbar_event&) {}

template <class T>
busbar_status Driver::publish(std::string_view key, const T& value, int64_t timeNs) {
  std::string text;
  return publishValue(key, glue::toValue(value, text), timeNs);
}

inline busbar_status Driver::publishValue(std::string_view key, const busbar_value& value,
                                          int64_t timeNs) {
  busbar_point point{};
  point.struct_size = sizeof(point);
  point.quality = BUSBAR_QUALITY_GOOD;
  point.key = glue::toStr(key);
  point.value = value;
  point.time_ns = timeNs;
  return host_->status_set(instance_, &point, 1, sizeof(point));
}

inline uint32_t Driver::resolve(uint32_t link) const {
  if (link == 0 && !links_.empty()) {
    return links_.front().id;
  }
  return link;
}

inline uint32_t Driver::linkId(std::string_view role) const {
  for (const LinkState& link : links_) {
    if (link.role == role) {
      return link.id;
    }
  }
  throw Failure(BUSBAR_E_NOTFOUND, "no link " + std::string(role) + " was granted");
}

inline bool Driver::isConnected(uint32_t link) const {
  const uint32_t wanted = resolve(link);
  return std::any_of(links_.begin(), links_.end(),
                     [wanted](const LinkState& state) { return state.id == wanted && state.up; });
}

inline void Driver::send(std::string_view bytes, uint32_t link) {
  busbar_send send{};
  send.struct_size = sizeof(send);
  send.link_id = resolve(link);
  send.bytes = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  send.parent_call = currentCall_ != nullptr ? currentCall_->call_id : 0;
  const busbar_status status = host_->send(instance_, &send);
  if (status < 0) {
    throw Failure(status, "send to the device: the link is down or busy").retryable();
  }
}

#if BUSBAR_TARGET_MINOR >= 1
inline void Driver::sendTo(std::string_view peer, std::string_view bytes, uint32_t link) {
  busbar_send send{};
  send.struct_size = sizeof(send);
  send.link_id = resolve(link);
  send.bytes = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  send.peer = glue::toStr(peer);
  send.parent_call = currentCall_ != nullptr ? currentCall_->call_id : 0;
  const busbar_status status = host_->send(instance_, &send);
  if (status < 0) {
    throw Failure(status, "send to " + std::string(peer) + ": refused, not connected or busy")
        .retryable();
  }
}

inline void Driver::closePeer(std::string_view peer, uint32_t link) {
  busbar_link_request request{};
  request.struct_size = sizeof(request);
  request.link_id = resolve(link);
  request.action = BUSBAR_LINK_CLOSE_PEER;
  request.peer = glue::toStr(peer);
  const busbar_status status = host_->link(instance_, &request);
  if (status < 0) {
    throw Failure(status, "close " + std::string(peer) + ": not connected");
  }
}
#endif

inline void Driver::enqueue(Command command) {
  busbar_command raw{};
  raw.struct_size = sizeof(raw);
  raw.link_id = resolve(command.link);
  raw.flags = command.onAnswer ? BUSBAR_COMMAND_WAIT : 0U;
  raw.priority = command.priority;
  raw.name = glue::toStr(command.name);
  raw.payload = {reinterpret_cast<const uint8_t*>(command.payload.data()), command.payload.size()};
  raw.timeout_ms = command.timeoutMs;
  raw.retries = command.retries;
  raw.delay_ms = command.delayMs;
  raw.token = nextToken();
  raw.parent_call = command.parentCall;
  if (raw.parent_call == 0 && currentCall_ != nullptr) {
    raw.parent_call = currentCall_->call_id;
  }
  const busbar_status status = host_->enqueue(instance_, &raw);
  if (status < 0) {
    throw Failure(status, "queue a command: the link is down or its queue is full").retryable();
  }
  commands_[raw.token] = {std::move(command.onAnswer), std::move(command.onEnd), std::nullopt};
}

inline void Driver::enqueue(Command command, Call call) {
  // Shared because std::function must be copyable; the call is answered by whoever ends the
  // command.
  const auto answer = std::make_shared<Call>(std::move(call));
  auto onEnd = std::move(command.onEnd);
  command.onEnd = [answer, onEnd = std::move(onEnd)](const Failure* failure) {
    if (onEnd) {
      onEnd(failure);
    }
    if (failure != nullptr) {
      answer->fail(*failure);
    } else {
      answer->complete();
    }
  };
  try {
    enqueue(std::move(command));
  } catch (const Failure& failure) {
    answer->fail(failure);
  }
}

inline void Driver::requestLink(uint32_t action, uint32_t link) {
  busbar_link_request request{};
  request.struct_size = sizeof(request);
  request.link_id = resolve(link);
  request.action = action;
  const busbar_status status = host_->link(instance_, &request);
  if (status < 0) {
    throw Failure(status, "change the link: refused");
  }
}

inline bool Driver::post(std::function<void()> task) {
  uint64_t number = 0;
  {
    const std::lock_guard<std::mutex> lock(postMutex_);
    number = nextPost_++;
    posted_.emplace_back(number, std::move(task));
  }
  if (host_->post(instance_, kPostToken, busbar_bytes{nullptr, 0}) >= 0) {
    return true;
  }
  // Refused, so no event comes for it. An earlier event may have run it already.
  const std::lock_guard<std::mutex> lock(postMutex_);
  const auto mine = std::find_if(posted_.begin(), posted_.end(),
                                 [number](const auto& entry) { return entry.first == number; });
  if (mine == posted_.end()) {
    return true;
  }
  posted_.erase(mine);
  return false;
}

inline void Driver::stopDone() {
  (void)host_->stop_done(instance_, BUSBAR_OK);
}

inline void Driver::log(int32_t level, std::string_view message,
                        std::string_view fieldsJson) const {
  busbar_log_record record{};
  record.struct_size = sizeof(record);
  record.level = level;
  record.message = glue::toStr(message);
  if (!fieldsJson.empty()) {
    record.fields = {reinterpret_cast<const uint8_t*>(fieldsJson.data()), fieldsJson.size(),
                     BUSBAR_ENC_JSON, 0};
  }
  host_->log(instance_, &record);
}

template <class F>
void Driver::guarded(const char* where, F f) const noexcept {
  try {
    f();
  } catch (const std::exception& e) {
    log(BUSBAR_LOG_ERROR, std::string(where) + ": " + e.what());
  } catch (...) {
    log(BUSBAR_LOG_ERROR, std::string(where) + ": unknown exception");
  }
}

inline void Driver::setLink(const busbar_link_info& link, bool up) {
  for (LinkState& state : links_) {
    if (state.id == link.link_id) {
      state.up = up;
    }
  }
}

inline void Driver::deliverLink(const busbar_link_info& link, bool up) {
#if BUSBAR_TARGET_MINOR >= 1
  if (link.kind == BUSBAR_LINK_TCP_PEERS && link.peer.len != 0) {
    up ? onPeerConnected(link) : onPeerDisconnected(link);
    return;
  }
#endif
  setLink(link, up);
  up ? onConnected(link) : onDisconnected(link);
}

inline void Driver::deliverReceived(const busbar_received& received) {
  const std::string_view frame(reinterpret_cast<const char*>(received.bytes.ptr),
                               received.bytes.len);
  const auto found = received.task != 0 ? commands_.find(received.task) : commands_.end();
  if (found == commands_.end() || !found->second.onAnswer) {
    onReceived(frame, received);
    return;
  }
  busbar_command_result result{};
  result.struct_size = sizeof(result);
  result.task = received.task;
  const auto finish = [&](busbar_status status, const busbar_error* error) {
    result.status = status;
    result.error = error;
    (void)host_->command_done(instance_, &result);
  };
  // A copy: the answer may queue further commands or end this one.
  const auto onAnswer = found->second.onAnswer;
  try {
    switch (onAnswer(frame)) {
      case Answer::Done:
        finish(BUSBAR_OK, nullptr);
        break;
      case Answer::Retry:
        finish(BUSBAR_E_AGAIN, nullptr);
        break;
      case Answer::Ignore:
        onReceived(frame, received);
        break;
    }
  } catch (const Failure& failure) {
    // Kept for onEnd: the event that ends the command carries no more than the status.
    if (const auto command = commands_.find(received.task); command != commands_.end()) {
      command->second.failure = failure;
    }
    const busbar_error error = failure.toError();
    finish(failure.status(), &error);
  }
}

inline void Driver::endCommand(const busbar_event& event) {
  auto node = commands_.extract(event.token);
  if (node.empty() || !node.mapped().onEnd) {
    return;
  }
  if (event.status >= 0) {
    node.mapped().onEnd(nullptr);
    return;
  }
  if (node.mapped().failure && node.mapped().failure->status() == event.status) {
    node.mapped().onEnd(&*node.mapped().failure);
    return;
  }
  std::string message = "the command failed";
  if (event.error != nullptr && event.error->message.len > 0) {
    message.assign(event.error->message.ptr, event.error->message.len);
  }
  const Failure failure(event.status, message);
  node.mapped().onEnd(&failure);
}

inline void Driver::deliverEvent(const busbar_event& event) {
  if (event.type == BUSBAR_EV_COMMAND && commands_.count(event.token) != 0) {
    endCommand(event);
  } else if (event.type == BUSBAR_EV_POST && event.token == kPostToken) {
    runPosted();
  } else if (event.type == BUSBAR_EV_TIMER && event.token == kRepublishToken) {
    republish();
  } else if (const auto timer = timers_.find(event.token);
             event.type == BUSBAR_EV_TIMER && timer != timers_.end()) {
    timer->second->fire();
  } else if (const auto request = requests_.find(event.token); request != requests_.end()) {
    // A copy: the handler may end the request.
    const std::function<void(const busbar_event&)> handler = request->second.handler;
    handler(event);
  } else {
    onEvent(event);
  }
}

inline void Driver::runPosted() {
  std::function<void()> task;
  {
    const std::lock_guard<std::mutex> lock(postMutex_);
    if (posted_.empty()) {
      return;
    }
    task = std::move(posted_.front().second);
    posted_.pop_front();
  }
  task();
}

inline void Driver::republish() {
  std::vector<StatusBase*> waiting;
  waiting.swap(unpublished_);
  for (StatusBase* status : waiting) {
    if (status->publishNow() == BUSBAR_E_AGAIN) {
      status->publishLater();
    }
  }
}

inline StatusBase::~StatusBase() {
  auto& waiting = driver_.unpublished_;
  waiting.erase(std::remove(waiting.begin(), waiting.end(), this), waiting.end());
}

inline busbar_status StatusBase::put(const char* key, const busbar_value& value) {
  return driver_.publishValue(key, value, 0);
}

inline void StatusBase::publishLater() {
  auto& waiting = driver_.unpublished_;
  if (std::find(waiting.begin(), waiting.end(), this) == waiting.end()) {
    waiting.push_back(this);
  }
  busbar_timer timer{};
  timer.struct_size = sizeof(timer);
  timer.token = Driver::kRepublishToken;
  timer.first_ns = 100'000'000;
  (void)driver_.host_->timer(driver_.instance_, &timer);
}

template <const glue::StatusSpec& Spec>
busbar_status StatusKey<Spec>::publishNow() {
  std::string text;
  return put(Spec.key, value_ ? glue::toValue(*value_, text) : glue::toValue(nullptr, text));
}

}  // namespace busbar
