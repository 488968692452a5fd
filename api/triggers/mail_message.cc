// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/mail_message.h"

#include <time.h>

#include <algorithm>
#include <array>

namespace busbar::triggers {
namespace {

constexpr size_t kMaxPlainSubject = 65;   // with its name a line of at most 78 (RFC 5322 s. 2.1.1)
constexpr size_t kEncodedWordBytes = 45;  // 60 in base64, so a word of 72 (RFC 2047 s. 2)
constexpr size_t kMaxQuotedLine = 76;     // RFC 2045 s. 6.7

Error bad(const char* reason, std::string message) {
  return Error::because(ErrorCode::InvalidArgument, reason, std::move(message));
}

bool isPrintable(char c) {
  return c >= 0x20 && c < 0x7f;
}

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The most of `text` that ends with a whole code point and has at most `most` bytes.
std::string_view beginning(std::string_view text, size_t most) {
  size_t end = std::min(most, text.size());
  while (end > 0 && end < text.size() && isContinuation(text[end])) {
    --end;
  }
  return text.substr(0, end);
}

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < text.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      out += at + i > text.size() ? '=' : kDigits[bits >> (18 - 6 * i) & 63U];
    }
  }
  return out;
}

std::string encodedSubject(std::string_view subject) {
  const bool isPlain = subject.size() <= kMaxPlainSubject &&
                       std::all_of(subject.begin(), subject.end(), isPrintable) &&
                       subject.find("=?") == std::string_view::npos;
  if (isPlain) {
    return std::string(subject);
  }
  std::string out;
  while (!subject.empty()) {
    std::string_view word = beginning(subject, kEncodedWordBytes);
    if (word.empty()) {
      word = subject.substr(0, kEncodedWordBytes);  // no UTF-8
    }
    out += (out.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + base64(word) + "?=");
    subject.remove_prefix(word.size());
  }
  return out;
}

void appendQuotedLine(std::string& out, std::string_view line) {
  constexpr char kHex[] = "0123456789ABCDEF";
  size_t column = 0;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool isBlank = c == ' ' || c == '\t';
    const bool isPlain = isBlank ? at + 1 < line.size() : isPrintable(c) && c != '=';
    const size_t width = isPlain ? 1 : 3;
    if (column + width > kMaxQuotedLine - 1) {  // room for the soft line end
      out += "=\r\n";
      column = 0;
    }
    column += width;
    if (isPlain) {
      out += c;
    } else {
      out += '=';
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 15U];
    }
  }
  out += "\r\n";
}

std::string quotedPrintable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    appendQuotedLine(out, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// RFC 5322 s. 3.3.
std::string dateOf(int64_t utcNs) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<time_t>(utcNs / 1'000'000'000);
  struct tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> rest{};
  strftime(rest.data(), rest.size(), " %Y %H:%M:%S +0000", &parts);
  return std::string(kDays[static_cast<size_t>(parts.tm_wday)]) + ", " +
         std::to_string(parts.tm_mday) + " " + kMonths[static_cast<size_t>(parts.tm_mon)] +
         rest.data();
}

bool isIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

Status check(const Mail& mail) {
  if (mail.to.empty() || mail.to.size() > kMaxRecipients) {
    return bad("mail_bad_address",
               "a mail goes to 1 to " + std::to_string(kMaxRecipients) + " addresses");
  }
  for (const std::string& address : mail.to) {
    if (!isMailAddress(address)) {
      return bad("mail_bad_address", "a recipient is no address that mail can be sent to");
    }
  }
  const bool hasControl = std::any_of(mail.subject.begin(), mail.subject.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (hasControl) {
    return bad("mail_bad_text", "the subject of a mail has a line break or control character");
  }
  if (mail.messageId.empty() || mail.messageId.size() > 200 ||
      !std::all_of(mail.messageId.begin(), mail.messageId.end(), isIdCharacter)) {
    return bad("mail_bad_text", "the id of a mail is none");
  }
  return {};
}

}  // namespace

bool isMailAddress(std::string_view text) {
  const size_t at = text.find('@');
  return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > 0x20 && c < 0x7f &&
                  std::string_view("\"(),:;<>[\\]").find(c) == std::string_view::npos;
         });
}

Result<std::string> composeMail(const Mail& mail, std::string_view from, std::string_view ownName,
                                int64_t utcNs) {
  BUSBAR_TRY(check(mail));
  std::string out = "Date: " + dateOf(utcNs) + "\r\nFrom: " + std::string(from) + "\r\nTo: ";
  for (size_t i = 0; i < mail.to.size(); ++i) {
    out += (i == 0 ? "" : ",\r\n ") + mail.to[i];
  }
  std::string subject(beginning(mail.subject, kMaxSubjectBytes));
  subject += subject.size() < mail.subject.size() ? "…" : "";
  out += "\r\nSubject: " + encodedSubject(subject);
  out += "\r\nMessage-ID: <" + mail.messageId + "@" + std::string(ownName) + ">";
  out +=
      "\r\nAuto-Submitted: auto-generated"  // RFC 3834 s. 5: no out-of-office answers, please
      "\r\nMIME-Version: 1.0"
      "\r\nContent-Type: text/plain; charset=utf-8"
      "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  return out + quotedPrintable(mail.text);
}

}  // namespace busbar::triggers
