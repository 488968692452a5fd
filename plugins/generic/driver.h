// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// The module of generic_tcp and generic_udp, which differ in their manifests alone. Included once
// in each, so that it sees that driver's busbar_manifest.hpp.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include <busbar/driver.hpp>

#include "plugins/generic/settings.h"

#include "busbar_manifest.hpp"

namespace busbar::generic {

// Sends the commands of the settings, compares what arrives with patterns, and publishes the parts
// that are named there.
class GenericDriver final : public Driver {
 public:
  explicit GenericDriver(const CreateInfo& info)
      : Driver(info), settings_(Settings::fromJson(info.settings)) {}

  static constexpr auto functions() {
    return std::make_tuple(fn("send", &GenericDriver::sendNamed),
                           fn("send_raw", &GenericDriver::sendRaw));
  }

  void onStart() override {
    if (!settings_.framingJson.empty()) {
      setFraming(settings_.framingJson);
    }
  }
  void onConnected(const busbar_link_info& link) override {
    isDatagram_ = link.kind == BUSBAR_LINK_UDP;
    if (!isDatagram_) {  // a datagram socket is always up
      noteAlive();
    }
    poll();
    if (settings_.pollInterval.count() > 0) {
      pollTimer_.every(settings_.pollInterval, [this] { poll(); });
    }
  }
  void onDisconnected(const busbar_link_info& link) override {
    pollTimer_.cancel();
    online_ = false;
    if (link.error != nullptr && link.error->message.len > 0) {
      lastError_ = std::string(link.error->message.ptr, link.error->message.len);
    }
  }
  void onReceived(std::string_view frame, const busbar_received&) override {
    noteReceived(frame);
    for (const Matcher& matcher : settings_.matchers) {
      if (Captures captures; matcher.pattern.match(frame, captures)) {
        show(captures);
        show(matcher.publishes);
      }
    }
  }

  void sendNamed(busbar::Call call, const std::string& name, std::optional<Json> params);
  void sendRaw(busbar::Call call, const std::optional<std::string>& text,
               const std::optional<std::string>& hex);

 private:
  using OnEnd = std::function<void(const Failure* failure, const Captures& captures)>;
  static constexpr size_t kMaxShownBytes = 256;
  static constexpr std::chrono::milliseconds kShowAgain{100};

  void setFraming(const std::string& json);
  void poll();
  void run(const Request& request, const std::string& bytes, int priority, busbar_id parent,
           OnEnd onEnd);
  void noteAlive();
  void noteReceived(std::string_view frame);
  void noteFailure(const Failure& failure);
  void show(const Captures& captures);
  void showPending();

