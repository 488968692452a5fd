// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/outbound.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "api/triggers/webhook_call.h"

namespace busbar::daemon {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;

Error of(const std::string& key, Error error) {
  error.message = key + ": " + error.message;
  return error;
}

Result<std::string> readPem(const std::string& path) {
  if (path.empty()) {
    return std::string();
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error::fromErrno(errno, "read " + path);
  }
  std::string text;
  text.resize(kMaxPemBytes + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty() || text.size() > kMaxPemBytes) {
    return Error::of(ErrorCode::InvalidArgument,
                     "read " + path + ": is empty, no file, or larger than 1 MiB");
  }
  return text;
}

triggers::SmtpMailer::Tls tlsOf(MailTls tls) {
  switch (tls) {
    case MailTls::StartTls:
      return triggers::SmtpMailer::Tls::StartTls;
    case MailTls::Tls:
      return triggers::SmtpMailer::Tls::Tls;
    case MailTls::None:
      break;
  }
  return triggers::SmtpMailer::Tls::None;
}

}  // namespace

Result<std::unique_ptr<triggers::SmtpMailer>> makeMailer(EventLoop& loop, Resolver& resolver,
                                                         Logger& logger, const Config& config) {
  const MailConfig& mail = config.mail;
  if (mail.host.empty()) {
    return std::unique_ptr<triggers::SmtpMailer>();
  }
  triggers::SmtpMailer::Options options;
  options.host = mail.host;
  options.port = mail.port;
  options.tls = tlsOf(mail.tls);
  options.from = mail.from;
  options.user = mail.user;
  options.ownName = mail.helloName;
  auto ca = readPem(mail.caFile.empty() ? config.tlsCaFile : mail.caFile);
  if (!ca) {
    return of("mail.ca_file", ca.error());
  }
  options.caPem = std::move(*ca);
  if (!mail.passwordFile.empty()) {
    auto password = readPasswordFile(mail.passwordFile);
    if (!password) {
      return of("mail.password_file", password.error());
    }
    options.password = std::move(*password);
  }
  auto mailer = triggers::SmtpMailer::create(loop, resolver, logger, std::move(options));
  return mailer.ok() ? std::move(mailer) : of("mail", mailer.error());
}

Result<std::shared_ptr<const HttpProfile>> makeWebhooks(const Config& config) {
  auto ca = readPem(config.webhookCaFile);
  if (!ca) {
    return of("webhooks.ca_file", ca.error());
  }
  auto profile = triggers::makeWebhookProfile(config.webhookAllow, std::move(*ca));
  return profile.ok() ? std::move(profile) : of("webhooks", profile.error());
}

}  // namespace busbar::daemon
