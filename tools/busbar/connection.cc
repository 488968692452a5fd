// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "tools/busbar/exit_code.h"

namespace busbar::cli {
namespace {

std::string environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

bool hasControlSocket(const std::string& dataDir) {
  struct stat info{};
  return !dataDir.empty() && stat((dataDir + "/" + kControlSocketName).c_str(), &info) == 0 &&
         S_ISSOCK(info.st_mode);
}

Result<std::string> readKeyFile(const std::string& path) {
  std::ifstream file(path);
  std::string key;
  if (!file) {
    return usageError(Error::fromErrno(errno, "read key file " + path).message);
  }
  file >> key;
  if (key.empty() || key.size() > 512) {
    return usageError("key file " + path +
                      " holds no key: it is one line, as `keys create` prints it");
  }
  return key;
}

Result<std::string> keyFrom(const std::string& key, const std::string& keyFile) {
  if (!key.empty() || keyFile.empty()) {
    return key;
  }
  return readKeyFile(keyFile);
}

Result<std::string> checkUrl(std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return usageError("server '" + url + "' must begin with http:// or https://");
  }
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url;
}

}  // namespace

std::string Connection::describe() const {
  return serverUrl.empty() ? "the Busbar of " + dataDir : serverUrl;
}

std::string userDataDir() {
  const std::string state = environment("XDG_STATE_HOME");
  return state.empty() ? environment("HOME") + "/.local/state/busbar" : state + "/busbar";
}

Result<Connection> toConnection(const ConnectionFlags& flags) {
  if (!flags.dataDir.empty() && !flags.server.empty()) {
    return usageError("give --data or --server, not both");
  }
  Connection connection;
  connection.caFile = flags.caFile;
  connection.dataDir = flags.dataDir;
  const std::string server =
      flags.dataDir.empty() && flags.server.empty() ? environment("BUSBAR_SERVER") : flags.server;
  if (!server.empty()) {
    auto url = checkUrl(server);
    if (!url) {
      return url.error();
    }
    connection.serverUrl = *url;
    auto key = flags.key.empty() && flags.keyFile.empty()
                   ? keyFrom(environment("BUSBAR_KEY"), environment("BUSBAR_KEY_FILE"))
                   : keyFrom(flags.key, flags.keyFile);
    if (!key) {
      return key.error();
    }
    connection.key = *key;
    return connection;
  }
  if (connection.dataDir.empty()) {
    connection.dataDir = environment("BUSBAR_DATA");
  }
  for (const std::string& candidate : {std::string("/var/lib/busbar"), userDataDir()}) {
    if (connection.dataDir.empty() && hasControlSocket(candidate)) {
      connection.dataDir = candidate;
    }
  }
  if (connection.dataDir.empty()) {
    return usageError(
        "which Busbar? give --data DIR of one on this machine, or --server URL with --key-file "
        "FILE\n(or set BUSBAR_DATA, or BUSBAR_SERVER and BUSBAR_KEY)");
  }
  return connection;
}

}  // namespace busbar::cli
