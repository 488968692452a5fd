// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/smtp_dialogue.h"

#include <utility>

namespace busbar::triggers {
namespace {

std::string withDoubledDots(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  bool isLineStart = true;
  for (const char c : text) {
    if (isLineStart && c == '.') {
      out += '.';
    }
    out += c;
    isLineStart = c == '\n';
  }
  return out;
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

SmtpDialogue::SmtpDialogue(std::string from, std::vector<std::string> to, std::string message)
    : from_(std::move(from)), to_(std::move(to)), message_(std::move(message)) {
  output_ = "MAIL FROM:<" + from_ + ">\r\n";
}

void SmtpDialogue::receive(std::string_view bytes) {
  if (bytes.empty() && !isClosed()) {
    if (state_ == State::Quit) {
      state_ = State::Closed;
      return;
    }
    fail(Error::because(ErrorCode::Unavailable, "connection_lost",
                        "the mail server closed the connection before it took the mail"));
  }
  input_ += bytes;
  for (size_t end = input_.find('\n'); end != std::string::npos && !isClosed();
       end = input_.find('\n')) {
    const std::string whole = input_.substr(0, end);
    input_.erase(0, end + 1);
    line(whole);
  }
  if (isClosed()) {
    input_.clear();
  } else if (input_.size() > kMaxLineBytes) {
    fail(Error::because(ErrorCode::Unavailable, "mail_bad_answer",
                        "the mail server sent a line without an end"));
  }
}

void SmtpDialogue::line(std::string_view line) {
  const bool isReply = line.size() >= 3 && line.size() <= kMaxLineBytes && isDigit(line[0]) &&
                       isDigit(line[1]) && isDigit(line[2]) &&
                       (line.size() == 3 || line[3] == ' ' || line[3] == '-' || line[3] == '\r');
  if (!isReply || ++lines_ > kMaxReplyLines) {
    fail(Error::because(ErrorCode::Unavailable, "mail_bad_answer",
                        "the mail server sent what is no SMTP"));
    return;
  }
  if (line.size() > 3 && line[3] == '-') {
    return;  // more lines follow
  }
  lines_ = 0;
  reply((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

void SmtpDialogue::reply(int code) {
  if (state_ == State::Quit) {
    state_ = State::Closed;
    return;
  }
  if (!output_.empty()) {
    fail(Error::because(ErrorCode::Unavailable, "mail_bad_answer",
                        "the mail server answered before it was asked"));
    return;
  }
  const int kind = code / 100;
  if (kind == (state_ == State::Data ? 3 : 2)) {
    accepted();
    return;
  }
  const std::string message = "the mail server refused " + what() + " with " + std::to_string(code);
  if (kind == 4) {
    fail(Error::because(ErrorCode::Unavailable, "mail_refused_for_now", message));
  } else if (kind == 5) {
    fail(Error::because(ErrorCode::FailedPrecondition, "mail_refused", message));
  } else {
    fail(Error::because(
        ErrorCode::Unavailable, "mail_bad_answer",
        "the mail server answered " + std::to_string(code) + " where that cannot be"));
  }
}

std::string SmtpDialogue::what() const {
  switch (state_) {
    case State::Mail:
      return "the sender " + from_;
    case State::Rcpt:
      return "the recipient " + to_[recipient_];
    default:
      return "the mail";
  }
}

void SmtpDialogue::accepted() {
  switch (state_) {
    case State::Rcpt:
      ++recipient_;
      [[fallthrough]];
    case State::Mail:
      if (recipient_ < to_.size()) {
        state_ = State::Rcpt;
        output_ += "RCPT TO:<" + to_[recipient_] + ">\r\n";
      } else {
        state_ = State::Data;
        output_ += "DATA\r\n";
      }
      break;
    case State::Data:
      state_ = State::Text;
      output_ += withDoubledDots(message_) + ".\r\n";
      break;
    case State::Text:
      state_ = State::Quit;
      output_ += "QUIT\r\n";
      break;
    case State::Quit:
    case State::Closed:
      break;
  }
}

void SmtpDialogue::fail(Error error) {
  if (state_ != State::Quit) {  // then the mail is taken, whatever comes after
    result_ = std::move(error);
  }
  state_ = State::Closed;
  output_.clear();
}

}  // namespace busbar::triggers
