// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A JSON web service as a module: polls it, publishes fields of its answers, sends it commands.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/http_json/mapping.h"
#include "plugins/http_json/settings.h"

#include "busbar_manifest.hpp"

namespace busbar::http_json {
namespace {

constexpr auto kPublishAgain = std::chrono::milliseconds(100);

// What a caller of send() gets: the answer as JSON, or its text.
std::string resultOf(const HttpAnswer& answer) {
  if (answer.body.empty()) {
    return "null";
  }
  try {
    return answer.json().root().text();
  } catch (const Failure&) {
    return toJson(answer.body);
  }
}

}  // namespace

class HttpJsonDriver final : public Driver {
 public:
  explicit HttpJsonDriver(const CreateInfo& info)
      : Driver(info), settings_(Settings::fromJson(info.settings)) {}

  static constexpr auto functions() {
    return std::make_tuple(fn("send", &HttpJsonDriver::sendCommand),
                           fn("poll_now", &HttpJsonDriver::pollNow));
  }

  void onStart() override { poll(); }
  SettingsAnswer onSettings(const Json& settings, const Json& changed) override;

  void sendCommand(Call call, const std::string& name, Json args);
  void pollNow(Call call);

 private:
  HttpRequest authorised(HttpRequest request) const;
  void poll();
  void ask(const Poll& poll);
  void pollEnded(const std::string& problem);
  void commandFailed(const std::string& name, const Failure& failure, Call& call);
  void answered(const RemoteCommand& command, const HttpAnswer& answer, Call& call);
  std::string take(const std::vector<Point>& points, Json document);
  void noteAlive(const std::string& problem);
  void noteDead(const std::string& why);
  void publishValues();
  busbar_status publishValue(const std::string& name, const Value& value);

