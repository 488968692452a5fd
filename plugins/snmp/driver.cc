// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// An SNMP agent as a module: answers calls, polls the objects of its settings and publishes what
// changed.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/snmp/questions.h"
#include "plugins/snmp/settings.h"

#include "busbar_manifest.hpp"

namespace busbar::snmp {
namespace {

constexpr size_t kMaxTableBytes = size_t{512} * 1024;  // half of what a document may hold
constexpr int32_t kTooBig = 1;
constexpr int32_t kNoSuchName = 2;

std::span<const uint8_t> asBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

JsonText toJsonText(const Value& value) {
  return std::visit(
      [](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return JsonText{"null"};
        } else {
          return JsonText{toJson(held)};
        }
      },
      value);
}

JsonObject toJsonObject(const Binding& binding) {
  JsonObject object;
  object.set("oid", binding.oid.toText()).set("type", toText(binding.value.type));
  object.set("value", toJsonText(toValue(binding.value, Form::Auto, 1)));
  return object;
}

JsonArray toJsonArray(const std::vector<Binding>& bindings) {
  JsonArray array;
  for (const Binding& binding : bindings) {
    array.add(toJsonObject(binding));
  }
  return array;
}

Value fromJson(const Json& json) {
  if (json.isBool()) {
    return json.as<bool>();
  }
  if (json.isString()) {
    return json.as<std::string>();
  }
  try {
    return json.as<int64_t>();
  } catch (const Failure&) {
    return json.as<double>();  // not a whole number
  }
}

Failure unresolved(const std::string& text) {
  return Failure::invalid("/oid " + text +
                          " is neither a key of the settings nor an OID in numbers");
}

Pdu requestOf(PduType type, Oid oid, Variable value = {}) {
  Pdu pdu;
  pdu.type = type;
  pdu.bindings.push_back({.oid = std::move(oid), .value = std::move(value)});
  return pdu;
}

}  // namespace

class SnmpDriver final : public Driver {
 public:
  explicit SnmpDriver(const CreateInfo& info) : Driver(info) {
    apply(Settings::fromJson(info.settings));
  }

  static constexpr auto functions() {
    return std::make_tuple(fn("get", &SnmpDriver::get), fn("get_next", &SnmpDriver::getNext),
                           fn("get_bulk", &SnmpDriver::getBulk), fn("set", &SnmpDriver::set),
                           fn("walk", &SnmpDriver::walk), fn("poll_now", &SnmpDriver::pollNow));
  }

  void onStart() override { startPolling(); }
  SettingsAnswer onSettings(const Json& settings, const Json& changed) override;
  void onConnected(const busbar_link_info&) override { poll(); }
  void onDisconnected(const busbar_link_info& link) override;

  void get(Call call, const std::string& oid) { askOne(std::move(call), PduType::Get, oid); }
  void getNext(Call call, const std::string& oid) {
    askOne(std::move(call), PduType::GetNext, oid);
  }
  void getBulk(Call call, const std::string& oid, int32_t count);
  void set(Call call, const std::string& oid, Json value, const std::string& type);
  void walk(Call call, const std::string& oid);
  void pollNow(Call call);

 private:
  void apply(Settings settings);
  void startPolling();
  std::optional<Oid> resolve(const std::string& text) const;

  void askOne(Call call, PduType type, const std::string& oid);
  void setTyped(const std::shared_ptr<Call>& call, const Oid& oid, const Value& value,
                const std::string& type);
  void addCall(Question question, const std::shared_ptr<Call>& call);
  void askNext();
  void sendDatagram(const std::vector<uint8_t>& datagram);
  Answer receive(std::string_view frame);
  void requestEnded(const Failure* failure);
  void answered(const Pdu& answer);
  void walked(const Pdu& answer);
  void failRunning(const Failure& failure);

  void poll();
  void addPollGet(std::vector<uint32_t> indices);
  void addPollWalk(uint32_t index);
  void addPoll(Question question);
  void takePolled(const std::vector<uint32_t>& indices, const Pdu& answer);
  void takeTable(uint32_t index, const std::vector<Binding>& rows);
  void pollPartEnded(const Failure* failure);
  void publishObject(uint32_t index, const Variable& variable);
  void noteAlive();
  void noteFailure(const Failure& failure);

