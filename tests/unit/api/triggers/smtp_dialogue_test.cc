// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/smtp_dialogue.h"

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

SmtpDialogue dialogue(std::string message = "Subject: x\r\n\r\nhello\r\n") {
  return {"from@a.example", {"one@b.example", "two@b.example"}, std::move(message)};
}
// Hears the replies, a line each, and says what comes after each; gives what it said.
std::string hear(SmtpDialogue& talk, const std::string& replies) {
  std::string said = talk.takeOutput();
  for (size_t begin = 0; begin < replies.size();) {
    const size_t end = replies.find('\n', begin) + 1;
    talk.receive(replies.substr(begin, end - begin));
    said += talk.takeOutput();
    begin = end;
  }
  return said;
}
std::string reasonOf(const SmtpDialogue& talk) {
  return talk.result().ok() ? "ok" : talk.result().error().reason;
}

TEST(SmtpDialogue, SaysOneThingAfterTheOther) {
  SmtpDialogue talk = dialogue();
  EXPECT_EQ(talk.takeOutput(), "MAIL FROM:<from@a.example>\r\n");
  talk.receive("250 ok\r\n");
  EXPECT_EQ(talk.takeOutput(), "RCPT TO:<one@b.example>\r\n");
  talk.receive("250-more\r\n250 ok\r\n");
  EXPECT_EQ(talk.takeOutput(), "RCPT TO:<two@b.example>\r\n");
  talk.receive("251");
  EXPECT_EQ(talk.takeOutput(), "");
  talk.receive("\r\n");
  EXPECT_EQ(talk.takeOutput(), "DATA\r\n");
  talk.receive("354 go\r\n");
  EXPECT_EQ(talk.takeOutput(), "Subject: x\r\n\r\nhello\r\n.\r\n");
  EXPECT_FALSE(talk.isDecided());
  talk.receive("250 taken\r\n");
  EXPECT_EQ(talk.takeOutput(), "QUIT\r\n");
  EXPECT_TRUE(talk.isDecided() && !talk.isClosed());
  EXPECT_EQ(reasonOf(talk), "ok");
  talk.receive("221 bye\r\n");
  EXPECT_TRUE(talk.isClosed());
}

TEST(SmtpDialogue, DoublesDotsAtTheBeginningOfLines) {
  SmtpDialogue talk = dialogue(".\r\n..x\r\na.b\r\n.\r\n");
  const std::string said = hear(talk, "250 a\r\n250 b\r\n250 c\r\n354 d\r\n");
  EXPECT_EQ(said.substr(said.find("DATA\r\n") + 6), "..\r\n...x\r\na.b\r\n..\r\n.\r\n");
}

struct Case {
  const char* replies;
  const char* reason;
  ErrorCode code;
};

TEST(SmtpDialogue, TellsRefusalsThatPassFromThoseThatStay) {
  for (const Case& it : {
           Case{"450 later\r\n", "mail_refused_for_now", ErrorCode::Unavailable},
           Case{"550 never\r\n", "mail_refused", ErrorCode::FailedPrecondition},
           Case{"250 a\r\n250 b\r\n452 full\r\n", "mail_refused_for_now", ErrorCode::Unavailable},
           Case{"250 a\r\n550 who\r\n", "mail_refused", ErrorCode::FailedPrecondition},
           Case{"250 a\r\n250 b\r\n250 c\r\n250 d\r\n", "mail_bad_answer", ErrorCode::Unavailable},
           Case{"250 a\r\n250 b\r\n250 c\r\n354 d\r\n554 spam\r\n", "mail_refused",
                ErrorCode::FailedPrecondition},
           Case{"354 what\r\n", "mail_bad_answer", ErrorCode::Unavailable},
           Case{"HTTP/1.1 200 OK\r\n", "mail_bad_answer", ErrorCode::Unavailable},
           Case{"25x\r\n", "mail_bad_answer", ErrorCode::Unavailable},
           Case{"2500\r\n", "mail_bad_answer", ErrorCode::Unavailable},
           Case{"\r\n", "mail_bad_answer", ErrorCode::Unavailable},
       }) {
    SmtpDialogue talk = dialogue();
    hear(talk, it.replies);
    EXPECT_TRUE(talk.isClosed()) << it.replies;
    EXPECT_EQ(reasonOf(talk), it.reason) << it.replies;
    EXPECT_EQ(talk.result().error().code, it.code) << it.replies;
    EXPECT_EQ(talk.takeOutput(), "") << it.replies;
  }
}

TEST(SmtpDialogue, TellsTheCodeButNotWhatTheServerWrote) {
  SmtpDialogue talk = dialogue();
  hear(talk, "250 a\r\n550 secret\r\n");
  EXPECT_EQ(talk.result().error().message,
            "the mail server refused the recipient one@b.example with 550");
}

TEST(SmtpDialogue, AnswersToWhatWasNotSaidYetAreRefused) {
  SmtpDialogue talk = dialogue();
  talk.takeOutput();
  talk.receive("250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n221 f\r\n");
  EXPECT_TRUE(talk.isClosed());
  EXPECT_EQ(reasonOf(talk), "mail_bad_answer");
}

TEST(SmtpDialogue, WhatComesIsBounded) {
  SmtpDialogue endless = dialogue();
  endless.receive(std::string(SmtpDialogue::kMaxLineBytes + 1, '2'));
  EXPECT_EQ(reasonOf(endless), "mail_bad_answer");
  SmtpDialogue longLine = dialogue();
  longLine.receive("250 " + std::string(SmtpDialogue::kMaxLineBytes, 'x') + "\r\n");
  EXPECT_EQ(reasonOf(longLine), "mail_bad_answer");
  SmtpDialogue manyLines = dialogue();
  for (size_t i = 0; i <= SmtpDialogue::kMaxReplyLines; ++i) {
    manyLines.receive("250-x\r\n");
  }
  EXPECT_EQ(reasonOf(manyLines), "mail_bad_answer");
}

TEST(SmtpDialogue, AConnectionThatEndsIsAnErrorUntilTheMailIsTaken) {
  SmtpDialogue early = dialogue();
  hear(early, "250 a\r\n");
  early.receive("");
  EXPECT_EQ(reasonOf(early), "connection_lost");
  for (const char* after : {"", "garbage\r\n", "500 what\r\n"}) {
    SmtpDialogue late = dialogue();
    hear(late, "250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n");
    late.receive(after);
    EXPECT_TRUE(late.isClosed());
    EXPECT_EQ(reasonOf(late), "ok");
  }
}

}  // namespace
}  // namespace busbar::triggers
