// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::triggers {

// One mail in the words of SMTP (RFC 5321), after greeting, TLS and authentication: what to say,
// and what the server's replies mean. Knows nothing of sockets. A mail that one recipient cannot
// get goes to none. Thread-compatible.
//
//   Mail -> Rcpt (each) -> Data -> Text -> Quit -> Closed
//     any refusal, any reply that is none -> Closed with an error
class SmtpDialogue {
 public:
  static constexpr size_t kMaxLineBytes = 2048;  // s. 4.5.3.1.5 says 512
  static constexpr size_t kMaxReplyLines = 100;

  // `message` has CR LF line ends; dots are doubled here (s. 4.5.2). Addresses are checked.
  SmtpDialogue(std::string from, std::vector<std::string> to, std::string message);

  // What came from the server; an empty text: it has closed the connection. After the end: nothing.
  // An answer to what has not been taken out yet is an error.
  void receive(std::string_view bytes);
  // What is to be sent now. The first of it is there from the beginning.
  std::string takeOutput() { return std::exchange(output_, {}); }

  // The server has taken the mail, or not. Reasons: mail_refused (5xx), mail_refused_for_now (4xx),
  // mail_bad_answer, connection_lost. Never has what the server wrote but its code.
  bool isDecided() const { return state_ == State::Quit || state_ == State::Closed; }
  const Status& result() const { return result_; }
  // Nothing is to be said or heard any more.
  bool isClosed() const { return state_ == State::Closed; }

 private:
  enum class State { Mail, Rcpt, Data, Text, Quit, Closed };
  void line(std::string_view line);
  void reply(int code);
  void accepted();
  void fail(Error error);
  std::string what() const;

  const std::string from_;
  const std::vector<std::string> to_;
  const std::string message_;
  State state_ = State::Mail;
  size_t recipient_ = 0;
  std::string output_;
  std::string input_;
  size_t lines_ = 0;  // of the present reply
  Status result_;
};

}  // namespace busbar::triggers
