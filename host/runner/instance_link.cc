// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The part of Instance that has to do with links, on both sides.
#include <algorithm>
#include <string>
#include <utility>

#include "host/runner/blocks.h"
#include "host/runner/instance.h"

namespace busbar::runner {

Status Instance::addLinks(const wire::Create& m) {
  LinkEvents& events = *this;
  for (const wire::CreateLink& link : m.links) {
    auto rule = FramingRule::parse(link.framing);
    BUSBAR_TRY(rule);
    if (rule->kind == FramingRule::Kind::Driver && process_.driver.frame == nullptr) {
      return Error::of(ErrorCode::InvalidArgument, "framing \"driver\" without frame()");
    }
    links_.push_back(std::make_unique<Link>(process_, events, m.slot, link, std::move(*rule)));
  }
  return {};
}

Link* Instance::findLink(uint32_t linkId) {
  const auto it = std::find_if(links_.begin(), links_.end(),
                               [linkId](const auto& l) { return l->id() == linkId; });
  return it == links_.end() ? nullptr : it->get();
}

// ---- strand

void Instance::linkUp(UniqueFd fd, const wire::LinkUp& m) {
  Link* link = findLink(m.linkId);
  if (link == nullptr || !isActive() || !fd.valid()) {
    return;  // the fd is closed: the link crossed the end of the module
  }
  if (link->isUp()) {
    tellDisconnected(*link,
                     {BUSBAR_E_OFFLINE, "reconnected", "replaced by a new connection", 0, 0, {}});
  }
  if (const Status opened = link->open(std::move(fd), m); !opened.ok()) {
    const ProcessLock lock(process_);
    wire::LinkDown lost;
    lost.linkId = m.linkId;
    lost.generation = m.generation;
    lost.error.status = BUSBAR_E_INTERNAL;
    lost.error.message = opened.error().message;
    wire::encode(process_.outbox.priority(), wire::Type::LinkLost, number_, lost);
    process_.touch();
    return;
  }
  {
    // Before the driver is told, so that it may queue at once; nothing is sent before it has
    // returned.
    const ProcessLock lock(process_);
    link->queueUp();
    process_.markDirty(*this);
  }
  if (process_.driver.connected != nullptr) {
    busbar_link_info info{};
    info.struct_size = sizeof info;
    info.link_id = link->id();
    info.generation = link->generation();
    info.kind = link->kind();
    info.role = toStr(link->role());
    info.peer = toStr(link->peer());
    const CallScope scope(process_, Entry::Connected, number_, 0);
    process_.driver.connected(driverState_, &info);
  }
}

// The link is closed; the driver and the queue learn of it.
void Instance::tellDisconnected(Link& link, const wire::WireError& error) {
  link.close();
  {
    CommandQueue::EndedList ended;
    const ProcessLock lock(process_);
    link.queueDown(ended);
    addEnded(ended);
    process_.markDirty(*this);
  }
  if (process_.driver.disconnected == nullptr) {
    return;
  }
  busbar_error block{};
  block.struct_size = sizeof block;
  block.status = error.status;
  block.code = toStr(error.code);
  block.message = toStr(error.message);
  block.flags = error.flags;
  block.retry_after_ms = error.retryAfterMs;
  busbar_link_info info{};
  info.struct_size = sizeof info;
  info.link_id = link.id();
  info.generation = link.generation();
  info.kind = link.kind();
  info.role = toStr(link.role());
  info.peer = toStr(link.peer());
  info.error = error.status == BUSBAR_OK ? nullptr : &block;
  const CallScope scope(process_, Entry::Disconnected, number_, 0);
  process_.driver.disconnected(driverState_, &info);
}

void Instance::linkDown(const wire::LinkDown& m) {
  Link* link = findLink(m.linkId);
  if (link != nullptr && link->isUp() && link->generation() == m.generation && isActive()) {
    tellDisconnected(*link, m.error);
  } else if (link != nullptr && !link->isUp() && m.generation == 0) {
    const ProcessLock lock(process_);
    link->tryFailed();
    process_.markDirty(*this);
  }
}

void Instance::linkLost(uint32_t linkId, const wire::WireError& error) {
  Link* link = findLink(linkId);
  wire::LinkDown lost;
  lost.linkId = linkId;
  lost.generation = link->generation();
  lost.error = error;
  if (isActive()) {
    tellDisconnected(*link, error);
  }
  const ProcessLock lock(process_);
  wire::encode(process_.outbox.priority(), wire::Type::LinkLost, number_, lost);
  process_.touch();
}

void Instance::linkWantsPump() {
  const ProcessLock lock(process_);
  process_.markDirty(*this);
}

void Instance::linkPeer(uint32_t linkId, std::string_view peer, bool connected,
                        std::string_view code) {
  const auto callback = connected ? process_.driver.connected : process_.driver.disconnected;
  if (callback == nullptr || !isActive()) {
    return;
  }
  const Link* link = findLink(linkId);
  busbar_error error{};
  error.struct_size = sizeof error;
  error.status = BUSBAR_E_OFFLINE;
  error.code = toStr(code);
  busbar_link_info info{};
  info.struct_size = sizeof info;
  info.link_id = linkId;
  info.generation = link->generation();
  info.kind = link->kind();
  info.role = toStr(link->role());
  info.peer = toStr(peer);
  info.error = code.empty() ? nullptr : &error;
  const CallScope scope(process_, connected ? Entry::Connected : Entry::Disconnected, number_, 0);
  callback(driverState_, &info);
}

void Instance::linkReceived(uint32_t linkId, std::string_view frame, std::string_view peer) {
  if (process_.driver.received == nullptr || !isActive()) {
    return;
  }
  Link* link = findLink(linkId);
  busbar_received block{};
  block.struct_size = sizeof block;
  block.link_id = linkId;
  block.generation = link->generation();
  block.bytes = {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()};
  block.peer = toStr(peer);
  {
    const ProcessLock lock(process_);
    block.task = link->task();
  }
  busbar_status status = BUSBAR_OK;
  {
    const CallScope scope(process_, Entry::Received, number_, 0);
    status = process_.driver.received(driverState_, &block);
  }
  if (status == BUSBAR_E_INTERNAL && !std::exchange(failed_, true)) {
    outcome(wire::Type::Failed, status, "received answered E_INTERNAL");
  }
}

int64_t Instance::linkFrame(uint32_t linkId, std::string_view buffered) {
  busbar_frame_input input{};
  input.struct_size = sizeof input;
  input.link_id = linkId;
  input.generation = findLink(linkId)->generation();
  input.bytes = {reinterpret_cast<const uint8_t*>(buffered.data()), buffered.size()};
  int64_t said = 0;
  if (process_.driver.frame != nullptr) {
    const CallScope scope(process_, Entry::Frame, number_, 0);
    said = process_.driver.frame(driverState_, &input);
  }
  if (!Framer::fits(said, buffered.size())) {
    const ProcessLock lock(process_);
    invalid("frame: answered more bytes than it was given");
  }
  return said;
}

void Instance::pumpLinks(int64_t nowNs) {
  for (const auto& link : links_) {
    CommandQueue::EndedList ended;
    {
      const ProcessLock lock(process_);
      link->pumpQueue(nowNs, ended);
      addEnded(ended);
      if (link->takeConnect()) {
        askHost(*link, BUSBAR_LINK_CONNECT);
      }
      if (link->takeStartTls()) {
        askHost(*link, BUSBAR_LINK_START_TLS);
      }
    }
    link->pumpGap(nowNs);
  }
}

// ---- any thread, mutex held

void Instance::addEnded(const CommandQueue::EndedList& ended) {
  for (const CommandQueue::Ended& end : ended) {
    pending_.push_back({BUSBAR_EV_COMMAND, end.status, end.token, {}, end.message});
  }
  if (!ended.empty()) {
    process_.markDirty(*this);
  }
}

busbar_status Instance::send(const busbar_send* send) {
  busbar_send in{};
  std::string_view peer;
  if (!readBlock(send, in) || in.flags != 0 || !viewText(in.peer, 64, peer) ||
      in.bytes.ptr == nullptr || in.bytes.len == 0) {
    return invalid("send: no bytes, unknown flags, or a peer over 64 bytes");
  }
  if (!isActive()) {
    return illegal("send: the module is not running");
  }
  Link* link = findLink(in.link_id);
  if (link == nullptr) {
    return invalid("send: unknown link");
  }
  if (peer.empty() == link->hasPeers()) {
    return invalid("send: a peer belongs to a link with many, and only to it");
  }
  if (in.bytes.len > link->maxFrameBytes()) {
    return invalid("send: more than max_frame_bytes");
  }
  const int64_t nowNs = process_.nowNs();
  if (in.parent_call != 0 && calls_.deadlineNs(in.parent_call) <= nowNs) {
    return BUSBAR_E_TIMEOUT;
  }
  const std::string_view bytes{reinterpret_cast<const char*>(in.bytes.ptr), in.bytes.len};
  const busbar_status status = link->hasPeers() ? link->writeTo(peer, bytes, in.generation, nowNs)
                                                : link->write(bytes, in.generation, nowNs);
  if (status == BUSBAR_E_INVALID) {
    return invalid("send: the peer is no address with a port, or more bytes than a datagram has");
  }
  if (status != BUSBAR_OK || !link->isTaken()) {
    process_.markDirty(*this);  // the strand waits for room, or sees why it failed
  }
  return status;
}

busbar_status Instance::enqueue(const busbar_command* command) {
  busbar_command in{};
  std::string_view name;
  if (!readBlock(command, in) || (in.flags & ~BUSBAR_COMMAND_WAIT) != 0 || in.token == 0 ||
      in.payload.ptr == nullptr || in.payload.len == 0 || !viewText(in.name, 128, name)) {
    return invalid("enqueue: no payload, token 0, unknown flags, or a name over 128 bytes");
  }
  if (!isActive()) {
    return illegal("enqueue: the module is not running");
  }
  Link* link = findLink(in.link_id);
  if (link == nullptr || link->hasPeers() || in.payload.len > link->maxFrameBytes()) {
    return invalid("enqueue: unknown link, one with many peers, or more than max_frame_bytes");
  }
  if (in.parent_call != 0 && !calls_.isOpen(in.parent_call)) {
    return BUSBAR_E_STATE;
  }
  CommandQueue::Command out;
  out.name = name;
  out.payload.assign(reinterpret_cast<const char*>(in.payload.ptr), in.payload.len);
  out.priority = in.priority;
  out.timeoutMs = in.timeout_ms;
  out.retries = in.retries;
  out.delayMs = in.delay_ms;
  out.wait = (in.flags & BUSBAR_COMMAND_WAIT) != 0;
  out.token = in.token;
  out.deadlineNs = calls_.deadlineNs(in.parent_call);
  CommandQueue::EndedList ended;
  const busbar_status status = link->queue().push(std::move(out), ended);
  addEnded(ended);
  if (status == BUSBAR_E_INVALID) {
    return invalid("enqueue: the token is in use");
  }
  process_.markDirty(*this);
  return status;
}

busbar_status Instance::commandDone(const busbar_command_result* result) {
  busbar_command_result in{};
  if (!readBlock(result, in)) {
    return invalid("command_done: no block");
  }
  if (!isActive()) {
    return illegal("command_done: the module is not running");
  }
  CommandQueue::EndedList ended;
  for (const auto& link : links_) {
    if (in.task != 0 && link->task() == in.task) {
      const busbar_status status =
          in.status == BUSBAR_E_AGAIN ? in.status : normalStatus(in.status);
      static_cast<void>(link->queue().finish(in.task, status, process_.nowNs(), ended));
      addEnded(ended);
      process_.markDirty(*this);
      return BUSBAR_OK;
    }
  }
  return BUSBAR_E_STATE;  // an answer that came after the time-out is no fault of the driver
}

busbar_status Instance::setFraming(Link& link, const busbar_doc& options) {
  std::string_view text;
  if (!viewDoc(options, text)) {
    return invalid("link: the framing is not valid JSON");
  }
  auto rule = FramingRule::parse(text);
  if (!rule.ok()) {
    return invalid(rule.error().message);
  }
  if (rule->kind == FramingRule::Kind::Driver && process_.driver.frame == nullptr) {
    return invalid("link: framing \"driver\" without frame()");
  }
  link.setRule(std::move(*rule));
  process_.markDirty(*this);
  return BUSBAR_OK;
}

busbar_status Instance::link(const busbar_link_request* request) {
  busbar_link_request in{};
  if (!readBlock(request, in) || in.flags != 0) {
    return invalid("link: no block, or unknown flags");
  }
  if (!isActive()) {
    return illegal("link: the module is not running");
  }
  Link* link = findLink(in.link_id);
  if (link == nullptr) {
    return invalid("link: unknown link");
  }
  switch (in.action) {
    case BUSBAR_LINK_SET_FRAMING:
      return setFraming(*link, in.options);
    case BUSBAR_LINK_CLEAR_QUEUE: {
      CommandQueue::EndedList ended;
      if (link->hasQueue()) {
        link->queue().clear(ended);
      }
      addEnded(ended);
      return BUSBAR_OK;
    }
    case BUSBAR_LINK_CLOSE_PEER: {
      std::string_view peer;
      if (!link->hasPeers() || !viewText(in.peer, 64, peer)) {
        return invalid("link: CLOSE_PEER on a link without many peers, or no peer");
      }
      process_.markDirty(*this);
      return link->closePeer(peer);
    }
    case BUSBAR_LINK_START_TLS: {
      const busbar_status status = link->startTls();
      if (status == BUSBAR_E_UNSUPPORTED) {
        return invalid("link: START_TLS on a link whose manifest does not say \"tls\": \"start\"");
      }
      process_.markDirty(*this);
      return status;
    }
    case BUSBAR_LINK_HEALTHY:
    case BUSBAR_LINK_UNHEALTHY:
      if (link->health == in.action) {
        return BUSBAR_OK;
      }
      break;
    case BUSBAR_LINK_CONNECT:
    case BUSBAR_LINK_DISCONNECT:
    case BUSBAR_LINK_RECONNECT:
      break;
    default:
      return invalid("link: unknown action");
  }
  if (!process_.outbox.hasRoom(wire::kHeaderBytes + 12)) {
    return BUSBAR_E_AGAIN;
  }
  if (in.action == BUSBAR_LINK_HEALTHY || in.action == BUSBAR_LINK_UNHEALTHY) {
    link->health = in.action;
  }
  wire::encode(process_.outbox.bulk(), number_,
               wire::LinkRequest{in.link_id, in.action, link->generation()});
  process_.touch();
  return BUSBAR_OK;
}

// Of the runner's own accord, so never refused.
void Instance::askHost(const Link& link, uint32_t action) {
  wire::encode(process_.outbox.priority(), number_,
               wire::LinkRequest{link.id(), action, link.generation()});
  process_.touch();
}

}  // namespace busbar::runner
