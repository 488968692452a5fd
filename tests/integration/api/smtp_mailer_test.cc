// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Mail to a real server, which is not ours, and to some that misbehave.
#include "api/triggers/smtp_mailer.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "api/triggers/action_runner.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/fake_inside.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/present.h"
#include "tests/support/program.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_authority.h"

namespace busbar::triggers {
namespace {

using test::Program;
using test::RawHttpServer;

class SmtpMailerTest : public testing::Test {
 protected:
  void SetUp() override {
    // The counterpart is a real mail server, which tools/test installs: there this is never
    // skipped.
    if (Program::run({"/usr/bin/python3", "-c", "import aiosmtpd"}).exitCode != 0) {
      GTEST_SKIP() << "python3-aiosmtpd is not installed";
    }
    options_.host = "mail.example";
    options_.from = "busbar@site.example";
    options_.ownName = "site.example";
    options_.caPem = authority_.certificate();
    names_.add({"127.0.0.1"});
  }

  void serve(std::vector<std::string> arguments, const test::TestIdentity& identity) {
    std::ofstream(folder_.file("cert")) << identity.certificate;
    std::ofstream(folder_.file("key")) << identity.key;
    for (const char* part : {"--cert", "cert", "--key", "key"}) {
      arguments.push_back(part[0] == '-' ? part : folder_.file(part));
    }
    serve(std::move(arguments));
  }
  void serve(std::vector<std::string> arguments) {
    std::vector<std::string> command{
        "/usr/bin/python3",
        std::string(getenv("BUSBAR_SOURCE")) + "/tests/integration/api/smtp_server.py"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    server_.emplace(std::move(command));
    const auto address = server().readLine();
    ASSERT_TRUE(address) << server().wait().err;
    setPort(test::present(address));
  }
  void serveStartTls() { serve({"starttls"}, authority_.issue("DNS:mail.example")); }
  void setPort(const std::string& address) {
    options_.port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  void makeMailer() {
    auto made = SmtpMailer::create(*loop_, names_, *logger_, options_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    mailer_ = std::move(*made);
  }

  static Mail mailTo(std::vector<std::string> to) {
    return {std::move(to), "Zu warm: 27 °C", "line\n.\n..dots\nend", "fire-1.mailers.0"};
  }
  Status send(const Mail& mail, Milliseconds timeout = Milliseconds(8'000)) {
    if (!mailer_) {
      makeMailer();
    }
    return await<void>(*loop_, [&](Callback<void(Status)> done) {
      mailer_->send(mail, timeout, std::move(done));
    });
  }
  std::string reasonOf(const Status& status) {
    if (status.ok()) {
      return "ok";
    }
    EXPECT_EQ(status.error().message.find("secret"), std::string::npos) << status.error().message;
    return status.error().reason;
  }
  Program& server() {
    BUSBAR_CHECK(server_.has_value());
    return *server_;
  }
  // The next mail that the server took.
  json::Value taken() {
    const auto line = server().readLine();
    return line ? json::parse(*line).value() : json::Value();
  }
  std::string taken(const json::Value& mail, const char* member) {
    const json::Value* value = mail.find(member);
    return value == nullptr ? "missing" : json::write(*value);
  }
  // How many mails the server took in its life, which ends here.
  size_t takenInAll() {
    server().signal(SIGTERM);
    const std::string out = server().wait().out;
    return static_cast<size_t>(std::count(out.begin(), out.end(), '\n')) - 1;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  test::ScriptedResolver names_{*loop_};
  std::unique_ptr<Logger> logger_ = Logger::discarding();
  test::TempDir folder_;
  const test::TestAuthority authority_{"mail authority"};
  SmtpMailer::Options options_;
  std::optional<Program> server_;
  std::unique_ptr<SmtpMailer> mailer_;
};

TEST_F(SmtpMailerTest, MailArrivesOverStartTlsAsItWasWritten) {
  serveStartTls();
  const Status sent = send(mailTo({"a@b.example", "c@d.example"}));
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  const json::Value mail = taken();
  EXPECT_EQ(taken(mail, "from"), R"("busbar@site.example")");
  EXPECT_EQ(taken(mail, "to"), R"(["a@b.example","c@d.example"])");
  EXPECT_EQ(taken(mail, "hello"), R"("site.example")");
  EXPECT_EQ(taken(mail, "tls"), "true");
  EXPECT_EQ(taken(mail, "subject"), R"("Zu warm: 27 °C")");
  EXPECT_EQ(taken(mail, "id"), R"("<fire-1.mailers.0@site.example>")");
  EXPECT_EQ(taken(mail, "text"), json::write("line\n.\n..dots\nend\n"));
  EXPECT_EQ(taken(mail, "defects"), "[]");
}

TEST_F(SmtpMailerTest, MailArrivesOverTlsFromTheFirstByte) {
  serve({"tls"}, authority_.issue("DNS:mail.example"));
  options_.tls = SmtpMailer::Tls::Tls;
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "ok");
  EXPECT_EQ(taken(taken(), "tls"), "true");
}

TEST_F(SmtpMailerTest, MailArrivesInTheClearOnlyWhenThatIsAskedForAndTheLogSaysSo) {
  serve({"none"});
  options_.tls = SmtpMailer::Tls::None;
  const std::string path = folder_.file("log");
  const UniqueFd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Logger::Options logOptions;
  logOptions.fd = log.get();
  logger_ = std::make_unique<Logger>(logOptions);
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "ok");
  EXPECT_EQ(taken(taken(), "tls"), "false");
  logger_.reset();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_NE(text.str().find("without TLS"), std::string::npos) << text.str();
}

TEST_F(SmtpMailerTest, ALargeMailArrivesWhole) {
  serveStartTls();
  Mail mail = mailTo({"a@b.example"});
  mail.text.clear();
  while (mail.text.size() < 250'000) {
    mail.text += "übermäßig\n";
  }
  const Status sent = send(mail);
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(taken(taken(), "text_bytes"), std::to_string(mail.text.size()));
}

TEST_F(SmtpMailerTest, AServerWithoutTlsGetsNothing) {
  serve({"none"});
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "mail_no_tls");
  EXPECT_EQ(takenInAll(), 0U);
}

TEST_F(SmtpMailerTest, AServerThatCannotProveWhoItIsGetsNothing) {
  serve({"starttls"}, authority_.issue("DNS:other.example"));
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "tls_wrong_name");
  EXPECT_EQ(takenInAll(), 0U);
  serve({"starttls"}, authority_.issue("DNS:mail.example", -10, -5));
  mailer_.reset();
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "tls_certificate_expired");
  EXPECT_EQ(takenInAll(), 0U);
  const test::TestAuthority other("other authority");
  serve({"tls"}, other.issue("DNS:mail.example"));
  mailer_.reset();
  options_.tls = SmtpMailer::Tls::Tls;
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "tls_unknown_authority");
  EXPECT_EQ(takenInAll(), 0U);
}

TEST_F(SmtpMailerTest, UserAndPasswordGoOverTlsAndAreChecked) {
  serve({"starttls", "--user", "busbar", "--password", "secret-word"},
        authority_.issue("DNS:mail.example"));
  options_.user = "busbar";
  options_.password = "secret-word";
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "ok");
  EXPECT_EQ(taken(taken(), "user"), R"("busbar")");
  mailer_.reset();
  options_.password = "secret-but-wrong";
  const Status denied = send(mailTo({"a@b.example"}));
  EXPECT_EQ(reasonOf(denied), "mail_login_denied");
  EXPECT_EQ(denied.error().code, ErrorCode::FailedPrecondition);
  mailer_.reset();
  options_.user = options_.password = "";
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "mail_refused");
  EXPECT_EQ(takenInAll(), 1U);
}

