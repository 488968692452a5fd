// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "api/http/front/front.h"
#include "api/http/front/request_reader.h"
#include "api/http/front/response_writer.h"

namespace busbar::http {

class Connection;

// What the connections of one front share. Owned by the front, which outlives its open connections;
// a closed one never looks at it. Loop-only.
class FrontContext {
 public:
  FrontContext(EventLoop& eventLoop, Handler& requestHandler, const FrontOptions& frontOptions)
      : loop(eventLoop),
        handler(requestHandler),
        options(frontOptions),
        writer(eventLoop.clock()),
        readBuffer(kReadBytes) {
    reader.maxHeadBytes = options.maxHeadBytes;
    reader.maxBodyBytesInMemory = options.maxBodyBytesInMemory;
  }
  virtual ~FrontContext() = default;
  FrontContext(const FrontContext&) = delete;
  FrontContext& operator=(const FrontContext&) = delete;

  // The connection has closed its socket; drops the front's reference to it.
  virtual void onConnectionClosed(Connection& connection) = 0;
  // Sends what `connection` has queued at the end of this turn.
  virtual void flushLater(Connection& connection) = 0;

  static constexpr size_t kReadBytes = 64 * 1024;

  EventLoop& loop;
  Handler& handler;
  const FrontOptions options;
  FrontStats stats;
  ReaderShared reader;
  ResponseWriter writer;
  std::vector<char> readBuffer;  // one for all: a turn reads one connection at a time
  bool draining = false;
};

}  // namespace busbar::http
