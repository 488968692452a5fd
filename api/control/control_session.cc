// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/control_session.h"

#include <algorithm>
#include <utility>

#include "api/control/control_text.h"

namespace busbar::api {
namespace {

ControlError accessDenied(std::string message) {
  return {ErrorNumber::AccessDenied, 401, std::move(message)};
}

ControlError tooMany(const std::string& what, size_t limit) {
  return {ErrorNumber::UnexpectedFailure, 429,
          "too many " + what + " on one socket; the limit is " + std::to_string(limit)};
}

ControlError moduleNotFound() {
  return {ErrorNumber::ModuleNotFound, 404, "module not found"};
}

}  // namespace

// Calls that are not answered yet. An entry is used again with its buffers.
struct ControlSession::Flight {
  struct Entry {
    HostClient::CallId callId = 0;
    uint32_t generation = 0;
    bool isOpen = false;
    std::string id;
    std::string meta;
  };

  ControlSession* session = nullptr;  // null once it is gone
  std::vector<Entry> entries;
  std::vector<uint32_t> free;

  size_t open() const { return entries.size() - free.size(); }

  uint32_t add(const Command& command) {
    if (free.empty()) {
      free.push_back(static_cast<uint32_t>(entries.size()));
      entries.emplace_back();
    }
    const uint32_t at = free.back();
    free.pop_back();
    entries[at].callId = 0;
    entries[at].isOpen = true;
    entries[at].id = command.id;
    entries[at].meta = metaOf(command);
    return at;
  }

