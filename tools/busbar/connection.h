// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sdk/base/result.h"

namespace busbar::cli {

// What the global flags say about whom to talk to; empty members were not given.
struct ConnectionFlags {
  std::string dataDir;
  std::string server;
  std::string key;
  std::string keyFile;
  std::string caFile;
};

// Whom to talk to: a control socket, or a server with a key.
struct Connection {
  std::string dataDir;    // with the control socket in it; empty when `serverUrl` is set
  std::string serverUrl;  // "https://busbar.example:8443", no slash at the end
  std::string key;
  std::string caFile;  // PEM, instead of the system's certificate authorities

  // For messages: the URL, or "the Busbar of DIR".
  std::string describe() const;
};

// The flags win over BUSBAR_DATA, BUSBAR_SERVER, BUSBAR_KEY and BUSBAR_KEY_FILE; a server wins over
// a folder within each. Without any of them: the first of /var/lib/busbar and the state folder of
// `tools/up` with a control socket. Usage errors: --data with --server, no usable key file.
Result<Connection> toConnection(const ConnectionFlags& flags);

// Name of the control socket inside of the data folder.
inline constexpr const char* kControlSocketName = "control.sock";
// Where tools/up keeps its site: $XDG_STATE_HOME/busbar, or ~/.local/state/busbar.
std::string userDataDir();

}  // namespace busbar::cli
