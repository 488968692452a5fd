// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

#include "sdk/base/time_zone.h"
#include "sdk/base/unique_fd.h"

namespace busbar::daemon {
namespace {

constexpr std::streamoff kMaxFileBytes = 1 << 20;

Error invalid(std::string message) {
  return Error::of(ErrorCode::InvalidArgument, std::move(message));
}

// The readers below say what was expected; applyToml puts place and key before it.
Status readText(const toml::node& node, std::string& out) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    return invalid("must be a string");
  }
  out = value->get();
  return {};
}

Status readFlag(const toml::node& node, bool& out) {
  const auto* value = node.as_boolean();
  if (value == nullptr) {
    return invalid("must be true or false");
  }
  out = value->get();
  return {};
}

Status readInteger(const toml::node& node, int64_t least, int64_t most, int64_t& out) {
  const auto* value = node.as_integer();
  if (value == nullptr || value->get() < least || value->get() > most) {
    return invalid("must be an integer from " + std::to_string(least) + " to " +
                   std::to_string(most));
  }
  out = value->get();
  return {};
}

Status readMilliseconds(const toml::node& node, int64_t least, int64_t most, Milliseconds& out) {
  int64_t count = 0;
  BUSBAR_TRY(readInteger(node, least, most, count));
  out = Milliseconds(count);
  return {};
}

Status readListen(const toml::node& node, std::vector<ListenAddress>& out) {
  std::vector<std::string> texts;
  if (const auto* one = node.as_string()) {
    texts.push_back(one->get());
  } else if (const auto* many = node.as_array()) {
    for (const toml::node& element : *many) {
      std::string text;
      BUSBAR_TRY(readText(element, text));
      texts.push_back(std::move(text));
    }
  }
  if (texts.empty() || texts.size() > 16) {
    return invalid("must be an address or a list of 1 to 16 addresses");
  }
  std::vector<ListenAddress> addresses;
  for (const std::string& text : texts) {
    auto address = toListenAddress(text);
    if (!address) {
      return address.error();
    }
    addresses.push_back(std::move(*address));
  }
  out = std::move(addresses);
  return {};
}

Status readTimeZone(const toml::node& node, std::string& out) {
  std::string name;
  BUSBAR_TRY(readText(node, name));
  if (auto zone = TimeZone::find(name); !zone.ok()) {
    return invalid(zone.error().message);
  }
  out = std::move(name);
  return {};
}

Status readLevel(const toml::node& node, LogLevel& out) {
  std::string name;
  BUSBAR_TRY(readText(node, name));
  const auto level = logLevelFrom(name);
  if (!level) {
    return invalid("must be trace, debug, info, warn or error");
  }
  out = *level;
  return {};
}

Status readRequire(const toml::node& node, SandboxRequire& out) {
  std::string name;
  BUSBAR_TRY(readText(node, name));
  auto require = toSandboxRequire(name);
  if (!require) {
    return require.error();
  }
  out = *require;
  return {};
}

