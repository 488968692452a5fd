// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/form.h"

#include <array>

namespace busbar::oauth {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

Error wrong(const char* message) {
  return Error::of(ErrorCode::InvalidArgument, message);
}

Status checkOnce(const http::Target& target) {
  for (size_t i = 0; i < target.queryCount(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (target.queryAt(i).first == target.queryAt(j).first) {
        return wrong("a parameter stands there twice");
      }
    }
  }
  return {};
}

bool isFormType(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) {
    type.remove_suffix(1);
  }
  if (type.size() != kFormType.size()) {
    return false;
  }
  for (size_t i = 0; i < type.size(); ++i) {
    const char c = type[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != kFormType[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Form> Form::readQuery(const http::Request& request) {
  Form form;
  const std::string_view query = request.target().rawQuery();
  if (!form.query_.parse("/?" + std::string(query)).ok()) {
    return wrong("the query is malformed");
  }
  BUSBAR_TRY(checkOnce(form.query_));
  BUSBAR_CHECK(form.body_.parse("/").ok());
  return form;
}

Result<Form> Form::read(const http::Request& request) {
  auto form = readQuery(request);
  if (!form.ok() || request.body().empty()) {
    return form;
  }
  if (!isFormType(request.header("Content-Type").value_or(std::string_view()))) {
    return wrong("the body must be application/x-www-form-urlencoded");
  }
  if (request.body().size() > kMaxBodyBytes || !form->body_.parse("/?" + request.body()).ok()) {
    return wrong("the body is malformed");
  }
  BUSBAR_TRY(checkOnce(form->body_));
  return form;
}

std::string Form::body(std::string_view name) const {
  return std::string(body_.query(name).value_or(std::string_view()));
}

std::string Form::query(std::string_view name) const {
  return std::string(query_.query(name).value_or(std::string_view()));
}

std::string Form::get(std::string_view name) const {
  std::string value = body(name);
  return value.empty() ? query(name) : value;
}

bool Form::hasGrantInQuery() const {
  constexpr std::array<std::string_view, 8> kNames{
      "grant_type",    "code",          "username",      "password",
      "client_secret", "refresh_token", "code_verifier", "client_id"};
  for (const std::string_view name : kNames) {
    if (!query(name).empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace busbar::oauth
