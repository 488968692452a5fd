// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/link/tls_client.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// Carries bytes between a device's connection, in clear or over TLS, and the host's end of a
// socketpair whose other end the runner has. Holds at most kBufferBytes each way: while one side
// does not take, the other is not read. Loop-only.
//
// Once the owner says that it may not write, it ends without sending what it holds.
class StreamPump {
 public:
  static constexpr size_t kBufferBytes = 64U << 10U;

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual bool pumpMayWrite() const = 0;
    // The last call; the pump may be deleted in it. `why` is nullptr when the runner closed its
    // end and all that it had written went out.
    virtual void pumpEnded(const Error* why) = 0;
    // After drain(): all that the runner wrote has gone out. The pump may be deleted in it.
    virtual void pumpDrained() = 0;
  };

  // `tls` is nullptr for a connection in clear, else its handshake is done. Both fds are
  // non-blocking stream sockets.
  StreamPump(EventLoop& loop, Owner& owner, UniqueFd device, std::unique_ptr<TlsClientSession> tls,
             UniqueFd pair);
  StreamPump(const StreamPump&) = delete;
  StreamPump& operator=(const StreamPump&) = delete;
  ~StreamPump();

  Status start();
  // Reads the device no more; pumpDrained() follows when the runner's bytes have gone out.
  void drain();
  // Moves what goes at once; nothing is called back.
  void finish();
  // After the end.
  UniqueFd takeDevice() { return std::move(device_); }
  UniqueFd takePair();

 private:
  struct Buffer {
    std::unique_ptr<char[]> bytes = std::make_unique<char[]>(kBufferBytes);
    size_t begin = 0;
    size_t end = 0;
    bool empty() const { return begin == end; }
    std::string_view view() const { return {bytes.get() + begin, end - begin}; }
  };
  using Io = TlsClientSession::Io;
  using State = TlsClientSession::State;

  void run();
  bool pairToDevice();
  bool deviceToPair();
  Io readDevice();
  Io writeDevice();
  void deviceClosed();
  void endOrderly();
  void fail(Error error);
  void tellEnd();
  void watchAgain();
  void onDevice(uint32_t events);
  void onPair(uint32_t events);

  EventLoop& loop_;
  Owner& owner_;
  UniqueFd device_;
  std::unique_ptr<TlsClientSession> tls_;
  UniqueFd pair_;
  FdWatch deviceWatch_;
  FdWatch pairWatch_;
  Buffer toDevice_;
  Buffer toRunner_;
  TimerId lingerTimer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards deferred runs
  enum class End { None, Orderly, Failed, Drained };
  End end_ = End::None;
  Error failure_;
  bool deviceDone_ = false;  // it sends no more
  bool pairDone_ = false;    // the runner sends no more
  bool draining_ = false;
  bool deviceBlocks_ = false;    // takes no bytes now
  bool readWantsWrite_ = false;  // TLS
  bool writeWantsRead_ = false;  // TLS
};

}  // namespace busbar
