// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// A client that sends exactly the bytes it is given, while it turns the server's loop in the same
// thread. Every wait ends after `kPatience`. Loopback only.
class RawHttpClient {
 public:
  static constexpr Milliseconds kPatience{10'000};

  // `receiveBufferBytes` > 0 makes a reader with a small window.
  RawHttpClient(EventLoop& loop, uint16_t port, int receiveBufferBytes = 0);

  // Sends all, turning the loop while the socket is full. False once the peer has reset.
  bool send(std::string_view bytes);
  void endSending();  // FIN; the answer can still be read
  void close() { fd_.reset(); }

  // Reads until `enough(received())`, end of stream or patience; true in the first case.
  bool readUntil(Callback<bool(const std::string&)> enough);
  bool readUntilContains(std::string_view text);
  // Reads until the peer ends; false if it did not in time.
  bool readToEnd();
  // Reads one response with Content-Length, takes it off received() and returns it whole.
  std::string readResponse();
  // Turns the loop without reading.
  bool turnUntil(Callback<bool()> enough);

  std::string& received() { return received_; }
  bool hasEnded() const { return ended_; }
  int fd() const { return fd_.get(); }

 private:
  void readSome();
  EventLoop& loop_;
  UniqueFd fd_;
  std::string received_;
  bool ended_ = false;
};

}  // namespace busbar