  Settings settings_;
  bool isDatagram_ = false;
  size_t openPolls_ = 0;                  // commands of the poll that is under way
  std::map<std::string, Value> pending_;  // what Busbar was too busy for
  Timer pollTimer_{*this};
  Timer showTimer_{*this};
  StatusKey<keys::online> online_{*this};
  StatusKey<keys::last_error> lastError_{*this};
  StatusKey<keys::last_received> lastReceived_{*this};
};

inline void GenericDriver::setFraming(const std::string& json) {
  busbar_link_request request{};
  request.struct_size = sizeof(request);
  request.link_id = linkId("main");
  request.action = BUSBAR_LINK_SET_FRAMING;
  request.options = {reinterpret_cast<const uint8_t*>(json.data()), json.size(), BUSBAR_ENC_JSON,
                     0};
  const busbar_status status = host().link(instance(), &request);
  if (status < 0) {
    throw Failure(status, "set the framing: refused");
  }
}

inline void GenericDriver::poll() {
  if (!isConnected() || openPolls_ > 0) {
    return;  // a slow device is not asked faster than it answers
  }
  for (const std::string& name : settings_.poll) {
    const Request& request = settings_.commands.at(name);
    std::string bytes;
    if (const std::string error = request.message.render({}, bytes); !error.empty()) {
      lastError_ = "poll " + name + ": it " + error;
      continue;
    }
    run(request, bytes, BUSBAR_PRIORITY_DEFAULT - 20, 0,
        [this](const Failure*, const Captures&) { --openPolls_; });
    ++openPolls_;
  }
}

inline void GenericDriver::run(const Request& request, const std::string& bytes, int priority,
                               busbar_id parent, OnEnd onEnd) {
  // `request` lives as long as the module: new settings make a new one.
  const auto captures = std::make_shared<Captures>();
  busbar::Command out;
  out.payload = bytes;
  out.priority = priority;
  out.timeoutMs = request.timeoutMs;
  out.retries = request.retries;
  out.delayMs = settings_.delayMs;
  out.parentCall = parent;
  if (request.expect) {
    out.onAnswer = [this, captures, &request](std::string_view frame) {
      if (!request.expect->match(frame, *captures)) {
        return Answer::Ignore;  // goes on to onReceived
      }
      noteReceived(frame);
      show(*captures);
      return Answer::Done;
    };
  }
  out.onEnd = [this, captures, &request, onEnd = std::move(onEnd)](const Failure* failure) {
    if (failure == nullptr) {
      show(request.publishes);
      onEnd(nullptr, *captures);
      return;
    }
    const bool isTimeout = failure->status() == BUSBAR_E_TIMEOUT && request.expect;
    const Failure told(failure->status(), isTimeout ? "nothing came that fits " + request.expectText
                                                    : failure->message());
    noteFailure(told);
    onEnd(&told, *captures);
  };
  enqueue(std::move(out));
}

inline void GenericDriver::noteAlive() {
  online_ = true;
  lastError_.clear();
  requestLink(BUSBAR_LINK_HEALTHY);
}

inline void GenericDriver::noteReceived(std::string_view frame) {
  noteAlive();
  lastReceived_ = toText(frame, kMaxShownBytes);
}

inline void GenericDriver::noteFailure(const Failure& failure) {
  if (failure.status() == BUSBAR_E_OFFLINE) {
    return;  // onDisconnected has told why
  }
  lastError_ = failure.message();
  if (isDatagram_ && failure.status() == BUSBAR_E_TIMEOUT) {
    online_ = false;
    requestLink(BUSBAR_LINK_UNHEALTHY);
  }
}

inline void GenericDriver::show(const Captures& captures) {
  for (const auto& [key, value] : captures) {
    pending_[key] = value;
  }
  showPending();
}

inline void GenericDriver::showPending() {
  while (!pending_.empty()) {
    const auto& [key, value] = *pending_.begin();
    const busbar_status status =
        std::visit([this, &name = key](const auto& held) { return publish(name, held); }, value);
    if (status == BUSBAR_E_AGAIN) {
      showTimer_.once(kShowAgain, [this] { showPending(); });
      return;
    }
    pending_.erase(pending_.begin());
  }
}

inline void GenericDriver::sendNamed(Call call, const std::string& name,
                                     std::optional<Json> params) {
  const auto found = settings_.commands.find(name);
  if (found == settings_.commands.end()) {
    call.fail(Failure(BUSBAR_E_NOTFOUND, "there is no command " + name + " in the settings"));
    return;
  }
  std::map<std::string, std::string> values;
  params.value_or(Json()).forEachMember([&](std::string_view key, const Json& value) {
    values[std::string(key)] = value.isString() ? value.as<std::string>() : value.text();
  });
  std::string bytes;
  if (const std::string error = found->second.message.render(values, bytes); !error.empty()) {
    call.fail(Failure::invalid("/params command " + name + " " + error));
    return;
  }
  const auto open = std::make_shared<Call>(std::move(call));
  const bool hasAnswer = found->second.expect.has_value();
  try {
    run(found->second, bytes, BUSBAR_PRIORITY_DEFAULT, open->id(),
        [open, hasAnswer](const Failure* failure, const Captures& captures) {
          if (failure != nullptr) {
            open->fail(*failure);
          } else if (hasAnswer) {
            JsonObject result;
            for (const auto& [key, value] : captures) {
              std::visit([&result, &name = key](const auto& held) { result.set(name, held); },
                         value);
            }
            open->complete(result);
          } else {
            open->complete();
          }
        });
  } catch (const Failure& failure) {
    open->fail(failure);
  }
}

inline void GenericDriver::sendRaw(Call call, const std::optional<std::string>& text,
                                   const std::optional<std::string>& hex) {
  const auto bytes = text ? fromText(*text) : fromHex(hex.value_or(""));
  if (text.has_value() == hex.has_value() || !bytes || bytes->empty()) {
    call.fail(Failure::invalid(text && hex ? "/text and /hex: only one may be given"
                               : text      ? "/text is empty or has an unknown escape or a brace"
                                           : "/hex must be bytes in hexadecimal"));
    return;
  }
  try {
    busbar::Driver::send(*bytes);
    call.complete();
  } catch (const Failure& failure) {
    call.fail(failure);
  }
}

}  // namespace busbar::generic