  Settings settings_;
  Http http_{*this};
  Timer pollTimer_{*this};
  Timer publishTimer_{*this};
  std::vector<busbar_id> underway_;  // of the poll
  size_t pending_ = 0;               // of the poll
  bool hasAnswered_ = false;         // something, in the poll under way
  std::string problem_;              // the first one of the poll under way
  std::vector<std::shared_ptr<Call>> pollCalls_;
  std::map<std::string, Value> values_;
  std::map<std::string, Value> published_;
  StatusKey<keys::online> online_{*this};
  StatusKey<keys::last_error> lastError_{*this};
};

SettingsAnswer HttpJsonDriver::onSettings(const Json& settings, const Json&) {
  settings_ = Settings::fromJson(settings);
  for (const busbar_id request : std::exchange(underway_, {})) {
    http_.cancel(request);
  }
  for (auto& [name, value] : values_) {
    value = std::monostate();
  }
  publishValues();
  poll();
  return SettingsAnswer::Applied;
}

HttpRequest HttpJsonDriver::authorised(HttpRequest request) const {
  const Login& login = settings_.login;
  switch (login.kind) {
    case Login::Kind::None:
      break;
    case Login::Kind::Basic:
      request.basic(login.username, login.secret);
      break;
    case Login::Kind::Digest:
      request.digest(login.username, login.secret);
      break;
    case Login::Kind::Bearer:
      request.bearer(login.secret);
      break;
    case Login::Kind::Header:
      request.header(login.header, login.secret);
      break;
  }
  for (const auto& [name, value] : settings_.headers) {
    request.header(name, value);
  }
  request.timeout(settings_.timeout);
  return request;
}

// ---- polls

void HttpJsonDriver::poll() {
  pollTimer_.cancel();
  problem_.clear();
  hasAnswered_ = false;
  pending_ = settings_.polls.size();
  if (pending_ == 0) {
    pending_ = 1;
    pollEnded({});
    return;
  }
  for (const Poll& each : settings_.polls) {
    ask(each);
  }
}

void HttpJsonDriver::ask(const Poll& poll) {
  const std::string what = "GET " + std::string(withoutQuery(poll.path));
  const auto onAnswer = [this, what, points = poll.points](const HttpAnswer& answer) {
    hasAnswered_ = true;
    if (!answer.isOk()) {
      pollEnded(what + " answered " + std::to_string(answer.status));
      return;
    }
    try {
      pollEnded(take(points, answer.json().root()));
    } catch (const Failure& failure) {
      pollEnded(what + ": " + failure.message());
    }
  };
  const auto onFailure = [this, what](const Failure& failure) {
    pollEnded(what + ": " + failure.message());
  };
  try {
    underway_.push_back(authorised(http_.get(poll.path))
                            .header("Accept", "application/json")
                            .ownInitiative()
                            .then(onAnswer, onFailure));
  } catch (const Failure& failure) {
    pollEnded(what + ": " + failure.message());
  }
}

void HttpJsonDriver::pollEnded(const std::string& problem) {
  if (problem_.empty()) {
    problem_ = problem;
  }
  if (--pending_ > 0) {
    return;
  }
  underway_.clear();
  if (hasAnswered_) {
    noteAlive(problem_);
  } else if (!settings_.polls.empty()) {
    noteDead(problem_);
  }
  publishValues();
  for (const auto& call : std::exchange(pollCalls_, {})) {
    if (problem_.empty()) {
      call->complete(static_cast<int64_t>(values_.size()));
    } else {
      call->fail(Failure::device(problem_));
    }
  }
  if (settings_.pollInterval.count() > 0 && !settings_.polls.empty()) {
    pollTimer_.once(settings_.pollInterval, [this] { poll(); });
  }
}

void HttpJsonDriver::pollNow(Call call) {
  pollCalls_.push_back(std::make_shared<Call>(std::move(call)));
  if (pending_ == 0) {
    poll();
  }
}

// The first problem of the points, or nothing.
std::string HttpJsonDriver::take(const std::vector<Point>& points, Json document) {
  std::string problem;
  for (const Point& point : points) {
    Mapped mapped = mapPoint(point, document);
    values_[point.name] = std::move(mapped.value);
    if (problem.empty()) {
      problem = std::move(mapped.problem);
    }
  }
  return problem;
}

// ---- commands

void HttpJsonDriver::sendCommand(Call call, const std::string& name, Json args) {
  const auto open = std::make_shared<Call>(std::move(call));
  try {
    const RemoteCommand* const command = settings_.findCommand(name);
    if (command == nullptr) {
      throw Failure(BUSBAR_E_NOTFOUND, "there is no command " + name + " in the settings");
    }
    HttpRequest request = authorised(http_.request(command->method, command->path.fill(args)));
    if (!command->body.isEmpty()) {
      request.body(command->body.fill(args), command->contentType);
    }
    request.onBehalfOf(*open).then(
        [this, open, kept = *command](const HttpAnswer& answer) { answered(kept, answer, *open); },
        [this, open, name](const Failure& failure) { commandFailed(name, failure, *open); });
  } catch (const Failure& failure) {
    open->fail(failure);
  }
}

void HttpJsonDriver::commandFailed(const std::string& name, const Failure& failure, Call& call) {
  const std::string what = "command " + name + ": " + failure.message();
  if (failure.status() == BUSBAR_E_OFFLINE) {
    noteDead(what);
  }
  call.fail(Failure(failure.status(), what, failure.code()));
}

void HttpJsonDriver::answered(const RemoteCommand& command, const HttpAnswer& answer, Call& call) {
  if (!answer.isOk()) {
    const std::string what =
        "command " + command.name + " was answered by " + std::to_string(answer.status);
    noteAlive(what);
    call.fail(Failure::device(what));
    return;
  }
  std::string problem;
  if (!command.points.empty()) {
    try {
      problem = take(command.points, answer.json().root());
    } catch (const Failure& failure) {
      problem = "command " + command.name + ": " + failure.message();
    }
    publishValues();
  }
  noteAlive(problem);
  call.complete(JsonText{resultOf(answer)});
  if (command.isFollowedByPoll && pending_ == 0) {
    poll();
  }
}

// ---- status

void HttpJsonDriver::noteAlive(const std::string& problem) {
  online_ = true;
  if (problem.empty()) {
    lastError_.clear();
  } else {
    lastError_ = problem;
  }
}

void HttpJsonDriver::noteDead(const std::string& why) {
  if (online_.value().value_or(true)) {
    warn("the service does not answer: " + why);
  }
  online_ = false;
  lastError_ = why;
}

// What the host is too busy for goes later, with its newest value.
void HttpJsonDriver::publishValues() {
  for (const auto& [name, value] : values_) {
    const auto known = published_.find(name);
    if (known != published_.end() && known->second == value) {
      continue;
    }
    if (publishValue(name, value) == BUSBAR_E_AGAIN) {
      publishTimer_.once(kPublishAgain, [this] { publishValues(); });
      return;
    }
    published_[name] = value;
  }
}

busbar_status HttpJsonDriver::publishValue(const std::string& name, const Value& value) {
  return std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return publish(name, nullptr);
        } else if constexpr (std::is_same_v<T, Document>) {
          return publish(name, JsonText{held.json});
        } else {
          return publish(name, held);
        }
      },
      value);
}

}  // namespace busbar::http_json

using busbar::http_json::HttpJsonDriver;
BUSBAR_DRIVER(HttpJsonDriver)
