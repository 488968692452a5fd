// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/url.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "sdk/base/ascii.h"
#include "sdk/base/net/ip_address.h"

namespace busbar {
namespace {

constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

Error refused(const char* why) {
  return Error::because(ErrorCode::InvalidArgument, "url_refused",
                        std::string("the URL is refused: ") + why);
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isHex(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isSchemeLetter(char c) {
  const char low = asciiLower(c);
  return (low >= 'a' && low <= 'z') || isDigit(c) || c == '+' || c == '-' || c == '.';
}

Status checkCharacters(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= ' ' || c == 0x7f || static_cast<unsigned char>(c) > 0x7e) {
      return refused("it holds white space, a control character or text that is not ASCII");
    }
    if (std::string_view("\\\"<>^`{|}").find(c) != std::string_view::npos) {
      return refused("it holds a character that must be percent-encoded");
    }
    if (c == '%' && (i + 2 >= text.size() || !isHex(text[i + 1]) || !isHex(text[i + 2]))) {
      return refused("a % is not followed by two hexadecimal digits");
    }
  }
  return {};
}

bool isNumberLike(std::string_view label) {
  if (label.size() >= 2 && label[0] == '0' && asciiLower(label[1]) == 'x') {
    return std::all_of(label.begin() + 2, label.end(), isHex);
  }
  return std::all_of(label.begin(), label.end(), isDigit);
}

bool isLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes || label.front() == '-' ||
      label.back() == '-') {
    return false;
  }
  return std::all_of(label.begin(), label.end(), [](char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

bool isDottedQuad(std::string_view host) {
  int parts = 0;
  while (true) {
    const size_t dot = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, dot);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0') ||
        error != std::errc() || end != part.data() + part.size() || value > 255) {
      return false;
    }
    ++parts;
    if (dot == host.size()) {
      return parts == 4;
    }
    host.remove_prefix(dot + 1);
  }
}

// RFC 3986 s. 5.2.4. `path` begins with a slash.
std::string withoutDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool endsInFolder = false;
  path.remove_prefix(1);
  while (true) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, slash);
    const bool isLast = slash == path.size();
    endsInFolder = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) {
      kept.pop_back();
    } else if (!endsInFolder) {
      kept.push_back(segment);
    }
    if (isLast) {
      break;
    }
    path.remove_prefix(slash + 1);
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out.append("/").append(segment);
  }
  if (endsInFolder || out.empty()) {
    out += '/';
  }
  return out;
}

std::string normalisedTarget(std::string_view target) {
  const size_t query = std::min(target.find('?'), target.size());
  return withoutDotSegments(target.substr(0, query)).append(target.substr(query));
}

// The scheme in lower case when `text` begins with one.
std::optional<std::string> schemeOf(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || isDigit(text[0]) ||
      !std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(colon), isSchemeLetter)) {
    return std::nullopt;
  }
  std::string scheme(text.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), asciiLower);
  return scheme;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return refused("it is over 8192 bytes");
  }
  BUSBAR_TRY(checkCharacters(text));
  const auto scheme = schemeOf(text);
  if (!scheme || (*scheme != "http" && *scheme != "https")) {
    return refused("it does not begin with http:// or https://");
  }
  Url url;
  url.https_ = *scheme == "https";
  text.remove_prefix(scheme->size() + 1);
  if (text.substr(0, 2) != "//") {
    return refused("it does not begin with http:// or https://");
  }
  text.remove_prefix(2);
  text = text.substr(0, text.find('#'));
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  BUSBAR_TRY(url.parseAuthority(text.substr(0, end)));
  url.target_ = text.substr(end);
  if (url.target_.empty() || url.target_[0] != '/') {
    url.target_.insert(url.target_.begin(), '/');
  }
  url.setOrigin();
  return url;
}

Status Url::parseAuthority(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) {
    return refused("it holds a user name or password; give those as credentials");
  }
  size_t hostEnd = authority.find(':');
  if (!authority.empty() && authority[0] == '[') {
    hostEnd = authority.find(']');
    if (hostEnd == std::string_view::npos) {
      return refused("the bracket of an IPv6 address is not closed");
    }
    ++hostEnd;
    if (hostEnd < authority.size() && authority[hostEnd] != ':') {
      return refused("something other than a port follows the host");
    }
  }
  hostEnd = std::min(hostEnd, authority.size());
  BUSBAR_TRY(parseHost(authority.substr(0, hostEnd)));
  if (hostEnd == authority.size()) {
    port_ = https_ ? 443 : 80;
    return {};
  }
  return parsePort(authority.substr(hostEnd + 1));
}

Status Url::parseHost(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) {
    return refused("the host is missing or too long");
  }
  if (host[0] == '[') {
    const auto address = IpAddress::parse(host.substr(1, host.size() - 2));
    if (!address || !address->isIpv6()) {
      return refused("the brackets hold no IPv6 address (a zone is not allowed)");
    }
    kind_ = Kind::Ipv6;
    host_ = address->text();
    return {};
  }
  host_ = host;
  std::transform(host_.begin(), host_.end(), host_.begin(), asciiLower);
  if (isDottedQuad(host_)) {
    kind_ = Kind::Ipv4;
    return {};
  }
  kind_ = Kind::Name;
  std::string_view rest = host_;
  std::string_view label;
  while (true) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    label = rest.substr(0, dot);
    if (!isLabel(label)) {
      return refused("the host is no name, no dotted IPv4 address and no IPv6 address in brackets");
    }
    if (dot == rest.size()) {
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  // What ends in a number is read as an address by some and as a name by others.
  return isNumberLike(label) ? refused("an IPv4 address must be four decimal numbers") : Status();
}

Status Url::parsePort(std::string_view port) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (port.empty() || port.size() > 5 || port[0] == '0' || error != std::errc() ||
      end != port.data() + port.size() || value > 65'535) {
    return refused("the port is not a number from 1 to 65535");
  }
  port_ = static_cast<uint16_t>(value);
  return {};
}

void Url::setOrigin() {
  origin_ = https_ ? "https://" : "http://";
  origin_ += kind_ == Kind::Ipv6 ? "[" + host_ + "]" : host_;
  if (port_ != (https_ ? 443 : 80)) {
    origin_ += ":" + std::to_string(port_);
  }
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (reference.size() > kMaxBytes) {
    return refused("it is over 8192 bytes");
  }
  reference = reference.substr(0, reference.find('#'));
  if (schemeOf(reference.substr(0, std::min(reference.find_first_of("/?"), reference.size())))) {
    return parse(reference);
  }
  if (reference.substr(0, 2) == "//") {
    return parse(std::string(https_ ? "https:" : "http:").append(reference));
  }
  if (reference.empty()) {
    return *this;
  }
  const std::string_view path = std::string_view(target_).substr(0, target_.find('?'));
  if (reference[0] == '?') {
    return parse(std::string(origin_).append(path).append(reference));
  }
  if (reference[0] == '/') {
    return parse(origin_ + normalisedTarget(reference));
  }
  std::string folder(path.substr(0, path.rfind('/') + 1));
  return parse(origin_ + normalisedTarget(folder.append(reference)));
}

}  // namespace busbar
