// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <utility>

#include <busbar/failure.hpp>
#include <busbar/json_writer.hpp>

namespace busbar {

class Call;

namespace glue {

// A function that runs on this thread: what it throws takes its Call along, and comes back here.
struct Answering {
  Call* call;
  busbar_id id;
  int exceptions;  // std::uncaught_exceptions() before it
};
inline thread_local Answering* answering = nullptr;

}  // namespace glue

// One execution of a function, to be answered exactly once, now or later, from any thread. One that
// is dropped without an answer fails with "the driver gave no answer". Take it as the first
// parameter of a function that answers later; keep it no longer than the driver lives.
class Call {
 public:
  Call(const busbar_host* host, busbar_instance* instance, busbar_id id)
      : host_(host), instance_(instance), id_(id) {}
  Call(Call&& other) noexcept { take(other); }
  Call& operator=(Call&& other) noexcept {
    if (this != &other) {
      drop();
      take(other);
    }
    return *this;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { drop(); }

  busbar_id id() const { return id_; }
  bool isOpen() const { return host_ != nullptr; }

  void complete() { finish(BUSBAR_OK, {}, nullptr); }
  template <class T>
  void complete(const T& result) {
    finish(BUSBAR_OK, toJson(result), nullptr);
  }
  void fail(const Failure& failure) {
    const busbar_error error = failure.toError();
    finish(failure.status(), {}, &error);
  }
  // Shown while the call runs. Lost without harm when there are too many.
  template <class T>
  void progress(const T& value) {
    const std::string text = toJson(value);
    const busbar_doc doc = toDoc(text);
    if (isOpen()) {
      (void)host_->progress(instance_, id_, &doc);
    }
  }

 private:
  static busbar_doc toDoc(const std::string& text) {
    if (text.empty()) {
      return {nullptr, 0, BUSBAR_ENC_JSON, 0};
    }
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size(), BUSBAR_ENC_JSON, 0};
  }
  // A caller who gave up meanwhile makes this E_STATE, which is no concern of the driver's.
  void finish(busbar_status status, const std::string& result, const busbar_error* error) {
    if (!isOpen()) {
      return;
    }
    busbar_completion completion{};
    completion.struct_size = sizeof(completion);
    completion.status = status;
    completion.call_id = id_;
    completion.result = toDoc(result);
    completion.error = error;
    (void)host_->complete(instance_, &completion);
    host_ = nullptr;
  }
  void drop() noexcept {
    const glue::Answering* const running = glue::answering;
    if (isOpen() && running != nullptr && running->id == id_ && running->call != this &&
        std::uncaught_exceptions() > running->exceptions) {
      running->call->take(*this);
    }
    if (isOpen()) {
      static constexpr char kMessage[] = "the driver gave no answer";
      busbar_error error{};
      error.struct_size = sizeof(error);
      error.status = BUSBAR_E_INTERNAL;
      error.message = {kMessage, sizeof(kMessage) - 1};
      finish(BUSBAR_E_INTERNAL, {}, &error);
    }
  }
  void take(Call& other) noexcept {
    host_ = std::exchange(other.host_, nullptr);
    instance_ = other.instance_;
    id_ = other.id_;
  }

  const busbar_host* host_ = nullptr;
  busbar_instance* instance_ = nullptr;
  busbar_id id_ = 0;
};

}  // namespace busbar