Status readPort(const toml::node& node, uint16_t& out) {
  int64_t port = 0;
  BUSBAR_TRY(readInteger(node, 1, 65'535, port));
  out = static_cast<uint16_t>(port);
  return {};
}

Status readMailTls(const toml::node& node, MailTls& out) {
  std::string name;
  BUSBAR_TRY(readText(node, name));
  auto tls = toMailTls(name);
  if (!tls) {
    return tls.error();
  }
  out = *tls;
  return {};
}

Status readRanges(const toml::node& node, std::vector<AddressRange>& out) {
  const auto* list = node.as_array();
  if (list == nullptr || list->size() > 64) {
    return invalid("must be a list of at most 64 ranges of addresses");
  }
  std::vector<AddressRange> ranges;
  for (const toml::node& element : *list) {
    std::string text;
    BUSBAR_TRY(readText(element, text));
    const auto range = AddressRange::parse(text);
    if (!range) {
      return invalid("'" + text + "' is no range of addresses; write it as 10.0.0.0/8, fd00::/8 " +
                     "or 127.0.0.1, with zeros behind the prefix");
    }
    ranges.push_back(*range);
  }
  out = std::move(ranges);
  return {};
}

struct Key {
  std::string_view section;
  std::string_view name;
  Status (*apply)(const toml::node&, Config&);
};

// The one list of keys; packaging/busbard.toml documents each.
constexpr std::array kKeys{
    Key{"data", "dir", [](const toml::node& n, Config& c) { return readText(n, c.dataDir); }},
    Key{"server", "listen", [](const toml::node& n, Config& c) { return readListen(n, c.listen); }},
    Key{"server", "tls_cert",
        [](const toml::node& n, Config& c) { return readText(n, c.tlsCertificateFile); }},
    Key{"server", "tls_key",
        [](const toml::node& n, Config& c) { return readText(n, c.tlsKeyFile); }},
    Key{"tls", "ca_file", [](const toml::node& n, Config& c) { return readText(n, c.tlsCaFile); }},
    Key{"server", "max_connections",
        [](const toml::node& n, Config& c) {
          return readInteger(n, 1, 1'000'000, c.maxConnections);
        }},
    Key{"server", "max_connections_per_address",
        [](const toml::node& n, Config& c) {
          return readInteger(n, 1, 1'000'000, c.maxConnectionsPerAddress);
        }},
    Key{"server", "max_body_memory_bytes",
        [](const toml::node& n, Config& c) {
          return readInteger(n, 1 << 20, int64_t{1} << 36, c.maxBodyMemoryBytes);
        }},
    Key{"server", "head_timeout_ms",
        [](const toml::node& n, Config& c) {
          return readMilliseconds(n, 100, 600'000, c.headTimeout);
        }},
    Key{"server", "body_timeout_ms",
        [](const toml::node& n, Config& c) {
          return readMilliseconds(n, 100, 3'600'000, c.bodyTimeout);
        }},
    Key{"server", "idle_timeout_ms",
        [](const toml::node& n, Config& c) {
          return readMilliseconds(n, 100, 3'600'000, c.idleTimeout);
        }},
    Key{"server", "stop_timeout_ms",
        [](const toml::node& n, Config& c) {
          return readMilliseconds(n, 100, 600'000, c.stopTimeout);
        }},
    Key{"server", "time_zone",
        [](const toml::node& n, Config& c) { return readTimeZone(n, c.timeZone); }},
    Key{"log", "level", [](const toml::node& n, Config& c) { return readLevel(n, c.logLevel); }},
    Key{"sandbox", "require",
        [](const toml::node& n, Config& c) { return readRequire(n, c.sandboxRequire); }},
    Key{"sandbox", "first_uid",
        [](const toml::node& n, Config& c) {
          return readInteger(n, 1'000, 4'000'000'000, c.firstUid);
        }},
    Key{"sandbox", "uid_count",
        [](const toml::node& n, Config& c) { return readInteger(n, 1, 1'000'000, c.uidCount); }},
    Key{"drivers", "allow_unsigned",
        [](const toml::node& n, Config& c) { return readFlag(n, c.allowUnsigned); }},
    Key{"audit", "keep_days",
        [](const toml::node& n, Config& c) { return readInteger(n, 0, 36'500, c.auditKeepDays); }},
    Key{"mail", "host", [](const toml::node& n, Config& c) { return readText(n, c.mail.host); }},
    Key{"mail", "port", [](const toml::node& n, Config& c) { return readPort(n, c.mail.port); }},
    Key{"mail", "tls", [](const toml::node& n, Config& c) { return readMailTls(n, c.mail.tls); }},
    Key{"mail", "from", [](const toml::node& n, Config& c) { return readText(n, c.mail.from); }},
    Key{"mail", "user", [](const toml::node& n, Config& c) { return readText(n, c.mail.user); }},
    Key{"mail", "password_file",
        [](const toml::node& n, Config& c) { return readText(n, c.mail.passwordFile); }},
    Key{"mail", "ca_file",
        [](const toml::node& n, Config& c) { return readText(n, c.mail.caFile); }},
    Key{"mail", "hello_name",
        [](const toml::node& n, Config& c) { return readText(n, c.mail.helloName); }},
    Key{"webhooks", "allow",
        [](const toml::node& n, Config& c) { return readRanges(n, c.webhookAllow); }},
    Key{"webhooks", "ca_file",
        [](const toml::node& n, Config& c) { return readText(n, c.webhookCaFile); }},
};

std::string place(std::string_view fileName, const toml::source_region& source) {
  return std::string(fileName) + ":" + std::to_string(source.begin.line) + ":" +
         std::to_string(source.begin.column) + ": ";
}

std::string sectionNames() {
  std::string names;
  for (const Key& key : kKeys) {
    const std::string name = "[" + std::string(key.section) + "]";
    if (names.find(name) == std::string::npos) {
      names += (names.empty() ? "" : ", ") + name;
    }
  }
  return names;
}

std::string keyNames(std::string_view section) {
  std::string names;
  for (const Key& key : kKeys) {
    if (key.section == section) {
      names += (names.empty() ? "" : ", ") + std::string(key.name);
    }
  }
  return names;
}

Status applySection(std::string_view section, const toml::table& table, std::string_view fileName,
                    Config& config) {
  for (const auto& [name, node] : table) {
    const auto* key = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& k) {
      return k.section == section && k.name == name.str();
    });
    if (key == kKeys.end()) {
      return invalid(place(fileName, name.source()) + "unknown key '" + std::string(name.str()) +
                     "' in [" + std::string(section) + "]; known are: " + keyNames(section));
    }
    if (const Status applied = key->apply(node, config); !applied.ok()) {
      return invalid(place(fileName, node.source()) + std::string(section) + "." +
                     std::string(name.str()) + ": " + applied.error().message);
    }
  }
  return {};
}

Status checkMail(const MailConfig& mail) {
  if (mail.host.empty()) {
    const bool isAlone = mail.user.empty() && mail.passwordFile.empty() && mail.from.empty();
    return isAlone ? Status() : invalid("mail needs a server: give mail.host");
  }
  if (mail.from.empty()) {
    return invalid("mail needs a sender: give mail.from");
  }
  if (mail.user.empty() != mail.passwordFile.empty()) {
    return invalid(
        "a user of the mail server needs a password, and the other way round: give "
        "mail.user and mail.password_file");
  }
  if (!mail.user.empty() && mail.tls == MailTls::None) {
    return invalid(
        "mail.user needs TLS, else its password can be read on the way: set mail.tls "
        "to starttls or tls");
  }
  return {};
}

}  // namespace

Result<ListenAddress> toListenAddress(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return invalid("listen address '" + std::string(text) + "': " + std::string(why) +
                   "; write it as 127.0.0.1:8080 or [::1]:8080");
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return wrong("the port is missing");
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
    return wrong("the port must be a number from 0 to 65535");
  }
  unsigned char binary[sizeof(in6_addr)];
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const std::string plain(host);
  if (inet_pton(bracketed ? AF_INET6 : AF_INET, plain.c_str(), binary) != 1) {
    return wrong("the host must be a numeric address");
  }
  return ListenAddress{plain, port};
}

std::string toString(const ListenAddress& address) {
  const bool isV6 = address.host.find(':') != std::string::npos;
  return (isV6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<SandboxRequire> toSandboxRequire(std::string_view name) {
  for (const auto require :
       {SandboxRequire::Full, SandboxRequire::NoUserns, SandboxRequire::SeccompOnly}) {
    if (toString(require) == name) {
      return require;
    }
  }
  return invalid("must be full, no-userns or seccomp-only");
}

std::string_view toString(SandboxRequire require) {
  switch (require) {
    case SandboxRequire::Full:
      return "full";
    case SandboxRequire::NoUserns:
      return "no-userns";
    case SandboxRequire::SeccompOnly:
      break;
  }
  return "seccomp-only";
}

Result<MailTls> toMailTls(std::string_view name) {
  for (const auto tls : {MailTls::StartTls, MailTls::Tls, MailTls::None}) {
    if (toString(tls) == name) {
      return tls;
    }
  }
  return invalid("must be starttls, tls or none");
}

std::string_view toString(MailTls tls) {
  switch (tls) {
    case MailTls::StartTls:
      return "starttls";
    case MailTls::Tls:
      return "tls";
    case MailTls::None:
      break;
  }
  return "none";
}

Status applyToml(std::string_view text, std::string_view fileName, Config& config) {
  try {
    const toml::table document = toml::parse(text, fileName);
    Config changed = config;
    for (const auto& [name, node] : document) {
      const auto* table = node.as_table();
      if (table == nullptr || keyNames(name.str()).empty()) {
        return invalid(place(fileName, name.source()) + "unknown " +
                       (table == nullptr ? "key '" : "section '") + std::string(name.str()) +
                       "'; the sections are " + sectionNames());
      }
      BUSBAR_TRY(applySection(name.str(), *table, fileName, changed));
    }
    config = std::move(changed);
    return {};
  } catch (const toml::parse_error& error) {
    return invalid(place(fileName, error.source()) + std::string(error.description()));
  }
}

Status applyTomlFile(const std::string& path, Config& config) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return invalid("read configuration " + path + ": is a folder");
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return Error::fromErrno(errno, "read configuration " + path);
  }
  if (file.tellg() > kMaxFileBytes) {
    return invalid("read configuration " + path + ": larger than 1 MiB");
  }
  file.seekg(0);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error::fromErrno(EIO, "read configuration " + path);
  }
  return applyToml(text.str(), path, config);
}

Status checkConfig(const Config& config) {
  if (config.tlsCertificateFile.empty() != config.tlsKeyFile.empty()) {
    return invalid("TLS needs both a certificate and a key: give tls_cert and tls_key");
  }
  if (config.dataDir.empty()) {
    return invalid("the data folder is empty: give --data DIR or data.dir");
  }
  return checkMail(config.mail);
}

Result<std::string> readPasswordFile(const std::string& path) {
  const std::string what = "read password file " + path;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return Error::fromErrno(errno, what);
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid(what + ": is no file");
  }
  if ((info.st_mode & 077) != 0) {
    return Error::of(ErrorCode::FailedPrecondition,
                     what + ": others may read it; make it private with: chmod 600 " + path);
  }
  std::array<char, 1025> bytes{};
  const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
  if (count < 0) {
    return Error::fromErrno(errno, what);
  }
  const std::string_view text(bytes.data(), static_cast<size_t>(count));
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty() || line.size() == bytes.size() || line.find('\0') != std::string_view::npos) {
    return invalid(what + ": its first line is no password of 1 to 1024 bytes");
  }
  return std::string(line);
}

std::vector<std::string> configKeys() {
  std::vector<std::string> keys;
  for (const Key& key : kKeys) {
    keys.push_back(std::string(key.section) + "." + std::string(key.name));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace busbar::daemon