  Settings settings_;
  std::unique_ptr<Session> session_;
  QuestionQueue queue_;
  std::unique_ptr<Question> running_;
  uint32_t settingsNumber_ =
      0;  // rises with each change, so that what belongs to older ones is dropped
  std::vector<uint8_t>
      nextDatagram_;  // what the session wants to send further for the running question
  Pdu answer_;        // to the running question
  std::vector<std::optional<Value>> last_;  // by object; a table is held as its JSON text
  size_t pendingParts_ = 0;                 // of the poll that is under way
  std::string pollError_;                   // of the poll that is under way
  bool isAlive_ = false;
  std::vector<std::shared_ptr<Call>> pollCalls_;
  Timer pollTimer_{*this};
  StatusKey<keys::online> online_{*this};
  StatusKey<keys::last_error> lastError_{*this};
};

void SnmpDriver::apply(Settings settings) {
  ++settingsNumber_;
  session_ = std::make_unique<Session>(settings.credentials);
  settings_ = std::move(settings);
  last_.assign(settings_.map.objects().size(), std::nullopt);
  pendingParts_ = 0;
  nextDatagram_.clear();
}

SettingsAnswer SnmpDriver::onSettings(const Json& settings, const Json&) {
  Settings next = Settings::fromJson(settings);
  for (const Object& object : settings_.map.objects()) {
    if (next.map.find(object.key) == nullptr && publish(object.key, nullptr) < 0) {
      return SettingsAnswer::Restart;  // the old key must go, and now it cannot
    }
  }
  const Failure changed(BUSBAR_E_CANCELLED, "the settings were changed meanwhile");
  std::vector<Question> dropped = queue_.takeAll();
  if (running_) {
    dropped.push_back(std::move(*running_));
    running_.reset();
  }
  apply(std::move(next));
  for (const Question& question : dropped) {
    question.onFailure(changed);
  }
  for (const auto& call : std::exchange(pollCalls_, {})) {
    call->fail(changed);
  }
  startPolling();
  poll();
  return SettingsAnswer::Applied;
}

void SnmpDriver::startPolling() {
  if (settings_.pollInterval.count() > 0) {
    pollTimer_.every(settings_.pollInterval, [this] { poll(); });
  } else {
    pollTimer_.cancel();
  }
}

void SnmpDriver::onDisconnected(const busbar_link_info& link) {
  isAlive_ = false;
  online_ = false;
  if (link.error != nullptr && link.error->message.len > 0) {
    lastError_ = std::string(link.error->message.ptr, link.error->message.len);
  }
}

// The OID of a key of the settings, or the one that `text` is itself.
std::optional<Oid> SnmpDriver::resolve(const std::string& text) const {
  if (const Object* object = settings_.map.find(text)) {
    return object->oid;
  }
  return Oid::fromText(text);
}

void SnmpDriver::addCall(Question question, const std::shared_ptr<Call>& call) {
  question.parentCall = call->id();
  question.onFailure = [this, call](const Failure& failure) {
    noteFailure(failure);
    call->fail(failure);
  };
  if (!queue_.addCall(question)) {
    call->fail(Failure(BUSBAR_E_AGAIN, "the agent has too many questions waiting").retryable(1000));
    return;
  }
  askNext();
}

void SnmpDriver::askOne(Call call, PduType type, const std::string& text) {
  const auto open = std::make_shared<Call>(std::move(call));
  const auto found = resolve(text);
  if (!found) {
    open->fail(unresolved(text));
    return;
  }
  const Oid& oid = *found;
  Question question;
  question.what = (type == PduType::Get ? "get " : "get the object after ") + oid.toText();
  question.pdu = requestOf(type, oid);
  question.onAnswer = [open, oid](const Pdu& answer) {
    if (answer.bindings.size() != 1) {
      open->fail(Failure::device("the agent answered with another number of objects than asked"));
    } else if (answer.bindings[0].value.isException()) {
      open->fail(Failure(BUSBAR_E_NOTFOUND, "the agent has no object " + oid.toText() + " (" +
                                                std::string(toText(answer.bindings[0].value.type)) +
                                                ")"));
    } else {
      open->complete(toJsonObject(answer.bindings[0]));
    }
  };
  addCall(std::move(question), open);
}

void SnmpDriver::getBulk(Call call, const std::string& text, int32_t count) {
  if (settings_.credentials.version == Version::V1) {
    call.fail(Failure::invalid("get_bulk does not exist in version 1: use walk"));
    return;
  }
  const auto oid = resolve(text);
  if (!oid) {
    call.fail(unresolved(text));
    return;
  }
  const auto open = std::make_shared<Call>(std::move(call));
  Question question;
  question.what = "get bulk after " + oid->toText();
  question.pdu = requestOf(PduType::GetBulk, *oid);
  question.pdu.errorIndex = count;
  question.onAnswer = [open](const Pdu& answer) { open->complete(toJsonArray(answer.bindings)); };
  addCall(std::move(question), open);
}

