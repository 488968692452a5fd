// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "sdk/base/json.h"
#include "tests/support/http_host_fixture.h"

namespace busbar {

// Modules of the driver http_probe in real runners, which request what a call says.
class HttpProbeTest : public testing::Test {
 protected:
  struct Outcome {
    json::Value document;
    Error error;  // of the call itself
    int64_t number(const char* name) const {
      const json::Value* value = document.find(name);
      return value != nullptr && value->asInt() != nullptr ? *value->asInt() : -99;
    }
    std::string text(const char* name) const {
      const json::Value* value = document.find(name);
      return value != nullptr && value->asString() != nullptr ? *value->asString() : "(none)";
    }
    // "200", or the code of the failure.
    std::string end() const {
      return number("http") > 0 && number("failed") == 0 ? std::to_string(number("http"))
                                                         : text("code");
    }
  };

  std::string driver(model::Isolation isolation = model::Isolation::Driver) {
    return fixture_.host_.addDriver("http_probe", isolation, "/tests/drivers/");
  }
  Outcome run(const std::string& moduleId, const std::string& url, const std::string& more = "",
              Milliseconds limit = Milliseconds(9000)) {
    const std::string args = R"({"url":")" + url + "\"" + (more.empty() ? "" : "," + more) + "}";
    auto reply = fixture_.host_.execute(moduleId, "run", args, model::UserRole::Support, limit);
    Outcome outcome;
    if (reply.ok()) {
      outcome.document = json::parse(reply->resultJson).value();
    } else {
      outcome.error = reply.error();
    }
    return outcome;
  }
  bool runUntil(const std::function<bool()>& condition) {
    return busbar::runUntil(*fixture_.host_.loop_, condition);
  }

  HttpHostFixture fixture_;
};

}  // namespace busbar