  void finish(uint32_t at, uint32_t generation, Result<ExecuteReply> result) {
    if (session == nullptr || entries[at].generation != generation) {
      return;
    }
    Entry& entry = entries[at];
    ++entry.generation;
    entry.isOpen = false;
    free.push_back(at);
    if (result.ok()) {
      std::string& text = session->context_.text;
      text.clear();
      appendResult(text, entry.id, entry.meta, *result);
      session->give(text);
      return;
    }
    Error error = std::move(result).error();
    const int number = Calls::errorCodeOf(error);
    const int status = error.httpStatus != 0 ? error.httpStatus : toHttpStatus(error.code);
    session->refuse(entry.id, {static_cast<ErrorNumber>(number), status, std::move(error.message)});
  }
};

ControlSession::ControlSession(ControlContext& context, auth::Authenticator& authenticator,
                               std::shared_ptr<const auth::Principal> principal,
                               Callback<void(ControlSession&)> ended)
    : context_(context),
      authenticator_(authenticator),
      principal_(std::move(principal)),
      ended_(std::move(ended)),
      socket_(context.sockets, *this) {}

ControlSession::~ControlSession() {
  for (const auto& binding : bindings_) {
    context_.variables.detach(*binding);
  }
  while (!taps_.empty()) {
    dropTap(taps_.size() - 1);
  }
  if (flight_) {
    flight_->session = nullptr;
    for (const Flight::Entry& entry : flight_->entries) {
      if (entry.isOpen) {
        context_.calls.cancel(entry.callId);
      }
    }
  }
}

void ControlSession::onTextMessage(std::string_view text) {
  if (text == "ping") {
    give("pong");
    return;
  }
  if (!recheck()) {
    return;
  }
  Command& command = context_.command;
  if (text.size() > context_.limits.maxCommandBytes) {
    refuse({},
           {ErrorNumber::BadRequest, 413,
            "a command has at most " + std::to_string(context_.limits.maxCommandBytes) + " bytes"});
  } else if (const auto error = parseCommand(text, command)) {
    refuse(command.id, *error);
  } else {
    run(command);
  }
}

void ControlSession::onBinaryMessage(std::string_view) {
  socket_.close(http::CloseCode::UnsupportedData, "commands are text");
}

void ControlSession::run(const Command& command) {
  switch (command.verb) {
    case Verb::Bind:
      bind(command);
      return;
    case Verb::Unbind:
      unbind(command);
      return;
    case Verb::Exec:
      exec(command);
      return;
    case Verb::Debug:
      debug(command);
      return;
    case Verb::Ignore:
      ignore(command);
      return;
  }
}

bool ControlSession::admits(const Command& command) {
  if (command.isProtected() && !principal_->isSupport()) {
    refuse(command.id, accessDenied("modules whose name begins with _ are for support"));
    return false;
  }
  if (command.mod != kTriggerMod) {
    return true;
  }
  const model::TriggerInstance* instance = context_.site.findTriggerInstance(command.name);
  if (instance != nullptr && instance->systemId == command.systemId &&
      (command.verb == Verb::Bind || command.verb == Verb::Unbind)) {
    return true;
  }
  refuse(command.id, moduleNotFound());
  return false;
}

void ControlSession::bind(const Command& command) {
  if (!admits(command)) {
    return;
  }
  const std::string meta = metaOf(command);
  const Variable* known = context_.variables.find(meta);
  const auto bound = std::find_if(bindings_.begin(), bindings_.end(),
                                  [known](const auto& own) { return own->variable == known; });
  if (known != nullptr && bound != bindings_.end()) {
    succeed(command.id, meta);
    return;
  }
  if (bindings_.size() >= context_.limits.maxBinds) {
    refuse(command.id, tooMany("binds", context_.limits.maxBinds));
    return;
  }
  bindings_.push_back(std::make_unique<Binding>(Binding{*this, command.id}));
  Binding& binding = *bindings_.back();
  context_.variables.attach(binding, command, meta);
  succeed(binding.id, meta);
  if (const std::string value = context_.variables.valueOf(*binding.variable); !value.empty()) {
    notify(binding, notifyEnd(value, meta), false);
  }
}

void ControlSession::unbind(const Command& command) {
  const Variable* known = context_.variables.find(metaOf(command));
  for (size_t at = 0; known != nullptr && at < bindings_.size(); ++at) {
    if (bindings_[at]->variable == known) {
      drop(at);
      break;
    }
  }
  succeed(command.id);
}

void ControlSession::drop(size_t bindingAt) {
  if (outbox_) {
    outbox_->forget(*bindings_[bindingAt]);
  }
  context_.variables.detach(*bindings_[bindingAt]);
  std::swap(bindings_[bindingAt], bindings_.back());
  bindings_.pop_back();
}

void ControlSession::exec(const Command& command) {
  if (auth::decide(kControlAccess, *principal_, true) != auth::Verdict::Allowed) {
    refuse(command.id, accessDenied("the scopes of your key do not allow calls"));
    return;
  }
  if (!admits(command)) {
    return;
  }
  if (flight_ && flight_->open() >= context_.limits.maxCalls) {
    refuse(command.id, tooMany("calls in flight", context_.limits.maxCalls));
    return;
  }
  const std::string slug = command.mod + "_" + std::to_string(command.index);
  if (const model::Module* mod = context_.site.resolve(command.systemId, slug)) {
    begin(command, *mod);
  } else if (context_.site.findSystem(command.systemId) == nullptr) {
    refuse(command.id, {ErrorNumber::SystemNotFound, 404, "system not found"});
  } else {
    refuse(command.id, moduleNotFound());
  }
}

void ControlSession::begin(const Command& command, const model::Module& mod) {
  if (!flight_) {
    flight_ = std::make_shared<Flight>();
    flight_->session = this;
  }
  const std::shared_ptr<Flight> flight = flight_;
  const uint32_t at = flight->add(command);
  const uint32_t generation = flight->entries[at].generation;
  const HostClient::CallId callId = context_.calls.start(
      {mod, command.name, command.args.empty() ? std::string("[]") : std::string(command.args),
       *principal_, context_.traces.begin().toHeader(), command.systemId, peer_},
      [flight, at, generation](Result<ExecuteReply> result) {
        flight->finish(at, generation, std::move(result));
      });
  if (flight->entries[at].generation == generation) {
    flight->entries[at].callId = callId;
  }
}

void ControlSession::debug(const Command& command) {
  if (!principal_->isSupport()) {
    refuse(command.id, accessDenied("logs are for support"));
    return;
  }
  if (context_.site.findModule(command.mod) == nullptr) {
    refuse(command.id, moduleNotFound());
    return;
  }
  std::string meta = metaOf(command);
  const bool isKnown = std::any_of(taps_.begin(), taps_.end(), [&meta](const auto& tap) {
    return placeIn(tap->meta) == placeIn(meta);
  });
  if (!isKnown && taps_.size() >= context_.limits.maxDebugs) {
    refuse(command.id, tooMany("debugs", context_.limits.maxDebugs));
    return;
  }
  if (!isKnown) {
    taps_.push_back(
        std::make_unique<DebugTap>(DebugTap{*this, command.id, std::move(meta), command.mod}));
    context_.taps[command.mod].push_back(taps_.back().get());
  }
  succeed(command.id);
}

void ControlSession::ignore(const Command& command) {
  const std::string meta = metaOf(command);
  for (size_t at = 0; at < taps_.size(); ++at) {
    if (placeIn(taps_[at]->meta) == placeIn(meta)) {
      dropTap(at);
      break;
    }
  }
  succeed(command.id);
}

void ControlSession::dropTap(size_t tapAt) {
  DebugTap* tap = taps_[tapAt].get();
  const auto of = context_.taps.find(tap->moduleId);
  std::erase(of->second, tap);
  if (of->second.empty()) {
    context_.taps.erase(of);
  }
  std::swap(taps_[tapAt], taps_.back());
  taps_.pop_back();
}

bool ControlSession::recheck() {
  if (!socket_.isOpen()) {
    return false;
  }
  auth::AuthOutcome outcome = authenticator_.recheck(*principal_);
  if (!outcome.principal) {
    ++context_.revoked;
    socket_.close(kCloseRevoked, outcome.error.message);
    return false;
  }
  if (outcome.principal == principal_) {
    return true;
  }
  const bool wasSupport = principal_->isSupport();
  principal_ = std::move(outcome.principal);
  if (auth::decide(kControlAccess, *principal_, false) != auth::Verdict::Allowed) {
    ++context_.revoked;
    socket_.close(kCloseForbidden, "the scopes of your key no longer allow this");
    return false;
  }
  if (wasSupport && !principal_->isSupport()) {
    dropForbidden();
  }
  return true;
}

void ControlSession::dropForbidden() {
  const ControlError error = accessDenied("your role no longer allows this");
  for (size_t at = bindings_.size(); at-- > 0;) {
    if (bindings_[at]->variable->isProtected) {
      refuse(bindings_[at]->id, error);
      drop(at);
    }
  }
  while (!taps_.empty()) {
    refuse(taps_.back()->id, error);
    dropTap(taps_.size() - 1);
  }
}

void ControlSession::pong() {
  if (!outbox_) {
    send("pong");
  }
}

void ControlSession::notify(Binding& binding, std::string_view end, bool conflates) {
  if (outbox_ && conflates) {
    context_.conflated += outbox_->add(binding) ? 0U : 1U;
    checkPending();
    return;
  }
  context_.text.assign(kNotifyBegin).append(binding.id).append(end);
  give(context_.text);
}

void ControlSession::log(const DebugTap& tap, const LogLine& line) {
  context_.text.clear();
  appendLog(context_.text, tap.id, tap.meta, tap.moduleId, line);
  give(context_.text);
}

void ControlSession::succeed(std::string_view id, std::string_view meta) {
  context_.text.clear();
  appendSuccess(context_.text, id, meta);
  give(context_.text);
}

void ControlSession::refuse(std::string_view id, const ControlError& error) {
  ++context_.errors;
  context_.text.clear();
  appendError(context_.text, id, error);
  give(context_.text);
}

void ControlSession::give(std::string_view text) {
  if (outbox_) {
    outbox_->add(std::string(text));
    checkPending();
  } else {
    send(text);
  }
}

void ControlSession::send(std::string_view text) {
  if (socket_.sendText(text) == http::StreamWrite::Behind) {
    outbox_ = std::make_unique<Outbox>();
  }
}

void ControlSession::checkPending() {
  if (outbox_->bytes() > context_.limits.maxPendingBytes) {
    socket_.cut();
  }
}

void ControlSession::onDrained() {
  std::unique_ptr<Outbox> waiting = std::move(outbox_);
  while (waiting) {
    const auto entry = waiting->take();
    if (!entry) {
      return;
    }
    if (Binding* const* binding = std::get_if<Binding*>(&*entry)) {
      const std::string value = context_.variables.valueOf(*(*binding)->variable);
      context_.text.assign(kNotifyBegin)
          .append((*binding)->id)
          .append(notifyEnd(value.empty() ? "null" : value, (*binding)->variable->meta));
      send(context_.text);
    } else {
      send(std::get<std::string>(*entry));
    }
    if (outbox_) {  // behind again
      outbox_ = std::move(waiting);
    }
  }
}

void ControlSession::onClosed(bool wasCut) {
  context_.cut += wasCut ? 1U : 0U;
  Callback<void(ControlSession&)> ended = std::move(ended_);  // it may destroy this
  ended(*this);
}

}  // namespace busbar::api
