// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/head_parser.h"

#include <algorithm>
#include <cstring>

namespace busbar::http {
namespace {

enum CharClass : unsigned char { kTokenChar = 1, kValueChar = 2, kTargetChar = 4, kHostChar = 8 };

constexpr std::array<unsigned char, 256> makeClasses() {
  std::array<unsigned char, 256> table{};
  const auto mark = [&table](std::string_view chars, unsigned char bits) {
    for (const char c : chars) {
      table[static_cast<unsigned char>(c)] |= bits;
    }
  };
  const std::string_view alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  mark(alnum, kTokenChar | kHostChar);
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark("-._~!$&'()*+,;=", kHostChar);
  for (unsigned c = 0x21; c < 0x7f; ++c) {
    table[c] |= kValueChar | kTargetChar;
  }
  for (unsigned c = 0x80; c < 0x100; ++c) {
    table[c] |= kValueChar;  // obs-text
  }
  mark(" \t", kValueChar);
  return table;
}
constexpr auto kClasses = makeClasses();

bool all(std::string_view text, unsigned char bits) {
  return std::all_of(text.begin(), text.end(), [bits](char c) {
    return (kClasses[static_cast<unsigned char>(c)] & bits) != 0;
  });
}

bool isDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr Refusal kBareLf{400, "bare_line_feed", "a line ends with LF alone"};
constexpr Refusal kBadLine{400, "bad_request_line", "the request line is malformed"};
constexpr Refusal kBadMethod{400, "bad_method", "the method is no token of at most 32 characters"};
constexpr Refusal kBadTarget{400, "bad_target", "the request target is not in origin form"};
constexpr Refusal kLongTarget{414, "target_too_long", "the request target is over 8192 bytes"};
constexpr Refusal kBadVersion{400, "bad_version", "the HTTP version is malformed"};
constexpr Refusal kOtherVersion{505, "version_not_supported", "only HTTP/1.1 and 1.0 are served"};
constexpr Refusal kFold{400, "obsolete_fold", "a header line begins with a blank"};
constexpr Refusal kBadName{400, "bad_header_name", "a header name is malformed"};
constexpr Refusal kBadValue{400, "bad_header_value", "a header value has a control character"};
constexpr Refusal kManyHeaders{431, "too_many_headers", "there are more than 100 headers"};
constexpr Refusal kHosts{400, "bad_host", "there is more than one Host header"};
constexpr Refusal kNoHost{400, "bad_host", "HTTP/1.1 wants a Host header"};
constexpr Refusal kBadHost{400, "bad_host", "the Host header is malformed"};
constexpr Refusal kLengths{400, "bad_content_length", "there is more than one Content-Length"};
constexpr Refusal kBadLength{400, "bad_content_length", "Content-Length is no decimal number"};
constexpr Refusal kCodings{400, "bad_transfer_encoding", "Transfer-Encoding stands twice"};
constexpr Refusal kBadCoding{501, "bad_transfer_encoding", "only chunked is known"};
constexpr Refusal kOldCoding{400, "bad_transfer_encoding", "HTTP/1.0 has no Transfer-Encoding"};
constexpr Refusal kBothLengths{400, "ambiguous_length",
                               "Content-Length and Transfer-Encoding exclude each other"};
constexpr Refusal kBadExpect{417, "bad_expectation", "only 100-continue can be expected"};
constexpr Refusal kBadConnection{400, "bad_connection", "the Connection header is malformed"};
constexpr Refusal kConnect{501, "not_a_proxy", "CONNECT is not served"};

constexpr size_t kMaxTargetBytes = 8192;
constexpr size_t kMaxMethodBytes = 32;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<Refusal> parseVersion(std::string_view text, Head& head) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.' ||
      !isDigits(text.substr(5, 1)) || !isDigits(text.substr(7, 1))) {
    return kBadVersion;
  }
  if (text[5] != '1' || text[7] > '1') {
    return kOtherVersion;
  }
  head.isHttp11 = text[7] == '1';
  return std::nullopt;
}

std::optional<Refusal> parseLine(std::string_view line, Head& head) {
  const size_t methodEnd = line.find(' ');
  const size_t targetEnd = line.rfind(' ');
  if (methodEnd == std::string_view::npos || targetEnd == methodEnd) {
    return kBadLine;
  }
  head.method = line.substr(0, methodEnd);
  head.target = line.substr(methodEnd + 1, targetEnd - methodEnd - 1);
  if (head.method.size() > kMaxMethodBytes || !isToken(head.method)) {
    return kBadMethod;
  }
  if (head.target.size() > kMaxTargetBytes) {
    return kLongTarget;
  }
  if (auto refusal = parseVersion(line.substr(targetEnd + 1), head)) {
    return refusal;
  }
  if (head.method == "CONNECT") {
    return kConnect;
  }
  const bool asterisk = head.target == "*" && head.method == "OPTIONS";
  if (!all(head.target, kTargetChar) || (!asterisk && !head.target.starts_with('/'))) {
    return kBadTarget;
  }
  return std::nullopt;
}

// RFC 3986 s. 3.2.2: a registered name or address, or a bracketed IPv6 address; then a port.
bool isHost(std::string_view text) {
  if (const size_t colon = text.rfind(':');
      colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.size() > 5 || (!port.empty() && !isDigits(port))) {
      return false;
    }
    text = text.substr(0, colon);
  }
  if (text.empty() || text.size() > 255) {
    return false;
  }
  if (text.front() == '[') {
    return text.back() == ']' && text.size() > 3 &&
           text.find_first_not_of("0123456789abcdefABCDEF:.", 1) == text.size() - 1;
  }
  return all(text, kHostChar);
}

