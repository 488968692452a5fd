// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/response_writer.h"

#include <array>
#include <charconv>
#include <ostream>
#include <streambuf>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timestamp.h>

#include "api/http/front/head_parser.h"

namespace busbar::http {
namespace {

// Appends to a string that may change from one answer to the next.
class AppendBuffer : public std::streambuf {
 public:
  void setTarget(std::string* target) { target_ = target; }

 protected:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    target_->append(bytes, static_cast<size_t>(count));
    return count;
  }
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
      target_->push_back(traits_type::to_char_type(c));
    }
    return traits_type::not_eof(c);
  }

 private:
  std::string* target_ = nullptr;
};

constexpr std::array<std::string_view, 6> kOurs{
    "Content-Length", "Content-Type", "Connection", "Transfer-Encoding", "Date", "X-Request-ID"};

struct Guard {
  std::string name;
  std::string value;
};
// What each answer says to browsers unless its handler says otherwise: it is what it is called
// (Fetch, "nosniff"), it is no page and in no frame, it tells nobody where it was, it is not kept.
const std::array<Guard, 4> kGuards{
    {{"X-Content-Type-Options", "nosniff"},
     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
     {"Referrer-Policy", "no-referrer"},
     {"Cache-Control", "no-store"}}};
// RFC 6797: who came by TLS once is not to be led astray by plain HTTP later.
const Guard kOverTls{"Strict-Transport-Security", "max-age=31536000"};

bool isAllowedStatus(int status, bool isUpgrade) {
  return isUpgrade ? status == 101 : status >= 200 && status <= 599;
}

bool isAllowed(const Response& response, bool isUpgrade) {
  if (!isAllowedStatus(response.status(), isUpgrade) || !isFieldValue(response.contentType())) {
    return false;
  }
  for (const auto& [name, value] : response.headers()) {
    if (!isToken(name) || !isFieldValue(value)) {
      return false;
    }
    for (const std::string_view ours : kOurs) {
      if (equalsIgnoringCase(name, ours)) {
        return false;
      }
    }
  }
  return true;
}

bool mayHaveBody(int status) {
  return status != 101 && status != 204 && status != 304;
}

// The options of Connection that this answer needs, or "".
std::string connectionOptions(const Response& response, const ResponseFrame& frame) {
  std::string options;
  if (!frame.keepAlive) {
    options = Poco::Net::HTTPMessage::CONNECTION_CLOSE;
  } else if (!frame.isHttp11) {
    options = Poco::Net::HTTPMessage::CONNECTION_KEEP_ALIVE;
  }
  if (!response.header("Upgrade").empty()) {
    options += options.empty() ? "Upgrade" : ", Upgrade";
  }
  return options;
}

}  // namespace

struct ResponseWriter::Scratch {
  Poco::Net::HTTPResponse message;
  AppendBuffer buffer;
  std::ostream stream{&buffer};
  Instant dateUntil{};
  std::string date;
};

ResponseWriter::ResponseWriter(const Clock& clock)
    : clock_(clock), scratch_(std::make_unique<Scratch>()) {}

ResponseWriter::~ResponseWriter() = default;

const std::string& ResponseWriter::date(Instant now) {
  if (now >= scratch_->dateUntil) {
    const int64_t utcNs = clock_.utcNs();
    scratch_->date = Poco::DateTimeFormatter::format(Poco::Timestamp(utcNs / 1000),
                                                     Poco::DateTimeFormat::HTTP_FORMAT);
    scratch_->dateUntil = now + Nanoseconds(1'000'000'000 - utcNs % 1'000'000'000);
  }
  return scratch_->date;
}

bool ResponseWriter::write(const Response& response, const ResponseFrame& frame, std::string& out) {
  using Poco::Net::HTTPMessage;
  using Poco::Net::HTTPResponse;
  if (!isAllowed(response, frame.isUpgrade)) {
    return false;
  }
  HTTPResponse& message = scratch_->message;
  message.clear();
  // An HTTP/1.0 client is told 1.1 too (RFC 9110 s. 2.5); only the framing differs.
  message.setVersion(HTTPMessage::HTTP_1_1);
  message.setStatusAndReason(static_cast<HTTPResponse::HTTPStatus>(response.status()));
  if (!response.contentType().empty()) {
    message.add(HTTPMessage::CONTENT_TYPE, response.contentType());
  }
  if (frame.isStream) {
    if (frame.isHttp11) {
      message.add(HTTPMessage::TRANSFER_ENCODING, HTTPMessage::CHUNKED_TRANSFER_ENCODING);
    }
  } else if (mayHaveBody(response.status())) {
    std::array<char, 24> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), response.body().size());
    message.add(HTTPMessage::CONTENT_LENGTH, std::string(digits.data(), end.ptr));
  }
  message.add(HTTPResponse::DATE, date(clock_.now()));
  if (std::string options = connectionOptions(response, frame); !options.empty()) {
    message.add(HTTPMessage::CONNECTION, std::move(options));
  }
  for (const Guard& guard : kGuards) {
    if (response.header(guard.name).empty()) {
      message.add(guard.name, guard.value);
    }
  }
  if (frame.isTls) {
    message.add(kOverTls.name, kOverTls.value);
  }
  for (const auto& [name, value] : response.headers()) {
    message.add(name, value);
  }
  if (!frame.requestId.empty()) {
    message.add("X-Request-ID", std::string(frame.requestId));
  }
  if (!frame.traceparent.empty()) {
    message.add("traceparent", std::string(frame.traceparent));
  }
  scratch_->buffer.setTarget(&out);
  message.write(scratch_->stream);
  if (!frame.isHead && !frame.isStream && mayHaveBody(response.status())) {
    out.append(response.body());
  }
  return true;
}

}  // namespace busbar::http