TEST_F(SmtpMailerTest, RefusalsSayWhetherTheyPass) {
  serveStartTls();
  const Status later = send(mailTo({"later@b.example"}));
  EXPECT_EQ(reasonOf(later), "mail_refused_for_now");
  EXPECT_EQ(later.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example", "never@b.example"}))), "mail_refused");
  EXPECT_EQ(reasonOf(send(mailTo({"spam@b.example"}))), "mail_refused");
  EXPECT_EQ(takenInAll(), 0U);
}

TEST_F(SmtpMailerTest, AServerThatIsAwayIsUnavailable) {
  serveStartTls();
  server_.reset();
  const Status away = send(mailTo({"a@b.example"}));
  EXPECT_EQ(reasonOf(away), "connect_failed");
  EXPECT_EQ(away.error().code, ErrorCode::Unavailable);
  test::ScriptedResolver nobody(*loop_);
  auto lost = SmtpMailer::create(*loop_, nobody, *logger_, options_).value();
  EXPECT_EQ(reasonOf(await<void>(*loop_,
                                 [&](Callback<void(Status)> done) {
                                   lost->send(mailTo({"a@b.example"}), Milliseconds(2'000),
                                              std::move(done));
                                 })),
            "dns_failed");
}

// libcurl's own SMTP would hold the loop here until the server answers.
TEST_F(SmtpMailerTest, AServerThatNeverAnswersHoldsUpNobody) {
  serveStartTls();
  makeMailer();
  std::optional<Status> ended;
  mailer_->send(mailTo({"slow@b.example"}), Milliseconds(1'500),
                [&ended](Status status) { ended = std::move(status); });
  Nanoseconds longest{0};
  Instant before = clock_.now();
  ASSERT_TRUE(runUntil(*loop_, [&] {
    longest = std::max(longest, Nanoseconds(clock_.now() - before));
    before = clock_.now();
    return ended.has_value();
  }));
  EXPECT_EQ(reasonOf(test::present(ended)), "deadline_exceeded");
  EXPECT_LT(longest, std::chrono::milliseconds(900)) << "one turn of the loop";
  EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), "ok");
  EXPECT_EQ(taken(taken(), "to"), R"(["a@b.example"])") << "the mail before was never ended";
}

TEST_F(SmtpMailerTest, ItsEndIsSilentWhereverAMailIs) {
  serveStartTls();
  for (const char* to : {"slow@b.example", "a@b.example"}) {
    for (int turns = 0; turns < 40; turns += 4) {
      makeMailer();
      bool isTold = false;
      mailer_->send(mailTo({to}), Milliseconds(5'000), [&isTold](const Status&) { isTold = true; });
      for (int i = 0; i < turns && !isTold; ++i) {
        loop_->runOnce(Milliseconds(5));
      }
      const bool wasTold = isTold;
      mailer_.reset();
      loop_->runOnce(Milliseconds(0));
      loop_->runOnce(Milliseconds(0));
      EXPECT_EQ(isTold, wasTold);
    }
  }
}

TEST_F(SmtpMailerTest, ItMayBeDestroyedWhenAMailIsOver) {
  serveStartTls();
  makeMailer();
  bool isOver = false;
  mailer_->send(mailTo({"a@b.example"}), Milliseconds(5'000), [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    mailer_.reset();
    isOver = true;
  });
  EXPECT_TRUE(runUntil(*loop_, [&isOver] { return isOver; }));
}

TEST_F(SmtpMailerTest, MailsWaitForAConnectionAndTheQueueIsBounded) {
  serveStartTls();
  options_.maxConnections = 1;
  options_.maxQueued = 3;
  makeMailer();
  std::vector<std::string> ends;
  for (int i = 0; i < 5; ++i) {
    mailer_->send(mailTo({std::to_string(i) + "@b.example"}), Milliseconds(8'000),
                  [this, &ends](const Status& status) { ends.push_back(reasonOf(status)); });
  }
  ASSERT_TRUE(runUntil(*loop_, [&ends] { return ends.size() == 5; }));
  EXPECT_EQ(ends, (std::vector<std::string>{"mail_queue_full", "ok", "ok", "ok", "ok"}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(taken(taken(), "to"), "[\"" + std::to_string(i) + "@b.example\"]");
  }
}

TEST_F(SmtpMailerTest, ServersThatMisbehaveAreErrors) {
  struct Case {
    const char* greeting;
    const char* reason;
  };
  options_.tls = SmtpMailer::Tls::None;
  for (const Case& it :
       {Case{"554 secret go away\r\n", "mail_refused"},
        Case{"421 secret busy\r\n", "mail_refused_for_now"}, Case{"", "connection_lost"}}) {
    RawHttpServer raw([&it](RawHttpServer::Connection& connection) {
      if (it.greeting[0] != '\0') {
        connection.send(it.greeting);
        connection.awaitEnd();
      }
    });
    setPort(raw.url());
    mailer_.reset();
    EXPECT_EQ(reasonOf(send(mailTo({"a@b.example"}))), it.reason) << it.greeting;
    mailer_.reset();
  }
  RawHttpServer endless([](RawHttpServer::Connection& connection) {
    const std::string piece(1 << 16, '2');
    while (connection.send(piece)) {
    }
  });
  setPort(endless.url());
  EXPECT_FALSE(send(mailTo({"a@b.example"}), Milliseconds(700)).ok());
  mailer_.reset();
}

// What an attacker between puts behind the answer to STARTTLS must not count as said in TLS.
TEST_F(SmtpMailerTest, WhatComesBehindTheAnswerToStartTlsIsRefused) {
  RawHttpServer raw([](RawHttpServer::Connection& connection) {
    connection.send("220 hello\r\n250-mail.example\r\n250 STARTTLS\r\n");
    connection.send(
        "220 go\r\n250-mail.example\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n");
    connection.awaitEnd();
  });
  setPort(raw.url());
  EXPECT_FALSE(send(mailTo({"a@b.example"}), Milliseconds(2'000)).ok());
  mailer_.reset();
}

TEST_F(SmtpMailerTest, StepsAreRepeatedWhileAServerSaysLaterAndNotWhenItSaysNever) {
  serveStartTls();
  makeMailer();
  FakeHostClient host;
  FakeInside inside;
  HttpClient http(*loop_, names_);
  ActionRunner runner({*loop_, host, http, HttpProfile::create({}).value(), mailer_.get(), inside});
  const auto run = [&](const char* to) {
    auto spec = std::make_shared<Spec>();
    Step step;
    step.key = "mailers/0";
    step.what = SendMail{{to}, "s", "t"};
    step.retry = {3, Milliseconds(20), Milliseconds(20)};
    spec->begin = {step};
    ActionRunner::Job job;
    job.firingId = "fire-1";
    job.spec = std::move(spec);
    StepRecord last;
    job.record = [&last](const StepRecord& record, Callback<void(Status)> stored) {
      last = record;
      stored(Status());
    };
    bool isOver = false;
    job.done = [&isOver](size_t) { isOver = true; };
    runner.run(std::move(job));
    EXPECT_TRUE(runUntil(*loop_, [&isOver] { return isOver; }));
    return std::to_string(last.attempts) + " " + last.code;
  };
  EXPECT_EQ(run("later@b.example"), "3 ");
  EXPECT_EQ(taken(taken(), "id"), R"("<fire-1.mailers.0@site.example>")");
  EXPECT_EQ(run("never@b.example"), "1 mail_refused");
  EXPECT_EQ(takenInAll(), 1U);
}

TEST_F(SmtpMailerTest, RefusesOptionsThatCannotBeMeant) {
  const auto refused = [this](auto change) {
    SmtpMailer::Options options = options_;
    change(options);
    auto made = SmtpMailer::create(*loop_, names_, *logger_, options);
    return made.ok() ? std::string("fine") : made.error().field;
  };
  using O = SmtpMailer::Options;
  EXPECT_EQ(refused([](O& o) { o.host = "::1"; }), "fine");
  EXPECT_EQ(refused([](O& o) { o.ownName = ""; }), "fine");
  EXPECT_EQ(refused([](O& o) { o.host = "a b"; }), "host");
  EXPECT_EQ(refused([](O& o) { o.host = "mail.example/x"; }), "host");
  EXPECT_EQ(refused([](O& o) { o.port = 0; }), "host");
  EXPECT_EQ(refused([](O& o) { o.from = "a@b>\r\nX: y"; }), "from");
  EXPECT_EQ(refused([](O& o) { o.ownName = "a b"; }), "ownName");
  EXPECT_EQ(refused([](O& o) { o.caPem = "no pem"; }), "caPem");
  EXPECT_EQ(refused([](O& o) {
              o.user = "u";
              o.tls = SmtpMailer::Tls::None;
            }),
            "user");
}

}  // namespace
}  // namespace busbar::triggers
