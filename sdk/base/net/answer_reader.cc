// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/answer_reader.h"

#include <algorithm>

namespace busbar {
namespace {

Error badAnswer(const std::string& why) {
  return Error::because(ErrorCode::DataLoss, "http_bad_answer", "the answer " + why);
}

Error tooLarge(const std::string& what) {
  return Error::because(ErrorCode::ResourceExhausted, "http_too_large", what);
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool isEmptyLine(std::string_view line) {
  return line == "\r\n" || line == "\n";
}

}  // namespace

Status AnswerReader::line(std::string_view line) {
  headBytes_ += line.size();
  if (headBytes_ > kMaxHeadBytes || ++headLines_ > kMaxHeadLines) {
    return tooLarge("the head of the answer is over 64 KiB or 256 lines");
  }
  if (line.substr(0, 5) == "HTTP/" && !inHead_) {
    return statusLine(line);
  }
  if (!inHead_) {
    return {};  // a trailer
  }
  return isEmptyLine(line) ? endHead() : field(line);
}

Status AnswerReader::statusLine(std::string_view line) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view code = line.substr(space).substr(0, 4);
  const bool isCode = code.size() == 4 && std::all_of(code.begin() + 1, code.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!isCode || bodySeen_) {
    return badAnswer("has no proper status line");
  }
  head_ = {};
  head_.status = (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  inHead_ = true;
  return {};
}

Status AnswerReader::field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line[0] == ' ' || line[0] == '\t') {
    return badAnswer("has a header line without a name, or a folded one");
  }
  if (head_.headers.empty()) {
    head_.headers.reserve(16);
  }
  head_.headers.push_back(
      {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
  return {};
}

Status AnswerReader::endHead() {
  inHead_ = false;
  gzip_.reset();
  const std::string* transfer = findHeader(head_.headers, "Transfer-Encoding");
  if (transfer != nullptr && !sameHeaderName(*transfer, "chunked")) {
    return badAnswer("uses a transfer encoding that was not asked for");
  }
  const std::string* encoding = findHeader(head_.headers, "Content-Encoding");
  if (!options_.acceptGzip || encoding == nullptr || sameHeaderName(*encoding, "identity")) {
    return {};
  }
  if (!sameHeaderName(*encoding, "gzip") && !sameHeaderName(*encoding, "x-gzip")) {
    return badAnswer("has a content encoding that was not asked for");
  }
  gzip_.emplace(options_.maxBytes, options_.maxRatio);
  std::erase_if(head_.headers, [](const HttpHeader& header) {
    return sameHeaderName(header.name, "Content-Encoding") ||
           sameHeaderName(header.name, "Content-Length");
  });
  return {};
}

bool AnswerReader::isRedirect() const {
  const int status = head_.status;
  return options_.followsRedirects && !inHead_ &&
         (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
         findHeader(head_.headers, "Location") != nullptr;
}

bool AnswerReader::isHeadFinal() const {
  if (inHead_ || head_.status < 200 || isRedirect()) {
    return false;
  }
  return head_.status != 401 || !options_.answersChallenges || bodySeen_;
}

Status AnswerReader::bytes(std::string_view bytes) {
  if (isRedirect()) {
    skipped_ += bytes.size();
    return {};
  }
  bodySeen_ = true;
  received_ += bytes.size();
  if (received_ > options_.maxBytes) {
    return tooLarge("the answer is over " + std::to_string(options_.maxBytes) +
                    " bytes; allow more, or ask for less");
  }
  if (gzip_) {
    return gzip_->unpack(bytes, body_);
  }
  body_.append(bytes);
  return {};
}

Status AnswerReader::finish() {
  bodySeen_ = true;
  if (inHead_ || head_.status < 200) {
    return badAnswer("ends before its head does");
  }
  return gzip_ ? gzip_->finish() : Status();
}

}  // namespace busbar
