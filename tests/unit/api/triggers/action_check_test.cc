// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/action_check.h"

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

Step stepOf(decltype(Step::what) what) {
  Step step;
  step.what = std::move(what);
  return step;
}

std::vector<std::string> fieldsOf(const Step& step) {
  model::FieldErrors errors;
  checkAction(step, "p", errors);
  std::vector<std::string> fields;
  for (const auto& error : errors) {
    fields.push_back(error.field);
  }
  return fields;
}

TEST(ActionCheck, NamesTheMemberOfEachKindOfStep) {
  using Fields = std::vector<std::string>;
  EXPECT_EQ(
      fieldsOf(stepOf(CallFunction{"D_1", "", "f", json::parse(R"({"l":"{{ x }}"})").value()})),
      Fields{"p.args.l"});
  EXPECT_EQ(fieldsOf(stepOf(SendMail{{"a@b.example"}, "{{ x }}", "{{ y }}"})),
            (Fields{"p.subject", "p.content"}));
  EXPECT_EQ(fieldsOf(stepOf(SendMail{{"a@b.example"}, "two\r\nBcc: lines", "fine\nhere"})),
            Fields{"p.subject"});
  EXPECT_EQ(fieldsOf(stepOf(SetStatus{"s", "{{ x }}"})), Fields{"p.value"});
  EXPECT_EQ(fieldsOf(stepOf(CallWebhook{"POST", "http://{{ x }}", {}, "{{ x }}"})),
            (Fields{"p.url", "p.body"}));
  EXPECT_EQ(fieldsOf(stepOf(CallTrigger{"trigger-1"})), Fields{});
  EXPECT_EQ(fieldsOf(stepOf(SendMail{{"a@b.example"}, "{{ trigger.name }}", "{{ cause.left }}"})),
            Fields{});
}

TEST(ActionCheck, FindsStatusesInEveryKindOfStep) {
  Step call = stepOf(CallFunction{"D_1", "", "f", json::Array{"{{ status.A_1.a }}"}});
  Step mail = stepOf(SendMail{{}, "{{ status.B_1.b }}", "{{ status.C_1.c }}"});
  Step hook = stepOf(CallWebhook{"POST",
                                 "http://x.example/{{ status.D_1.d }}",
                                 {{"X-Y", "{{ status.E_1.e }}"}},
                                 "{{ status.F_1.f }}"});
  Step set = stepOf(SetStatus{"s", "{{ status.A_1.a }}"});
  const std::vector<Step> steps{stepOf(Parallel{{call, mail, stepOf(Parallel{{hook}})}}), set};
  EXPECT_EQ(
      statusesOf(steps),
      (std::vector<TemplateStatus>{
          {"A_1", "a"}, {"B_1", "b"}, {"C_1", "c"}, {"D_1", "d"}, {"E_1", "e"}, {"F_1", "f"}}));
}

}  // namespace
}  // namespace busbar::triggers
