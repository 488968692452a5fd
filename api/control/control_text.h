// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/control/command.h"
#include "host/client/host_client.h"

// What the server says over a control websocket; shapes: openapi.yaml "ControlReply". Members that
// have no value are absent. `id` and `meta` are JSON text.
namespace busbar::api {

// {"sys":…,"mod":…,"index":…,"name":…}, as the client named it.
std::string metaOf(const Command& command);
// The part of such a text that is the same whatever `name` is.
std::string_view placeIn(std::string_view meta);

// Each appends one message to `out`.
void appendSuccess(std::string& out, std::string_view id, std::string_view meta = {});
void appendResult(std::string& out, std::string_view id, std::string_view meta,
                  const ExecuteReply& reply);
void appendError(std::string& out, std::string_view id, const ControlError& error);
void appendLog(std::string& out, std::string_view id, std::string_view meta,
               std::string_view moduleId, const LogLine& line);

// A notification is `id` between these two, so that many readers share the second.
inline constexpr std::string_view kNotifyBegin = "{\"id\":";
std::string notifyEnd(std::string_view value, std::string_view meta);

}  // namespace busbar::api