void SnmpDriver::set(Call call, const std::string& text, Json value, const std::string& type) {
  const auto open = std::make_shared<Call>(std::move(call));
  const auto found = resolve(text);
  if (!found) {
    open->fail(unresolved(text));
    return;
  }
  const Oid& oid = *found;
  const Value wanted = fromJson(value);
  if (type != "auto") {
    setTyped(open, oid, wanted, type);
    return;
  }
  Question question;
  question.what = "ask for the type of " + oid.toText();
  question.pdu = requestOf(PduType::Get, oid);
  question.onAnswer = [this, open, oid, wanted](const Pdu& answer) {
    if (answer.bindings.size() != 1 || answer.bindings[0].value.isException()) {
      open->fail(Failure(BUSBAR_E_NOTFOUND,
                         "the agent has no object " + oid.toText() + ": name its type"));
      return;
    }
    setTyped(open, oid, wanted, std::string(toText(answer.bindings[0].value.type)));
  };
  addCall(std::move(question), open);
}

void SnmpDriver::setTyped(const std::shared_ptr<Call>& call, const Oid& oid, const Value& value,
                          const std::string& type) {
  Variable variable;
  if (const std::string error = toVariable(value, type, variable); !error.empty()) {
    call->fail(Failure::invalid("/value of type " + type + ": " + error));
    return;
  }
  Question question;
  question.what = "set " + oid.toText();
  question.pdu = requestOf(PduType::Set, oid, std::move(variable));
  question.onAnswer = [this, call](const Pdu& answer) {
    if (answer.bindings.size() != 1) {
      call->fail(Failure::device("the agent confirmed another number of objects than were set"));
      return;
    }
    const auto& objects = settings_.map.objects();
    for (uint32_t i = 0; i < objects.size(); ++i) {
      if (!objects[i].isTable && objects[i].oid == answer.bindings[0].oid) {
        publishObject(i, answer.bindings[0].value);
      }
    }
    call->complete(toJsonObject(answer.bindings[0]));
  };
  addCall(std::move(question), call);
}

void SnmpDriver::walk(Call call, const std::string& text) {
  const auto oid = resolve(text);
  if (!oid) {
    call.fail(unresolved(text));
    return;
  }
  const auto open = std::make_shared<Call>(std::move(call));
  Question question;
  question.what = "walk " + oid->toText();
  question.walk =
      std::make_unique<Walk>(*oid, settings_.credentials.version, settings_.maxRepetitions);
  question.onRows = [open](const std::vector<Binding>& rows) { open->complete(toJsonArray(rows)); };
  addCall(std::move(question), open);
}

