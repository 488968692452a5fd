// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/mail_message.h"

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

constexpr int64_t kTime = 1'700'000'000'000'000'000;  // Tue, 14 Nov 2023 22:13:20 +0000

Mail mailOf(std::string subject, std::string text) {
  return {{"a@b.example", "c+d@e.example"}, std::move(subject), std::move(text), "fire-1.steps.0"};
}
std::string composed(const Mail& mail) {
  auto text = composeMail(mail, "busbar@site.example", "site.example", kTime);
  return text.ok() ? *text : "error " + text.error().reason;
}
std::string headOf(const std::string& message) {
  return message.substr(0, message.find("\r\n\r\n"));
}
std::string bodyOf(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}
std::string subjectOf(const std::string& subject) {
  const std::string message = composed(mailOf(subject, ""));
  const size_t begin = message.find("Subject: ") + 9;
  return message.substr(begin, message.find("\r\nMessage-ID") - begin);
}

TEST(MailMessage, HasTheHeadersOfRfc5322) {
  EXPECT_EQ(composed(mailOf("Too warm", "27.5 in the room\nSee to it.\n")),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "From: busbar@site.example\r\n"
            "To: a@b.example,\r\n c+d@e.example\r\n"
            "Subject: Too warm\r\n"
            "Message-ID: <fire-1.steps.0@site.example>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "27.5 in the room\r\nSee to it.\r\n");
}

TEST(MailMessage, SubjectsAreEncodedWhereTheyHaveToBe) {
  EXPECT_EQ(subjectOf("Zu warm: 27 °C"), "=?UTF-8?B?WnUgd2FybTogMjcgwrBD?=");
  EXPECT_EQ(subjectOf("=?UTF-8?B?eA==?="), "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
  EXPECT_EQ(subjectOf(""), "");
  std::string umlauts;
  for (int i = 0; i < 100; ++i) {
    umlauts += "ä";
  }
  const std::string folded = subjectOf(umlauts);
  size_t begin = 0;
  for (size_t end = 0; end != std::string::npos; begin = end + 3) {
    end = folded.find("\r\n ", begin);
    const std::string word = folded.substr(begin, end - begin);
    EXPECT_LE(word.size(), 75U);
    EXPECT_EQ(word.compare(0, 10, "=?UTF-8?B?"), 0) << word;
    if (end == std::string::npos) {
      break;
    }
  }
  EXPECT_LT(subjectOf(std::string(100'000, 'x')).size(), 1'000U);
}

TEST(MailMessage, TextsAreQuotedPrintable) {
  const auto body = [](std::string text) { return bodyOf(composed(mailOf("s", std::move(text)))); };
  EXPECT_EQ(body("a=b"), "a=3Db\r\n");
  EXPECT_EQ(body("27 °C"), "27 =C2=B0C\r\n");
  EXPECT_EQ(body("end \nof line\t"), "end=20\r\nof line=09\r\n");
  EXPECT_EQ(body("a\r\nb\n\nc"), "a\r\nb\r\n\r\nc\r\n");
  EXPECT_EQ(body("lone\rreturn"), "lone=0Dreturn\r\n");
  EXPECT_EQ(body(std::string("n\0l", 3)), "n=00l\r\n");
  EXPECT_EQ(body(""), "");
  const std::string long1 = body(std::string(200, 'x'));
  EXPECT_EQ(long1, std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" +
                       std::string(50, 'x') + "\r\n");
}

TEST(MailMessage, NothingBecomesAHeaderThatShouldNot) {
  for (const char* subject : {"a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\tb", "\x7f"}) {
    EXPECT_EQ(composed(mailOf(subject, "")), "error mail_bad_text");
  }
  for (const char* address :
       {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b>", "<a@b", "a@b,c@d",
        "a@b\n", "\"a\"@b", "ä@b.example", "a@b;c", "a(b)@c"}) {
    Mail mail = mailOf("s", "");
    mail.to = {"fine@b.example", address};
    EXPECT_EQ(composed(mail), "error mail_bad_address") << address;
  }
  for (const char* id : {"", "a b", "a\r\nX: y", "<a>", "a@b"}) {
    Mail mail = mailOf("s", "");
    mail.messageId = id;
    EXPECT_EQ(composed(mail), "error mail_bad_text") << id;
  }
  Mail mail = mailOf("s", "");
  mail.to.clear();
  EXPECT_EQ(composed(mail), "error mail_bad_address");
  mail.to.assign(kMaxRecipients + 1, "a@b.example");
  EXPECT_EQ(composed(mail), "error mail_bad_address");
  EXPECT_EQ(headOf(composed(mailOf("s", "\r\n\r\nBcc: x@y.example"))).find("Bcc"),
            std::string::npos);
}

}  // namespace
}  // namespace busbar::triggers
