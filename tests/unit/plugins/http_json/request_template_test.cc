// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/request_template.h"

#include <gtest/gtest.h>

namespace busbar::http_json {
namespace {

std::string fill(const char* text, Place place, const char* values) {
  const JsonDocument document = JsonDocument::parse(values);
  return RequestTemplate(text, place).fill(document.root());
}

TEST(RequestTemplate, AValueInAPathStaysOneSegment) {
  EXPECT_EQ(fill("/rooms/{room}/x?q={q}", Place::Url, R"({"room":"a/b ?&#%é","q":"1&x=2"})"),
            "/rooms/a%2Fb%20%3F%26%23%25%C3%A9/x?q=1%26x%3D2");
  EXPECT_EQ(fill("/{a}{b}", Place::Url, R"({"a":1.5,"b":true})"), "/1.5true");
  EXPECT_EQ(fill("/{a}", Place::Url, R"({"a":".."})"), "/..");
}

TEST(RequestTemplate, AValueInJsonIsOneValue) {
  EXPECT_EQ(
      fill(R"({"power":{state},"level": {level}})", Place::Json, R"({"state":"on\"}","level":40})"),
      R"({"power":"on\"}","level": 40})");
  EXPECT_EQ(fill(R"({"v":{v}})", Place::Json, R"({"v":{"a":[1,null]}})"),
            R"({"v":{"a":[1,null]}})");
}

TEST(RequestTemplate, WithinQuotesItIsTheInsideOfTheString) {
  EXPECT_EQ(
      fill(R"({"text":"say {what}, {n} times"})", Place::Json, R"({"what":"\"hi\"\n","n":2})"),
      R"({"text":"say \"hi\"\u000a, 2 times"})");
  EXPECT_EQ(fill(R"({"a":"\"{x}","b":{x}})", Place::Json, R"({"x":"y"})"),
            R"({"a":"\"y","b":"y"})");
}

TEST(RequestTemplate, FormsAndTextHaveTheirOwnWays) {
  EXPECT_EQ(fill("a={x}&b={y}", Place::Form, R"({"x":"1 &2~","y":"z"})"), "a=1+%262%7E&b=z");
  EXPECT_EQ(fill("PWR {x}\r", Place::Text, R"({"x":"on"})"), "PWR on\r");
}

TEST(RequestTemplate, OtherBracesAreText) {
  for (const char* text : {"{}", "{ a }", "{1}", "{a", "a}", "{\"a\":1}", "{a-b}", "{{", ""}) {
    EXPECT_EQ(fill(text, Place::Text, R"({"a":"x"})"), text);
  }
  EXPECT_EQ(fill("{{a}}", Place::Text, R"({"a":"x"})"), "{x}");
}

TEST(RequestTemplate, MissingAndUnfitValuesAreNamed) {
  for (const auto& [text, place] :
       {std::pair("/{room}", Place::Url), std::pair("{room}", Place::Json),
        std::pair("\"{room}\"", Place::Json)}) {
    try {
      (void)fill(text, place, "{}");
      FAIL() << text;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), BUSBAR_E_INVALID);
      EXPECT_NE(failure.message().find("room"), std::string::npos);
    }
  }
  EXPECT_THROW((void)fill("/{a}", Place::Url, R"({"a":[1]})"), Failure);
  EXPECT_THROW((void)fill("\"{a}\"", Place::Json, R"({"a":{}})"), Failure);
}

TEST(RequestTemplate, NamesAreListedOnce) {
  EXPECT_EQ(RequestTemplate("/{a}/{b}/{a}", Place::Url).names(),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace busbar::http_json