// Puts the next question, unless one is open already.
void SnmpDriver::askNext() {
  while (!running_) {
    running_ = queue_.takeNext();
    if (!running_) {
      return;
    }
    auto step = session_->begin(running_->walk ? running_->walk->request() : running_->pdu,
                                bootNs() / 1'000'000'000);
    if (step.kind == Session::Step::Kind::Send) {
      sendDatagram(step.datagram);
    } else {
      failRunning(Failure(BUSBAR_E_INTERNAL, step.error));
    }
  }
}

void SnmpDriver::sendDatagram(const std::vector<uint8_t>& datagram) {
  Command command;
  command.payload.assign(datagram.begin(), datagram.end());
  command.timeoutMs = settings_.timeoutMs;
  command.retries = settings_.retries;
  command.parentCall = running_->parentCall;
  command.onAnswer = [this, number = settingsNumber_](std::string_view frame) {
    return number == settingsNumber_ ? receive(frame) : Answer::Done;
  };
  command.onEnd = [this, number = settingsNumber_](const Failure* failure) {
    if (number == settingsNumber_) {
      requestEnded(failure);
    }
  };
  try {
    enqueue(std::move(command));
  } catch (const Failure& failure) {
    failRunning(failure);
  }
}

Answer SnmpDriver::receive(std::string_view frame) {
  auto step = session_->receive(asBytes(frame), bootNs() / 1'000'000'000);
  switch (step.kind) {
    case Session::Step::Kind::Ignored:
      return Answer::Ignore;
    case Session::Step::Kind::Send:
      nextDatagram_ = std::move(step.datagram);
      return Answer::Done;
    case Session::Step::Kind::Answered:
      noteAlive();
      answer_ = std::move(step.pdu);
      return Answer::Done;
    case Session::Step::Kind::Failed:
      noteAlive();
      throw Failure::device(step.error);
  }
  return Answer::Ignore;
}

void SnmpDriver::requestEnded(const Failure* failure) {
  if (running_ == nullptr) {
    return;
  }
  if (failure != nullptr) {
    std::string message = failure->message();
    if (failure->status() == BUSBAR_E_TIMEOUT) {
      message = settings_.credentials.version == Version::V3
                    ? "the agent does not answer"
                    : "the agent does not answer, as it does not to a wrong community";
    }
    failRunning(Failure(failure->status(), std::move(message)));
  } else if (!nextDatagram_.empty()) {
    sendDatagram(std::exchange(nextDatagram_, {}));
  } else if (running_->walk) {
    walked(std::exchange(answer_, {}));
  } else {
    answered(std::exchange(answer_, {}));
  }
  askNext();
}

void SnmpDriver::answered(const Pdu& answer) {
  const Question question = std::move(*running_);
  running_.reset();
  // Polls look at errors themselves: one missing object must not hide the others.
  if (answer.errorStatus != 0 && question.parentCall != 0) {
    question.onFailure(
        Failure::device(question.what + ": the agent says " + errorStatusText(answer.errorStatus)));
    return;
  }
  question.onAnswer(answer);
}

void SnmpDriver::walked(const Pdu& answer) {
  Question question = std::move(*running_);
  running_.reset();
  if (const std::string error = question.walk->take(answer); !error.empty()) {
    question.onFailure(Failure::device(error));
  } else if (question.walk->isDone()) {
    question.onRows(question.walk->takeRows());
  } else {
    const bool isCall = question.parentCall != 0;
    const auto onFailure = question.onFailure;
    if (!(isCall ? queue_.addCall(question) : queue_.addPoll(question))) {
      onFailure(Failure(BUSBAR_E_AGAIN, "the agent has too many questions waiting"));
    }
  }
}

void SnmpDriver::failRunning(const Failure& failure) {
  session_->abandon();
  nextDatagram_.clear();
  const Question question = std::move(*running_);
  running_.reset();
  question.onFailure(Failure(failure.status(), question.what + ": " + failure.message()));
}

void SnmpDriver::poll() {
  if (!isConnected() || pendingParts_ > 0) {
    return;  // a slow agent is not asked faster than it answers
  }
  pollError_.clear();
  std::vector<uint32_t> part;
  ++pendingParts_;  // holds the poll open until all parts are known
  const auto& objects = settings_.map.objects();
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (!objects[i].isPolled) {
      continue;
    }
    if (objects[i].isTable) {
      addPollWalk(i);
      continue;
    }
    part.push_back(i);
    if (part.size() == settings_.maxObjects) {
      addPollGet(std::exchange(part, {}));
    }
  }
  if (!part.empty()) {
    addPollGet(std::move(part));
  }
  pollPartEnded(nullptr);
  askNext();
}

void SnmpDriver::addPoll(Question question) {
  ++pendingParts_;
  question.onFailure = [this, number = settingsNumber_](const Failure& failure) {
    if (number == settingsNumber_) {
      pollPartEnded(&failure);
    }
  };
  if (!queue_.addPoll(question)) {
    const Failure full(BUSBAR_E_AGAIN, "too many objects are polled");
    pollPartEnded(&full);
  }
}

void SnmpDriver::addPollGet(std::vector<uint32_t> indices) {
  Question question;
  question.what = "poll " + std::to_string(indices.size()) + " objects";
  for (const uint32_t i : indices) {
    question.pdu.bindings.push_back({.oid = settings_.map.objects()[i].oid, .value = {}});
  }
  question.onAnswer = [this, indices = std::move(indices)](const Pdu& answer) {
    takePolled(indices, answer);
  };
  addPoll(std::move(question));
}

void SnmpDriver::addPollWalk(uint32_t index) {
  Question question;
  const Object& object = settings_.map.objects()[index];
  question.what = "poll table " + object.key;
  question.walk =
      std::make_unique<Walk>(object.oid, settings_.credentials.version, settings_.maxRepetitions);
  question.onRows = [this, index](const std::vector<Binding>& rows) { takeTable(index, rows); };
  addPoll(std::move(question));
}

void SnmpDriver::takePolled(const std::vector<uint32_t>& indices, const Pdu& answer) {
  const auto at = static_cast<size_t>(std::max(answer.errorIndex, 0));
  if (answer.errorStatus == kTooBig && indices.size() > 1) {
    const auto middle = indices.begin() + static_cast<ptrdiff_t>(indices.size() / 2);
    addPollGet({indices.begin(), middle});
    addPollGet({middle, indices.end()});
  } else if (answer.errorStatus == kNoSuchName && at >= 1 && at <= indices.size()) {
    // How a v1 agent tells of one missing object: the others are asked for again without it.
    std::vector<uint32_t> others = indices;
    publishObject(others[at - 1], Variable());
    others.erase(others.begin() + static_cast<ptrdiff_t>(at - 1));
    if (!others.empty()) {
      addPollGet(std::move(others));
    }
  } else if (answer.errorStatus != 0 || answer.bindings.size() != indices.size()) {
    const Failure failure = Failure::device(
        "poll: the agent says " + (answer.errorStatus != 0
                                       ? errorStatusText(answer.errorStatus)
                                       : std::string("another number of objects than asked")));
    pollPartEnded(&failure);
    return;
  } else {
    for (size_t i = 0; i < indices.size(); ++i) {
      if (answer.bindings[i].oid == settings_.map.objects()[indices[i]].oid) {
        publishObject(indices[i], answer.bindings[i].value);
      }
    }
  }
  pollPartEnded(nullptr);
}

void SnmpDriver::takeTable(uint32_t index, const std::vector<Binding>& rows) {
  const Object& object = settings_.map.objects()[index];
  JsonObject table;
  for (const Binding& row : rows) {
    table.set(row.oid.indexBelow(object.oid),
              toJsonText(toValue(row.value, object.form, object.scale)));
  }
  JsonText text{table.text()};
  if (text.text.size() > kMaxTableBytes) {
    const Failure failure =
        Failure::device("poll table " + object.key + ": it is too large for a status");
    pollPartEnded(&failure);
    return;
  }
  if (last_[index] != Value(text.text) && publish(object.key, text) >= 0) {
    last_[index] = std::move(text.text);
  }
  pollPartEnded(nullptr);
}

void SnmpDriver::pollPartEnded(const Failure* failure) {
  if (failure != nullptr) {
    pollError_ = failure->message();
    noteFailure(*failure);
  }
  if (--pendingParts_ > 0) {
    return;
  }
  if (pollError_.empty()) {
    lastError_.clear();
  }
  const auto known = std::count_if(last_.begin(), last_.end(),
                                   [](const auto& value) { return value && value->index() != 0; });
  for (const auto& call : std::exchange(pollCalls_, {})) {
    if (pollError_.empty()) {
      call->complete(static_cast<int64_t>(known));
    } else {
      call->fail(Failure::device(pollError_));
    }
  }
}

// Publishes what differs from the last time; an object that the agent does not have is removed.
void SnmpDriver::publishObject(uint32_t index, const Variable& variable) {
  const Object& object = settings_.map.objects()[index];
  Value value = toValue(variable, object.form, object.scale);
  if (last_[index] == value) {
    return;
  }
  const busbar_status status = std::visit(
      [&](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return publish(object.key, nullptr);
        } else {
          return publish(object.key, held);
        }
      },
      value);
  if (status >= 0) {
    last_[index] = std::move(value);
  }
}

void SnmpDriver::noteAlive() {
  online_ = true;
  if (!std::exchange(isAlive_, true)) {
    requestLink(BUSBAR_LINK_HEALTHY);
  }
}

void SnmpDriver::noteFailure(const Failure& failure) {
  if (failure.status() == BUSBAR_E_OFFLINE || failure.status() == BUSBAR_E_CANCELLED) {
    return;  // onDisconnected has told why; or nobody wants the answer any more
  }
  lastError_ = failure.message();
  if (failure.status() == BUSBAR_E_TIMEOUT) {
    online_ = false;
    if (std::exchange(isAlive_, false)) {
      requestLink(BUSBAR_LINK_UNHEALTHY);
    }
  }
}

void SnmpDriver::pollNow(Call call) {
  if (!isConnected()) {
    call.fail(Failure::offline("poll: the agent is not connected"));
    return;
  }
  pollCalls_.push_back(std::make_shared<Call>(std::move(call)));
  poll();
}

}  // namespace busbar::snmp

using busbar::snmp::SnmpDriver;
BUSBAR_DRIVER(SnmpDriver)
