// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/store/store_service.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "sdk/base/json.h"

namespace busbar {
namespace {

std::optional<Error> mistakeOf(const wire::StoreRequest& m) {
  const Status key = m.operation == BUSBAR_STORE_LIST ? ModuleStore::checkPrefix(m.key)
                                                      : ModuleStore::checkKey(m.key);
  if (!key.ok()) {
    return key.error();
  }
  if (m.operation != BUSBAR_STORE_SET) {
    return std::nullopt;
  }
  if (const Status size = ModuleStore::checkValue(m.value); !size.ok()) {
    return size.error();
  }
  if (!json::check(m.value).ok()) {
    return Error::at(ErrorCode::InvalidArgument, "value", "the value must be JSON");
  }
  return std::nullopt;
}

}  // namespace

StoreService::StoreService(EventLoop& loop, ModuleStore& store, std::shared_ptr<StoreTurns> turns,
                           ServiceClient& client)
    : loop_(loop), store_(store), turns_(std::move(turns)), client_(client) {}

StoreService::~StoreService() {
  *alive_ = false;
  turns_->forget(*this);
  for (const Request& request : waiting_) {
    loop_.cancel(request.timer);
  }
}

bool StoreService::request(const wire::Frame& frame, std::string& why) {
  wire::StoreRequest m;
  if (!wire::decode(frame.payload, m) || m.operation < BUSBAR_STORE_GET ||
      m.operation > BUSBAR_STORE_LIST) {
    why = "malformed store_request frame";
    return false;
  }
  std::optional<Error> mistake = mistakeOf(m);
  const size_t bytes = mistake ? 0 : m.key.size() + m.value.size();
  if (waiting_.size() >= kMaxWaiting || waitingBytes_ + bytes > kMaxWaitingBytes) {
    refuse(client_, BUSBAR_EV_STORE, m.head.token, BUSBAR_E_AGAIN, "store_busy",
           "too many requests of this module wait for the store");
    return true;
  }
  Request request{m.head.token, m.head.parentCall, m.operation, {}, {}, {}, 0, std::move(mistake)};
  if (!request.mistake) {
    request.key = m.key;
    request.value = m.value;
  }
  request.deadline = std::min(loop_.now() + kTimeLimit, Instant(Nanoseconds(m.head.deadlineNs)));
  request.timer = loop_.runAt(request.deadline, [this, token = request.token] { expire(token); });
  waitingBytes_ += bytes;
  waiting_.push_back(std::move(request));
  next();
  return true;
}

StoreService::Request StoreService::take(std::deque<Request>::iterator it) {
  Request request = std::move(*it);
  waiting_.erase(it);
  waitingBytes_ -= request.key.size() + request.value.size();
  loop_.cancel(request.timer);
  return request;
}

void StoreService::release(uint64_t token) {
  if (open_ == token) {
    open_.reset();  // it goes on, and nobody is told
  }
  const auto it = std::find_if(waiting_.begin(), waiting_.end(),
                               [token](const Request& r) { return r.token == token; });
  if (it != waiting_.end()) {
    take(it);
    next();
  }
}

void StoreService::expire(uint64_t token) {
  const auto it = std::find_if(waiting_.begin(), waiting_.end(),
                               [token](const Request& r) { return r.token == token; });
  if (it != waiting_.end()) {
    take(it);
    refuse(client_, BUSBAR_EV_STORE, token, BUSBAR_E_TIMEOUT, "",
           "the store did not answer in time");
    next();
  }
}

// Answers what needs no store, and asks for a turn for what does.
void StoreService::next() {
  while (!running_ && !waiting_.empty()) {
    const Request& first = waiting_.front();
    if (first.mistake) {
      const Request wrong = take(waiting_.begin());
      refuse(client_, BUSBAR_EV_STORE, wrong.token, *wrong.mistake);
    } else if (client_.originOf(first.parentCall) == nullptr) {
      refuse(client_, BUSBAR_EV_STORE, take(waiting_.begin()).token, BUSBAR_E_CANCELLED, "",
             "the call has ended");
    } else {
      break;
    }
  }
  const bool wanted = !running_ && !waiting_.empty();
  if (wanted && !asked_) {
    asked_ = true;
    turns_->ask(*this);
  } else if (!wanted && asked_) {
    asked_ = false;
    turns_->forget(*this);
  }
}

void StoreService::turn() {
  asked_ = false;
  running_ = true;
  begin(take(waiting_.begin()));
}

void StoreService::begin(Request request) {
  open_ = request.token;
  const std::string& id = client_.moduleId();
  switch (request.operation) {
    case BUSBAR_STORE_GET:
      store_.get(id, std::move(request.key), request.deadline,
                 toFinish<std::optional<std::string>>());
      break;
    case BUSBAR_STORE_SET:
      store_.set(id, std::move(request.key), std::move(request.value), request.deadline,
                 toFinish<void>());
      break;
    case BUSBAR_STORE_REMOVE:
      store_.remove(id, std::move(request.key), request.deadline, toFinish<void>());
      break;
    default:
      store_.list(id, std::move(request.key), request.deadline,
                  toFinish<std::vector<std::string>>());
  }
}

// The turn ends although the module has stopped meanwhile.
template <class T>
Callback<void(Result<T>)> StoreService::toFinish() {
  return [this, alive = alive_, turns = turns_](Result<T> result) {
    if (*alive) {
      running_ = false;
      if (const std::optional<uint64_t> token = std::exchange(open_, std::nullopt)) {
        answer(*token, result);
      }
      next();
    }
    turns->done();
  };
}

void StoreService::answer(uint64_t token, const Result<std::optional<std::string>>& value) {
  if (!value.ok()) {
    refuse(client_, BUSBAR_EV_STORE, token, value.error());
  } else {
    succeed(token, *value ? std::string_view(**value) : std::string_view());
  }
}

void StoreService::answer(uint64_t token, const Result<std::vector<std::string>>& keys) {
  if (!keys.ok()) {
    refuse(client_, BUSBAR_EV_STORE, token, keys.error());
    return;
  }
  std::string doc = "[";
  for (const std::string& key : *keys) {
    doc += doc.size() > 1 ? "," : "";
    json::appendString(doc, key);
  }
  succeed(token, doc + "]");
}

void StoreService::answer(uint64_t token, const Status& status) {
  if (!status.ok()) {
    refuse(client_, BUSBAR_EV_STORE, token, status.error());
  } else {
    succeed(token, {});
  }
}

void StoreService::succeed(uint64_t token, std::string_view doc) {
  wire::ServiceEvent event;
  event.type = BUSBAR_EV_STORE;
  event.token = token;
  event.ends = true;
  event.doc = doc;
  client_.send(event);
}

ServiceProvider storeProvider(EventLoop& loop, ModuleStore& store) {
  auto turns = std::make_shared<StoreTurns>();
  return {"busbar.store/1",
          {wire::Type::StoreRequest},
          false,
          [&loop, &store, turns](ServiceClient& client) {
            return std::make_unique<StoreService>(loop, store, turns, client);
          }};
}

}  // namespace busbar
