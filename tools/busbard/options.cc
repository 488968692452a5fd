// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/options.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "sdk/base/version.h"

namespace busbar::daemon {
namespace {

// What was given; an empty one was not.
struct Flags {
  std::string configFile;
  std::string dataDir;
  std::vector<std::string> listen;
  std::string tlsCertificateFile;
  std::string tlsKeyFile;
  std::string sandboxRequire;
  std::string logLevel;
  bool allowUnsigned = false;
};

Status overlay(const Flags& flags, Config& config) {
  if (!flags.configFile.empty()) {
    BUSBAR_TRY(applyTomlFile(flags.configFile, config));
  }
  if (!flags.dataDir.empty()) {
    config.dataDir = flags.dataDir;
  }
  if (!flags.listen.empty()) {
    config.listen.clear();
  }
  for (const std::string& text : flags.listen) {
    auto address = toListenAddress(text);
    if (!address) {
      return address.error();
    }
    config.listen.push_back(std::move(*address));
  }
  if (!flags.tlsCertificateFile.empty()) {
    config.tlsCertificateFile = flags.tlsCertificateFile;
  }
  if (!flags.tlsKeyFile.empty()) {
    config.tlsKeyFile = flags.tlsKeyFile;
  }
  if (!flags.sandboxRequire.empty()) {
    auto require = toSandboxRequire(flags.sandboxRequire);
    if (!require) {
      return Error::of(ErrorCode::InvalidArgument, "--sandbox-require: " + require.error().message);
    }
    config.sandboxRequire = *require;
  }
  if (!flags.logLevel.empty()) {
    const auto level = logLevelFrom(flags.logLevel);
    if (!level) {
      return Error::of(ErrorCode::InvalidArgument,
                       "--log-level: must be trace, debug, info, warn or error");
    }
    config.logLevel = *level;
  }
  config.allowUnsigned = config.allowUnsigned || flags.allowUnsigned;
  return checkConfig(config);
}

}  // namespace

Result<Options> parseOptions(const std::vector<std::string>& arguments) {
  CLI::App app("The Busbar daemon: runs drivers, serves the REST API.", "busbard");
  app.set_version_flag("--version", "busbard " + std::string(versionText()));
  Flags flags;
  app.add_option("--data", flags.dataDir, "Folder of everything the site knows")->type_name("DIR");
  app.add_option("--listen", flags.listen,
                 "Where the REST API listens, 127.0.0.1:8080; may be given again")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  app.add_option("--config", flags.configFile, "TOML file; the flags here win over it")
      ->type_name("FILE");
  app.add_option("--tls-cert", flags.tlsCertificateFile, "PEM certificate chain for HTTPS")
      ->type_name("FILE");
  app.add_option("--tls-key", flags.tlsKeyFile, "PEM key of the certificate")->type_name("FILE");
  app.add_flag("--allow-unsigned", flags.allowUnsigned,
               "Load drivers that were not built with this Busbar");
  app.add_option("--sandbox-require", flags.sandboxRequire,
                 "Least sandbox that drivers may run in: full, no-userns or seccomp-only")
      ->type_name("TIER");
  app.add_option("--log-level", flags.logLevel, "trace, debug, info, warn or error")
      ->type_name("LEVEL");
  Options options;
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::Success& leave) {  // --help, --version
    std::ostringstream text;
    std::ostringstream unused;
    app.exit(leave, text, unused);
    options.printAndLeave = text.str();
    return options;
  } catch (const CLI::ParseError& error) {
    return Error::of(ErrorCode::InvalidArgument,
                     std::string(error.what()) + " (busbard --help lists the flags)");
  }
  BUSBAR_TRY(overlay(flags, options.config));
  return options;
}

}  // namespace busbar::daemon
