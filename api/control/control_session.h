// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/authenticator.h"
#include "api/control/control_context.h"
#include "api/control/outbox.h"
#include "sdk/base/callback.h"

namespace busbar::api {

// One control socket: its commands, and what it is told. Rights are looked at again with every
// command, and whenever recheck() is called. Loop-only.
class ControlSession final : private http::WebSocketListener {
 public:
  // `ended` is called once, on the loop, when the socket is gone; it may destroy the session. All
  // references must outlive this.
  ControlSession(ControlContext& context, auth::Authenticator& authenticator,
                 std::shared_ptr<const auth::Principal> principal,
                 Callback<void(ControlSession&)> ended);
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;
  ~ControlSession();

  // False when the client is gone already.
  bool open(const http::Request& request, http::Responder responder) {
    peer_ = request.peerAddress();
    return socket_.open(request, std::move(responder));
  }

  // Asks the authenticator again: closes the socket when the credential is good no more, drops what
  // the role no longer allows. False when the socket is closing.
  bool recheck();
  // The server's sign of life to clients that watch for one.
  void pong();
  // A bound variable changed; `end` is notifyEnd(). An older value may give way if `conflates`.
  void notify(Binding& binding, std::string_view end, bool conflates);
  void log(const DebugTap& tap, const LogLine& line);

  size_t index = 0;  // where the hub keeps it

 private:
  struct Flight;

  void onTextMessage(std::string_view text) override;
  void onBinaryMessage(std::string_view bytes) override;
  void onDrained() override;
  void onClosed(bool wasCut) override;

  void run(const Command& command);
  void bind(const Command& command);
  void unbind(const Command& command);
  void exec(const Command& command);
  void debug(const Command& command);
  void ignore(const Command& command);
  bool admits(const Command& command);
  void begin(const Command& command, const model::Module& mod);
  void dropForbidden();
  void drop(size_t bindingAt);
  void dropTap(size_t tapAt);
  void succeed(std::string_view id, std::string_view meta = {});
  void refuse(std::string_view id, const ControlError& error);
  void give(std::string_view text);
  void send(std::string_view text);
  void checkPending();

  ControlContext& context_;
  auth::Authenticator& authenticator_;
  std::shared_ptr<const auth::Principal> principal_;  // shared with the authenticator's cache
  Callback<void(ControlSession&)> ended_;
  std::string peer_;
  http::WebSocket socket_;
  std::vector<std::unique_ptr<Binding>> bindings_;
  std::vector<std::unique_ptr<DebugTap>> taps_;
  std::unique_ptr<Outbox> outbox_;  // only while the reader is behind
  std::shared_ptr<Flight> flight_;  // shared with the completions of its calls; made by the first
};

}  // namespace busbar::api
