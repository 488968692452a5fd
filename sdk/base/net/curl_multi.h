// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "sdk/base/event_loop.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// Initialises libcurl once; repeats are free. It never touches signal handlers.
void startCurl();

// One libcurl multi handle (one cache of connections) driven by an EventLoop: the only place where
// fds, timers and libcurl meet. It owns the sockets that it opens, so that a watch always ends
// before its fd is closed. Loop-only.
class CurlMulti {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // `easy` has ended and is no longer part of the multi handle. Never called while libcurl is on
    // the stack, so everything is allowed but destroying this CurlMulti.
    virtual void curlEnded(CURL* easy, CURLcode code) = 0;
    // True: `easy` stays part of the multi handle when it has ended, until remove(); for those with
    // CURLOPT_CONNECT_ONLY, whose connection would be closed with that.
    virtual bool keeps(CURL*) const { return false; }
  };

  // `openSockets` counts the sockets of all CurlMultis that share it.
  CurlMulti(EventLoop& loop, Owner& owner, size_t maxConnections, size_t& openSockets);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();  // all handles have been removed before

  // Begins at the end of this turn. Must not be called from a libcurl callback; neither may the two
  // below.
  void add(CURL* easy);
  void remove(CURL* easy);
  void unpause(CURL* easy);

  // For CURLOPT_OPENSOCKETFUNCTION: a non-blocking socket that this object owns, or
  // CURL_SOCKET_BAD. The caller has checked the address.
  curl_socket_t open(const curl_sockaddr& address);
  // For CURLOPT_CLOSESOCKETFUNCTION, with this object as its data.
  static int onClose(void* self, curl_socket_t fd);

  // The socket of a kept handle that has ended without an error: from now on its events go to
  // `handler`, and libcurl's own curl_easy_send() and curl_easy_recv() are for the caller to use.
  // False when there is no connection any more. Ends with remove().
  bool handOver(CURL* easy, uint32_t events, EventLoop::FdHandler handler);
  void setEvents(CURL* easy, uint32_t events);

  size_t socketCount() const { return sockets_.size(); }

 private:
  struct Socket {
    UniqueFd fd;
    FdWatch watch;
    bool wanted = false;  // libcurl asks for events
  };
  static int onSocket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int onTimer(CURLM*, long delayMs, void* self);
  void watch(curl_socket_t fd, int what);
  Socket* socketOf(CURL* easy);
  void ready(curl_socket_t fd, uint32_t events);
  void setTimer(long delayMs);
  void timerFired();
  void act(curl_socket_t fd, int events);

  EventLoop& loop_;
  Owner& owner_;
  size_t& openSockets_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards deferred tasks
  CURLM* multi_;
  std::unordered_map<curl_socket_t, Socket> sockets_;
  Instant due_ = Instant::max();    // when libcurl wants to be called
  Instant armed_ = Instant::max();  // when timer_ fires; may be earlier than due_
  TimerId timer_ = 0;
  bool kickQueued_ = false;
};

}  // namespace busbar
