// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/clock.h"
#include "sdk/base/log.h"
#include "sdk/base/net/address_guard.h"
#include "sdk/base/result.h"

namespace busbar::daemon {

// An address to listen on: numeric IPv4 or IPv6 and a port; port 0 lets the kernel choose.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};
// "127.0.0.1:8080", "[::1]:8080". InvalidArgument says what is wrong with it.
Result<ListenAddress> toListenAddress(std::string_view text);
std::string toString(const ListenAddress& address);

// The lowest sandbox tier that runners may start in (host/sandbox/tiers.h).
enum class SandboxRequire { Full, NoUserns, SeccompOnly };
Result<SandboxRequire> toSandboxRequire(std::string_view name);
std::string_view toString(SandboxRequire require);

// How mail is protected on its way to the mail server: api/triggers/smtp_mailer.h.
enum class MailTls { StartTls, Tls, None };
Result<MailTls> toMailTls(std::string_view name);
std::string_view toString(MailTls tls);

// The mail server of a site; without a host there is none.
struct MailConfig {
  std::string host;
  uint16_t port = 587;
  MailTls tls = MailTls::StartTls;
  std::string from;
  std::string user;
  std::string passwordFile;
  std::string caFile;     // empty: Config::tlsCaFile
  std::string helloName;  // empty: the name of the machine

  bool operator==(const MailConfig&) const = default;
};

// How busbard runs. Plain value; the defaults are those that packaging/busbard.toml documents.
struct Config {
  std::string dataDir = "/var/lib/busbar";
  std::vector<ListenAddress> listen{{"127.0.0.1", 8080}};
  std::string tlsCertificateFile;
  std::string tlsKeyFile;
  std::string tlsCaFile;  // whom modules trust; empty: whom the system trusts
  int64_t maxConnections = 10'000;
  int64_t maxConnectionsPerAddress = 2'000;
  int64_t maxBodyMemoryBytes = 64 << 20;
  Milliseconds headTimeout{10'000};
  Milliseconds bodyTimeout{30'000};
  Milliseconds idleTimeout{75'000};
  std::string timeZone = "UTC";  // IANA name, of modules whose system and zones have none

  LogLevel logLevel = LogLevel::Info;

  SandboxRequire sandboxRequire = SandboxRequire::Full;
  int64_t firstUid = 2'000'000'000;  // of runners, when busbard runs as root
  int64_t uidCount = 10'000;
  bool allowUnsigned = false;

  int64_t auditKeepDays = 400;  // 0: for ever

  MailConfig mail;
  std::vector<AddressRange> webhookAllow;  // what webhooks may reach besides public addresses
  std::string webhookCaFile;               // empty: whom the system trusts

  Milliseconds stopTimeout{5'000};  // for an orderly stop of everything

  bool operator==(const Config&) const = default;
};

// Lays the keys of a TOML document over `config`. On failure nothing is changed and the message
// begins with "FILE:LINE:COLUMN: ": a syntax error, an unknown key, a wrong type, a value out of
// range. `fileName` is for messages only.
Status applyToml(std::string_view text, std::string_view fileName, Config& config);
// Reads the file and applies it. At most 1 MiB.
Status applyTomlFile(const std::string& path, Config& config);
// What only the whole can tell: certificate and key come together, mail has a sender, and its
// password goes over TLS only.
Status checkConfig(const Config& config);

// The first line of a file that nobody but its owner may read, of at most 1 KiB. The errors say
// nothing of what it holds.
Result<std::string> readPasswordFile(const std::string& path);

// Every key that applyToml knows, as "section.key", sorted; for the test that keeps the example
// file complete.
std::vector<std::string> configKeys();

}  // namespace busbar::daemon
