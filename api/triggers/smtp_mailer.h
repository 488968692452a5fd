// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/triggers/mailer.h"
#include "sdk/base/log.h"
#include "sdk/base/net/resolver.h"

namespace busbar::triggers {

// Sends mail by SMTP, one connection a mail, on the loop: no thread waits for a server. libcurl
// connects, greets, does TLS and signs in; the rest is SmtpDialogue. Where the mail server stands
// is the configuration's to say, so no address is refused. Loop-only.
//
// It does not protect against a mail server that takes mail and loses it, nor does it sign mail.
class SmtpMailer : public Mailer {
 public:
  enum class Tls {
    StartTls,  // required: nothing but EHLO goes out before it
    Tls,       // from the first byte, RFC 8314
    None,      // in the clear, without a password
  };
  struct Options {
    std::string host;
    uint16_t port = 587;
    Tls tls = Tls::StartTls;
    std::string from;
    std::string user;  // empty: without signing in
    std::string password;
    std::string caPem;    // instead of the system's authorities
    std::string ownName;  // for EHLO and Message-ID; empty: that of the machine
    size_t maxConnections = 4;
    size_t maxQueued = 256;
  };

  // InvalidArgument with the field. Says in the log when mail leaves in the clear.
  static Result<std::unique_ptr<SmtpMailer>> create(EventLoop& loop, Resolver& resolver,
                                                    Logger& logger, Options options);
  SmtpMailer(const SmtpMailer&) = delete;
  SmtpMailer& operator=(const SmtpMailer&) = delete;
  ~SmtpMailer() override;

  // Error reasons: those of composeMail() and SmtpDialogue; mail_queue_full, mail_no_tls,
  // mail_login_denied, deadline_exceeded, and of sdk/base/net/README.md dns_failed, connect_failed,
  // connect_timeout, connection_lost, tls_…. No error holds what the server wrote, nor a secret.
  void send(Mail mail, Milliseconds timeout, Callback<void(Status)> done) override;

 private:
  class Core;
  explicit SmtpMailer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;  // shared with a callback under way, which may destroy this
};

}  // namespace busbar::triggers
