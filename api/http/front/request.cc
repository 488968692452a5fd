// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/request.h"

#include <array>

#include <Poco/Net/HTTPRequest.h>

#include "api/http/front/head_parser.h"

namespace busbar::http {
namespace {

constexpr std::array<std::string_view, 8> kMethodNames{"GET",   "HEAD",   "POST",    "PUT",
                                                       "PATCH", "DELETE", "OPTIONS", ""};

}  // namespace

std::string_view toString(Method method) {
  return kMethodNames[static_cast<size_t>(method)];
}

Method toMethod(std::string_view name) {
  for (size_t i = 0; i + 1 < kMethodNames.size(); ++i) {
    if (kMethodNames[i] == name) {
      return static_cast<Method>(i);
    }
  }
  return Method::Other;
}

Request::Request() : message_(std::make_unique<Poco::Net::HTTPRequest>()) {}

Request::~Request() = default;

std::string_view Request::methodName() const {
  return message_->getMethod();
}

std::string_view Request::param(std::string_view name) const {
  for (const auto& [known, segment] : params_) {
    if (known == name) {
      return target_.segment(segment);
    }
  }
  return {};
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [known, value] : std::as_const(*message_)) {
    if (equalsIgnoringCase(known, name)) {
      return value;
    }
  }
  return std::nullopt;
}

const auth::Principal& Request::principal() const {
  static const auth::Principal anonymous;
  return principal_ ? *principal_ : anonymous;
}

void Request::clear() {
  message_->clear();
  method_ = Method::Other;
  body_.clear();
  requestId_.clear();
  params_.clear();
  principal_.reset();
  route_ = nullptr;
}

Status Request::setLine(std::string_view method, std::string_view target, bool isHttp11) {
  method_ = toMethod(method);
  message_->setMethod(std::string(method));
  message_->setURI(std::string(target));
  message_->setVersion(isHttp11 ? Poco::Net::HTTPMessage::HTTP_1_1
                                : Poco::Net::HTTPMessage::HTTP_1_0);
  isHttp11_ = isHttp11;
  isAsterisk_ = target == "*";
  return target_.parse(isAsterisk_ ? "/" : target);
}

void Request::addHeader(std::string_view name, std::string_view value) {
  message_->add(std::string(name), std::string(value));
}

void Request::setIds(std::string_view requestId, const TraceContext& trace, bool traceWasGiven) {
  requestId_.assign(requestId);
  trace_ = trace;
  traceWasGiven_ = traceWasGiven;
}

}  // namespace busbar::http
