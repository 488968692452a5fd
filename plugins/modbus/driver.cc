// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A Modbus TCP device as a module: polls the points of its register map and publishes what changed.

#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.hpp>

#include "plugins/modbus/codec.h"
#include "plugins/modbus/planner.h"
#include "plugins/modbus/point_value.h"
#include "plugins/modbus/settings.h"

#include "busbar_manifest.hpp"

namespace busbar::modbus {
namespace {

constexpr int kPollPriority = 30;  // calls go first
constexpr int kCallPriority = 60;
constexpr size_t kPointsAtOnce = 256;

std::span<const uint8_t> asBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// "read 10 of holding from 100", for errors.
std::string describe(const Request& request) {
  switch (request.function) {
    case Function::WriteSingleCoil:
      return "write coil " + std::to_string(request.address);
    case Function::WriteMultipleCoils:
      return "write " + std::to_string(request.count) + " coils from " +
             std::to_string(request.address);
    case Function::WriteSingleRegister:
      return "write register " + std::to_string(request.address);
    case Function::WriteMultipleRegisters:
      return "write " + std::to_string(request.count) + " registers from " +
             std::to_string(request.address);
    default:
      break;
  }
  const auto table = request.function == Function::ReadCoils            ? Table::Coil
                     : request.function == Function::ReadDiscreteInputs ? Table::Discrete
                     : request.function == Function::ReadInputRegisters ? Table::Input
                                                                        : Table::Holding;
  return "read " + std::to_string(request.count) + " of " + std::string(toText(table)) + " from " +
         std::to_string(request.address);
}

busbar_value toAbi(const Value& value) {
  busbar_value out{};
  if (const auto* flag = std::get_if<bool>(&value)) {
    out.type = BUSBAR_V_BOOL;
    out.u.i = *flag ? 1 : 0;
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    out.type = BUSBAR_V_INT;
    out.u.i = *integer;
  } else if (const auto* real = std::get_if<double>(&value)) {
    out.type = BUSBAR_V_DOUBLE;
    out.u.d = *real;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out.type = BUSBAR_V_STR;
    out.u.s = {text->data(), text->size()};
  }
  return out;
}

// An argument as a point's value. 64-bit integers that JSON cannot hold exactly come as text.
Value fromJson(const Json& json, Type type) {
  if (json.isBool()) {
    return json.as<bool>();
  }
  if (json.isString()) {
    auto text = json.as<std::string>();
    if (type != Type::Int64 && type != Type::Uint64) {
      return text;
    }
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? Value(number) : Value(text);
  }
  try {
    return json.as<int64_t>();
  } catch (const Failure&) {
    return json.as<double>();  // not a whole number
  }
}

using OnData = std::function<void(std::span<const uint8_t> data)>;
using OnEnd = std::function<void(const Failure* failure)>;

}  // namespace

class ModbusDriver final : public Driver {
 public:
  explicit ModbusDriver(const CreateInfo& info) : Driver(info) {
    apply(Settings::fromJson(info.settings));
  }

  static constexpr auto functions() {
    return std::make_tuple(fn("read", &ModbusDriver::read), fn("write", &ModbusDriver::write),
                           fn("write_register", &ModbusDriver::writeRegister),
                           fn("write_coil", &ModbusDriver::writeCoil),
                           fn("poll_now", &ModbusDriver::pollNow));
  }

  void onStart() override { startPolling(); }
  SettingsAnswer onSettings(const Json& settings, const Json& changed) override;
  void onConnected(const busbar_link_info&) override { poll(); }
  void onDisconnected(const busbar_link_info& link) override;

  void read(Call call, const std::string& table, uint16_t address, uint16_t count);
  void write(Call call, const std::string& name, Json value);
  void writeRegister(Call call, uint16_t address, uint16_t value);
  void writeCoil(Call call, uint16_t address, bool value);
  void pollNow(Call call);

 private:
  struct PolledRead {
    PlannedRead plan;
    std::vector<uint8_t> image;  // the data that was published last; empty: publish all
  };

