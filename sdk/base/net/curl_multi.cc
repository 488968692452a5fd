// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/curl_multi.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

namespace busbar {
namespace {

template <class Value>
void set(CURLM* multi, CURLMoption option, Value value) {
  BUSBAR_CHECK(curl_multi_setopt(multi, option, value) == CURLM_OK);
}

}  // namespace

void startCurl() {
  static const bool kStarted = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  BUSBAR_CHECK(kStarted);
}

CurlMulti::CurlMulti(EventLoop& loop, Owner& owner, size_t maxConnections, size_t& openSockets)
    : loop_(loop), owner_(owner), openSockets_(openSockets) {
  startCurl();
  multi_ = curl_multi_init();
  BUSBAR_CHECK(multi_ != nullptr);
  set(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::onSocket);
  set(multi_, CURLMOPT_SOCKETDATA, this);
  set(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::onTimer);
  set(multi_, CURLMOPT_TIMERDATA, this);
  set(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  set(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(maxConnections));
  set(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(maxConnections));
}

CurlMulti::~CurlMulti() {
  *alive_ = false;
  loop_.cancel(timer_);
  BUSBAR_CHECK(curl_multi_cleanup(multi_) == CURLM_OK);
  openSockets_ -= sockets_.size();
}

void CurlMulti::add(CURL* easy) {
  BUSBAR_CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

void CurlMulti::remove(CURL* easy) {
  BUSBAR_CHECK(curl_multi_remove_handle(multi_, easy) == CURLM_OK);
}

void CurlMulti::unpause(CURL* easy) {
  // An error here comes back as the end of the transfer.
  curl_easy_pause(easy, CURLPAUSE_CONT);
}

curl_socket_t CurlMulti::open(const curl_sockaddr& address) {
  UniqueFd fd(
      ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol));
  if (!fd) {
    return CURL_SOCKET_BAD;
  }
  const curl_socket_t number = fd.get();
  sockets_[number].fd = std::move(fd);
  ++openSockets_;
  return number;
}

int CurlMulti::onClose(void* self, curl_socket_t fd) {
  auto* multi = static_cast<CurlMulti*>(self);
  const auto found = multi->sockets_.find(fd);
  BUSBAR_CHECK(found != multi->sockets_.end());
  found->second.watch.end();
  multi->sockets_.erase(found);
  --multi->openSockets_;
  return 0;
}

int CurlMulti::onSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<CurlMulti*>(self)->watch(fd, what);
  return 0;
}

void CurlMulti::watch(curl_socket_t fd, int what) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) {
    return;  // libcurl says REMOVE once more for a socket that it has closed
  }
  Socket& socket = found->second;
  if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
    // The watch stays: the next request on this connection most likely wants the same events. If
    // something comes before that, ready() ends it.
    socket.wanted = false;
    return;
  }
  socket.wanted = true;
  const uint32_t events = ((what & CURL_POLL_IN) != 0 ? static_cast<uint32_t>(EPOLLIN) : 0U) |
                          ((what & CURL_POLL_OUT) != 0 ? static_cast<uint32_t>(EPOLLOUT) : 0U);
  if (socket.watch.active()) {
    socket.watch.setEvents(events);
    return;
  }
  auto watch = loop_.watch(fd, events, [this, fd](uint32_t seen) { ready(fd, seen); });
  BUSBAR_CHECK(watch.ok());
  socket.watch = std::move(*watch);
}

void CurlMulti::ready(curl_socket_t fd, uint32_t events) {
  Socket& socket = sockets_.at(fd);
  if (!socket.wanted) {
    socket.watch.end();  // an idle connection ends; libcurl sees that when it next looks at it
    return;
  }
  const bool hasFailed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  act(fd, ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
              ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
              (hasFailed ? CURL_CSELECT_ERR : 0));
}

CurlMulti::Socket* CurlMulti::socketOf(CURL* easy) {
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
  const auto found = sockets_.find(fd);
  return found == sockets_.end() ? nullptr : &found->second;
}

bool CurlMulti::handOver(CURL* easy, uint32_t events, EventLoop::FdHandler handler) {
  Socket* const socket = socketOf(easy);
  if (socket == nullptr) {
    return false;
  }
  socket->watch.end();
  auto watch = loop_.watch(socket->fd.get(), events, std::move(handler));
  BUSBAR_CHECK(watch.ok());
  socket->watch = std::move(*watch);
  return true;
}

void CurlMulti::setEvents(CURL* easy, uint32_t events) {
  if (Socket* const socket = socketOf(easy)) {
    socket->watch.setEvents(events);
  }
}

int CurlMulti::onTimer(CURLM*, long delayMs, void* self) {
  static_cast<CurlMulti*>(self)->setTimer(delayMs);
  return 0;
}

void CurlMulti::setTimer(long delayMs) {
  if (delayMs < 0) {
    due_ = Instant::max();
    return;
  }
  if (delayMs == 0) {
    due_ = Instant::max();
    if (!std::exchange(kickQueued_, true)) {
      loop_.defer([this, alive = alive_] {
        if (*alive) {
          kickQueued_ = false;
          act(CURL_SOCKET_TIMEOUT, 0);
        }
      });
    }
    return;
  }
  due_ = loop_.now() + Milliseconds(delayMs);
  if (due_ < armed_) {
    loop_.cancel(timer_);
    armed_ = due_;
    timer_ = loop_.runAt(armed_, [this] { timerFired(); });
  }
}

void CurlMulti::timerFired() {
  timer_ = 0;
  armed_ = Instant::max();
  if (due_ > loop_.now()) {  // it was put off meanwhile
    if (due_ != Instant::max()) {
      armed_ = due_;
      timer_ = loop_.runAt(armed_, [this] { timerFired(); });
    }
    return;
  }
  due_ = Instant::max();
  act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlMulti::act(curl_socket_t fd, int events) {
  int running = 0;
  BUSBAR_CHECK(curl_multi_socket_action(multi_, fd, events, &running) == CURLM_OK);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    if (!owner_.keeps(easy)) {
      remove(easy);
    }
    owner_.curlEnded(easy, code);
  }
}

}  // namespace busbar