std::optional<Refusal> parseLength(std::string_view text, uint64_t& length) {
  if (!isDigits(text) || text.size() > 18) {
    return kBadLength;
  }
  length = 0;
  for (const char c : text) {
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  return std::nullopt;
}

std::optional<Refusal> parseConnection(std::string_view list, Head& head) {
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view option = trim(list.substr(0, comma));
    if (!option.empty() && !isToken(option)) {
      return kBadConnection;
    }
    if (equalsIgnoringCase(option, "close")) {
      head.keepAlive = false;
    } else if (!head.isHttp11 && equalsIgnoringCase(option, "keep-alive")) {
      head.keepAlive = true;
    }
    if (comma == list.size()) {
      return std::nullopt;
    }
    list.remove_prefix(comma + 1);
  }
}

// The headers that decide where this request ends.
class Framing {
 public:
  std::optional<Refusal> add(const HeadField& field, Head& head) {
    switch (field.name.size()) {
      case 4:
        return equalsIgnoringCase(field.name, "Host") ? addHost(field.value) : std::nullopt;
      case 6:
        return equalsIgnoringCase(field.name, "Expect") ? addExpect(field.value, head)
                                                        : std::nullopt;
      case 10:
        return equalsIgnoringCase(field.name, "Connection") ? parseConnection(field.value, head)
                                                            : std::nullopt;
      case 14:
        return equalsIgnoringCase(field.name, "Content-Length") ? addLength(field.value, head)
                                                                : std::nullopt;
      case 17:
        return equalsIgnoringCase(field.name, "Transfer-Encoding") ? addCoding(field.value, head)
                                                                   : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<Refusal> finish(Head& head) const {
    if (hosts_ == 0 && head.isHttp11) {
      return kNoHost;
    }
    if (lengths_ != 0 && codings_ != 0) {
      return kBothLengths;
    }
    if (lengths_ != 0 && head.contentLength > 0) {
      head.framing = BodyFraming::Length;
    }
    return std::nullopt;
  }

 private:
  std::optional<Refusal> addHost(std::string_view value) {
    if (++hosts_ > 1) {
      return kHosts;
    }
    return isHost(value) ? std::nullopt : std::optional(kBadHost);
  }
  std::optional<Refusal> addLength(std::string_view value, Head& head) {
    return ++lengths_ > 1 ? std::optional(kLengths) : parseLength(value, head.contentLength);
  }
  std::optional<Refusal> addCoding(std::string_view value, Head& head) {
    if (++codings_ > 1) {
      return kCodings;
    }
    if (!head.isHttp11) {
      return kOldCoding;
    }
    head.framing = BodyFraming::Chunked;
    return equalsIgnoringCase(value, "chunked") ? std::nullopt : std::optional(kBadCoding);
  }
  static std::optional<Refusal> addExpect(std::string_view value, Head& head) {
    head.expectsContinue = head.isHttp11;
    return equalsIgnoringCase(value, "100-continue") ? std::nullopt : std::optional(kBadExpect);
  }

  int hosts_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
};

}  // namespace

bool isToken(std::string_view text) {
  return !text.empty() && all(text, kTokenChar);
}

bool isFieldValue(std::string_view text) {
  // In blocks without a branch, which become vector instructions: tokens are long.
  constexpr size_t kBlock = 16;
  while (text.size() >= kBlock) {
    unsigned bad = 0;
    for (size_t i = 0; i < kBlock; ++i) {
      const auto u = static_cast<uint8_t>(text[i]);
      bad |= static_cast<uint8_t>((u < 0x20) & (u != '\t')) | static_cast<uint8_t>(u == 0x7F);
    }
    if (bad != 0) {
      return false;
    }
    text.remove_prefix(kBlock);
  }
  return all(text, kValueChar);
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [&lower](char x, char y) { return lower(x) == lower(y); });
}

HeadScan scanHead(std::string_view bytes, size_t& scanned) {
  if (scanned == 0 && !bytes.empty() && !isToken(bytes.substr(0, 1))) {
    return {0, kBadMethod};
  }
  while (scanned < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
    if (found == nullptr) {
      scanned = bytes.size();
      break;
    }
    const auto at = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') {
      return {0, kBareLf};
    }
    scanned = at + 1;
    if (at >= 3 && bytes[at - 2] == '\n') {
      return {at + 1, std::nullopt};
    }
  }
  return {};
}

std::optional<Refusal> parseField(std::string_view line, HeadField& field) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return kFold;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
    return kBadName;
  }
  field.name = line.substr(0, colon);
  field.value = trim(line.substr(colon + 1));
  return isFieldValue(field.value) ? std::nullopt : std::optional(kBadValue);
}

std::optional<Refusal> parseHead(std::string_view bytes, Head& head) {
  head.framing = BodyFraming::None;
  head.contentLength = 0;
  head.expectsContinue = false;
  head.fieldCount = 0;
  size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) {
    return kBadLine;
  }
  if (auto refusal = parseLine(bytes.substr(0, end), head)) {
    return refusal;
  }
  head.keepAlive = head.isHttp11;
  Framing framing;
  bytes.remove_prefix(end + 2);
  while (!bytes.starts_with("\r\n")) {
    end = bytes.find("\r\n");
    if (end == std::string_view::npos) {
      return kBareLf;
    }
    if (head.fieldCount == kMaxHeaders) {
      return kManyHeaders;
    }
    HeadField& field = head.fields[head.fieldCount++];
    if (auto refusal = parseField(bytes.substr(0, end), field)) {
      return refusal;
    }
    if (auto refusal = framing.add(field, head)) {
      return refusal;
    }
    bytes.remove_prefix(end + 2);
  }
  return framing.finish(head);
}

}  // namespace busbar::http