  void apply(Settings settings);
  void startPolling();
  void poll();
  void enqueuePoll(size_t index);
  void pollEnded(const Failure* failure, const std::string& what);
  void takeImage(size_t index, std::span<const uint8_t> data);
  bool publishPoints(const std::vector<std::pair<const Point*, Value>>& changes);
  void ask(Request request, std::vector<uint16_t> values, int priority, busbar_id parent,
           OnData onData, OnEnd onEnd, std::string name = {});
  Answer judge(const Request& request, const Response& response, const OnData& onData);
  void writeBit(Call call, const Point& point, bool value);
  void finishWrite(const std::shared_ptr<Call>& call, const Request& request,
                   std::vector<uint16_t> values, uint16_t address);
  void refresh(Table table, uint16_t address);
  void noteAlive();
  void noteFailure(const Failure& failure);

  Settings settings_;
  std::vector<PolledRead> reads_;
  uint32_t planNumber_ = 0;   // rises with each plan, so that answers to an older one are dropped
  size_t pendingReads_ = 0;   // of the poll that is under way
  bool didReadFail_ = false;  // in the poll that is under way
  uint16_t transaction_ = 0;
  bool isAlive_ = false;
  std::vector<std::shared_ptr<Call>> pollCalls_;      // of poll_now: for the round under way
  std::vector<std::shared_ptr<Call>> nextPollCalls_;  // for the next: what is read must be newer
  Timer pollTimer_{*this};
  StatusKey<keys::online> online_{*this};
  StatusKey<keys::last_error> lastError_{*this};
};

void ModbusDriver::apply(Settings settings) {
  ++planNumber_;
  pendingReads_ = 0;
  didReadFail_ = false;
  settings_ = std::move(settings);
  reads_.clear();
  for (PlannedRead& plan : planReads(settings_.map.points(), settings_.limits)) {
    reads_.push_back({.plan = std::move(plan), .image = {}});
  }
  reads_.shrink_to_fit();
}

SettingsAnswer ModbusDriver::onSettings(const Json& settings, const Json&) {
  Settings next = Settings::fromJson(settings);
  std::vector<std::pair<const Point*, Value>> removed;
  for (const Point& point : settings_.map.points()) {
    if (next.map.find(point.name) == nullptr) {
      removed.emplace_back(&point, Value());
    }
  }
  if (!publishPoints(removed)) {
    return SettingsAnswer::Restart;  // the old keys must go, and now they cannot
  }
  for (auto* calls : {&pollCalls_, &nextPollCalls_}) {
    for (const auto& call : std::exchange(*calls, {})) {
      call->fail(Failure(BUSBAR_E_CANCELLED, "the register map was changed meanwhile"));
    }
  }
  apply(std::move(next));
  startPolling();
  poll();
  return SettingsAnswer::Applied;
}

void ModbusDriver::startPolling() {
  if (settings_.pollInterval.count() > 0) {
    pollTimer_.every(settings_.pollInterval, [this] { poll(); });
  } else {
    pollTimer_.cancel();
  }
}

void ModbusDriver::onDisconnected(const busbar_link_info& link) {
  isAlive_ = false;
  online_ = false;
  if (link.error != nullptr && link.error->message.len > 0) {
    lastError_ = std::string(link.error->message.ptr, link.error->message.len);
  }
}

void ModbusDriver::poll() {
  if (!isConnected() || pendingReads_ > 0) {
    return;  // a slow device is not asked faster than it answers
  }
  didReadFail_ = false;
  pendingReads_ = reads_.size();
  for (size_t i = 0; i < reads_.size(); ++i) {
    enqueuePoll(i);
  }
}

void ModbusDriver::enqueuePoll(size_t index) {
  const PlannedRead& plan = reads_[index].plan;
  const Request request = {.transaction = 0,
                           .unit = settings_.unit,
                           .function = readFunction(plan.table),
                           .address = plan.address,
                           .count = plan.count,
                           .values = {}};
  const auto onData = [this, index, number = planNumber_](std::span<const uint8_t> data) {
    if (number == planNumber_) {
      takeImage(index, data);
    }
  };
  const auto onEnd = [this, request, number = planNumber_](const Failure* failure) {
    if (number == planNumber_) {
      pollEnded(failure, failure != nullptr ? describe(request) : std::string());
    }
  };
  try {
    ask(request, {}, kPollPriority, 0, onData, onEnd);
  } catch (const Failure& failure) {
    onEnd(&failure);
  }
}

void ModbusDriver::pollEnded(const Failure* failure, const std::string& what) {
  if (failure != nullptr) {
    didReadFail_ = true;
    noteFailure(Failure(failure->status(), what + ": " + failure->message()));
  }
  if (--pendingReads_ > 0) {
    return;
  }
  if (!didReadFail_) {
    lastError_.clear();
  }
  size_t count = 0;
  for (const PolledRead& polled : reads_) {
    count += polled.plan.points.size();
  }
  for (const auto& call : std::exchange(pollCalls_, {})) {
    if (didReadFail_) {
      call->fail(Failure::device(lastError_.value().value_or("the poll failed")));
    } else {
      call->complete(static_cast<int64_t>(count));
    }
  }
  for (auto& call : std::exchange(nextPollCalls_, {})) {
    pollNow(std::move(*call));
  }
}

void ModbusDriver::takeImage(size_t index, std::span<const uint8_t> data) {
  PolledRead& polled = reads_[index];
  const PlannedRead& plan = polled.plan;
  if (std::equal(data.begin(), data.end(), polled.image.begin(), polled.image.end())) {
    return;
  }
  std::vector<std::pair<const Point*, Value>> changes;
  for (const uint32_t i : plan.points) {
    const Point& point = settings_.map.points()[i];
    if (!isSameRaw(point, polled.image, data, plan.address)) {
      changes.emplace_back(&point, decodePoint(point, data, plan.address));
    }
  }
  if (publishPoints(changes)) {
    polled.image.assign(data.begin(), data.end());
  } else {
    polled.image.clear();  // the next poll publishes all
  }
}

// False when Busbar was too busy to take all of them.
bool ModbusDriver::publishPoints(const std::vector<std::pair<const Point*, Value>>& changes) {
  std::vector<busbar_point> points;
  points.reserve(std::min(changes.size(), kPointsAtOnce));
  for (size_t begin = 0; begin < changes.size(); begin += kPointsAtOnce) {
    const size_t end = std::min(begin + kPointsAtOnce, changes.size());
    points.clear();
    for (size_t i = begin; i < end; ++i) {
      busbar_point point{};
      point.struct_size = sizeof(point);
      point.quality = changes[i].second.index() == 0 ? BUSBAR_QUALITY_BAD : BUSBAR_QUALITY_GOOD;
      point.key = {changes[i].first->name.data(), changes[i].first->name.size()};
      point.value = toAbi(changes[i].second);
      points.push_back(point);
    }
    const busbar_status status = host().status_set(
        instance(), points.data(), static_cast<uint32_t>(points.size()), sizeof(busbar_point));
    if (status < 0) {
      return false;
    }
  }
  return true;
}

// Queues a request. `onData` sees the data of a good read before `onEnd` is told.
void ModbusDriver::ask(Request request, std::vector<uint16_t> values, int priority,
                       busbar_id parent, OnData onData, OnEnd onEnd, std::string name) {
  request.transaction = ++transaction_;
  request.values = values;
  std::array<uint8_t, kMaxAduBytes> bytes{};
  const size_t length = encodeRequest(request, bytes);
  if (length == 0) {
    throw Failure::invalid(describe(request) + ": outside of what the protocol allows");
  }
  Command command;
  command.payload.assign(bytes.begin(), bytes.begin() + length);
  command.name = std::move(name);
  command.priority = priority;
  command.timeoutMs = settings_.timeoutMs;
  command.retries = settings_.retries;
  command.parentCall = parent;
  request.values = {};
  command.onAnswer = [this, request, values = std::move(values),
                      onData = std::move(onData)](std::string_view frame) {
    Request asked = request;
    asked.values = values;
    return judge(asked, decodeResponse(asBytes(frame), asked), onData);
  };
  command.onEnd = std::move(onEnd);
  enqueue(std::move(command));
}

Answer ModbusDriver::judge(const Request& request, const Response& response, const OnData& onData) {
  switch (response.outcome) {
    case Outcome::Ok:
      noteAlive();
      if (onData) {
        onData(response.data);
      }
      return Answer::Done;
    case Outcome::WrongTransaction:
      return Answer::Ignore;  // a late answer to a request that timed out
    case Outcome::Exception:
      noteAlive();
      throw Failure::device("the device says: " + exceptionText(response.exception));
    default:
      // What follows in the stream cannot be trusted either.
      requestLink(BUSBAR_LINK_RECONNECT);
      throw Failure::device("the device sent " + std::string(outcomeText(response.outcome)) +
                            " to " + describe(request));
  }
}

void ModbusDriver::noteAlive() {
  online_ = true;
  if (!std::exchange(isAlive_, true)) {
    requestLink(BUSBAR_LINK_HEALTHY);
  }
}

void ModbusDriver::noteFailure(const Failure& failure) {
  if (failure.status() == BUSBAR_E_OFFLINE) {
    return;  // onDisconnected has told why
  }
  lastError_ = failure.message();
  if (failure.status() == BUSBAR_E_TIMEOUT) {
    online_ = false;
    if (std::exchange(isAlive_, false)) {
      requestLink(BUSBAR_LINK_UNHEALTHY);
    }
  }
}

void ModbusDriver::read(Call call, const std::string& table, uint16_t address, uint16_t count) {
  const Table from = tableFromText(table).value_or(Table::Holding);
  if (!isBitTable(from) && count > kMaxReadRegisters) {
    call.fail(Failure::invalid("/count must be at most 125 for registers"));
    return;
  }
  const Request request = {.transaction = 0,
                           .unit = settings_.unit,
                           .function = readFunction(from),
                           .address = address,
                           .count = count,
                           .values = {}};
  const busbar_id parent = call.id();
  const auto open = std::make_shared<Call>(std::move(call));
  const auto items = std::make_shared<JsonArray>();
  const auto onData = [items, request](std::span<const uint8_t> data) {
    for (size_t i = 0; i < request.count; ++i) {
      if (isBitFunction(request.function)) {
        items->add((data[i / 8] >> (i % 8) & 1) != 0);
      } else {
        items->add(data[i * 2] << 8 | data[i * 2 + 1]);
      }
    }
  };
  const auto onEnd = [this, open, items, request](const Failure* failure) {
    if (failure == nullptr) {
      open->complete(*items);
      return;
    }
    const Failure told(failure->status(), describe(request) + ": " + failure->message());
    noteFailure(told);
    open->fail(told);
  };
  try {
    ask(request, {}, kCallPriority, parent, onData, onEnd);
  } catch (const Failure& failure) {
    open->fail(failure);
  }
}

void ModbusDriver::write(Call call, const std::string& name, Json value) {
  const Point* const point = settings_.map.find(name);
  if (point == nullptr) {
    call.fail(Failure(BUSBAR_E_NOTFOUND, "there is no point " + name + " in the settings"));
    return;
  }
  if (!point->isWritable) {
    call.fail(Failure::invalid("point " + name + " is not writable: set writable in the settings"));
    return;
  }
  std::vector<uint16_t> words;
  if (const std::string error = encodePoint(*point, fromJson(value, point->type), words);
      !error.empty()) {
    call.fail(Failure::invalid("point " + name + ": " + error));
    return;
  }
  if (point->bit != kNoBit) {
    writeBit(std::move(call), *point, words[0] != 0);
    return;
  }
  Request request = {.transaction = 0,
                     .unit = settings_.unit,
                     .function = Function::WriteMultipleRegisters,
                     .address = point->address,
                     .count = static_cast<uint16_t>(words.size()),
                     .values = {}};
  if (point->table == Table::Coil) {
    request.function = Function::WriteSingleCoil;
  } else if (words.size() == 1) {
    request.function = Function::WriteSingleRegister;
  }
  finishWrite(std::make_shared<Call>(std::move(call)), request, std::move(words), point->address);
}

// Reads the register, changes the bit and writes it back: Modbus has no better way that most
// devices know, and what another client writes in between is lost.
void ModbusDriver::writeBit(Call call, const Point& point, bool value) {
  Request request = {.transaction = 0,
                     .unit = settings_.unit,
                     .function = Function::ReadHoldingRegisters,
                     .address = point.address,
                     .count = 1,
                     .values = {}};
  const busbar_id parent = call.id();
  const auto open = std::make_shared<Call>(std::move(call));
  const auto word = std::make_shared<uint16_t>(uint16_t{0});
  const auto onData = [word, isSwapped = point.isByteSwapped, bit = point.bit,
                       value](std::span<const uint8_t> data) {
    const unsigned wireBit = isSwapped ? (bit + 8U) % 16 : bit;
    const unsigned mask = 1U << wireBit;
    const unsigned old = static_cast<unsigned>(data[0] << 8 | data[1]);
    *word = static_cast<uint16_t>(value ? old | mask : old & ~mask);
  };
  const auto onEnd = [this, open, word, request](const Failure* failure) {
    if (failure != nullptr) {
      const Failure told(failure->status(), describe(request) + ": " + failure->message());
      noteFailure(told);
      open->fail(told);
      return;
    }
    Request next = request;
    next.function = Function::WriteSingleRegister;
    finishWrite(open, next, {*word}, next.address);
  };
  try {
    ask(request, {}, kCallPriority, parent, onData, onEnd);
  } catch (const Failure& failure) {
    open->fail(failure);
  }
}

void ModbusDriver::writeRegister(Call call, uint16_t address, uint16_t value) {
  const Request request = {.transaction = 0,
                           .unit = settings_.unit,
                           .function = Function::WriteSingleRegister,
                           .address = address,
                           .count = 1,
                           .values = {}};
  finishWrite(std::make_shared<Call>(std::move(call)), request, {value}, address);
}

void ModbusDriver::writeCoil(Call call, uint16_t address, bool value) {
  const Request request = {.transaction = 0,
                           .unit = settings_.unit,
                           .function = Function::WriteSingleCoil,
                           .address = address,
                           .count = 1,
                           .values = {}};
  finishWrite(std::make_shared<Call>(std::move(call)), request,
              {static_cast<uint16_t>(value ? 1 : 0)}, address);
}

// Queues a write and answers `call` when the device has confirmed it.
void ModbusDriver::finishWrite(const std::shared_ptr<Call>& call, const Request& request,
                               std::vector<uint16_t> values, uint16_t address) {
  const auto onEnd = [this, call, request, address](const Failure* failure) {
    if (failure != nullptr) {
      const Failure told(failure->status(), describe(request) + ": " + failure->message());
      noteFailure(told);
      call->fail(told);
      return;
    }
    call->complete();
    refresh(isBitFunction(request.function) ? Table::Coil : Table::Holding, address);
  };
  try {
    ask(request, std::move(values), kCallPriority, call->id(), {}, onEnd);
  } catch (const Failure& failure) {
    call->fail(failure);
  }
}

// Reads again what a write has changed, without waiting for the next poll.
void ModbusDriver::refresh(Table table, uint16_t address) {
  for (size_t i = 0; i < reads_.size(); ++i) {
    const PlannedRead& plan = reads_[i].plan;
    if (plan.table != table || address < plan.address || address >= plan.address + plan.count) {
      continue;
    }
    const Request request = {.transaction = 0,
                             .unit = settings_.unit,
                             .function = readFunction(table),
                             .address = plan.address,
                             .count = plan.count,
                             .values = {}};
    const auto onData = [this, i, number = planNumber_](std::span<const uint8_t> data) {
      if (number == planNumber_) {
        takeImage(i, data);
      }
    };
    // Many writes in a row need one read: a waiting one of the same name is replaced.
    ask(request, {}, kPollPriority, 0, onData, {}, "refresh" + std::to_string(i));
    return;
  }
}

void ModbusDriver::pollNow(Call call) {
  if (!isConnected()) {
    call.fail(Failure::offline("poll: the device is not connected"));
    return;
  }
  if (reads_.empty()) {
    call.complete(int64_t{0});
    return;
  }
  auto& calls = pendingReads_ > 0 ? nextPollCalls_ : pollCalls_;
  calls.push_back(std::make_shared<Call>(std::move(call)));
  poll();
}

}  // namespace busbar::modbus

using busbar::modbus::ModbusDriver;
BUSBAR_DRIVER(ModbusDriver)
