// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/template.h"

#include <gtest/gtest.h>

namespace busbar::triggers {
namespace {

json::Object factsOfAFiring() {
  const auto parsed = json::parse(R"({
    "trigger": {"id": "trigger-1", "name": "Too warm"},
    "system": {"id": "sys-1", "name": "Room / 4 & ä"},
    "firing": {"id": "fire-1", "time": 1700000000, "retry": false},
    "cause": {"key": "comparison_0", "left": 27.5, "module": "mod-1"},
    "condition": {"comparison_0": {"left": 27.5, "right": 25, "is_true": true},
                  "rule/all/0": {"left": {"a": [1, 2]}, "is_true": false}},
    "webhook": {"method": "POST", "body": {"who": "{{ trigger.id }}", "list": [10, {"x": true}]},
                "query": {"door": "a b/c?d=e"}},
    "status": {"Display_1": {"power": true, "input": "hdmi1", "empty": null, "name": "..",
                             "lines": "a\r\nBcc: x", "deep": {"b": [null, "z"]}}}
  })");
  return *parsed->asObject();
}

std::string rendered(const std::string& text) {
  const auto out = render(json::Value(text), factsOfAFiring());
  return out.ok() ? json::write(*out) : "error " + out.error().reason;
}

struct Rendered {
  const char* text;
  const char* json;
};

TEST(Template, OneTemplateAloneKeepsTheTypeOfItsValue) {
  for (const Rendered& it : {
           Rendered{"{{ status.Display_1.power }}", "true"},
           Rendered{"{{cause.left}}", "27.5"},
           Rendered{"{{\tfiring.time\t}}", "1700000000"},
           Rendered{"{{ status.Display_1.empty }}", "null"},
           Rendered{"{{ status.Display_1.input }}", R"("hdmi1")"},
           Rendered{"{{ status.Display_1.deep }}", R"({"b":[null,"z"]})"},
           Rendered{"{{ status.Display_1.deep.b.1 }}", R"("z")"},
           Rendered{"{{ webhook.body.list.1.x }}", "true"},
           Rendered{"{{ condition.rule/all/0.left.a }}", "[1,2]"},
       }) {
    EXPECT_EQ(rendered(it.text), it.json) << it.text;
  }
}

TEST(Template, InsideOfTextsValuesAreWrittenPlainly) {
  for (const Rendered& it : {
           Rendered{"", R"("")"},
           Rendered{"no braces } { }}", R"("no braces } { }}")"},
           Rendered{" {{ cause.left }}", R"(" 27.5")"},
           Rendered{"{{ trigger.name }}: {{ cause.left }} > {{condition.comparison_0.right}}",
                    R"("Too warm: 27.5 > 25")"},
           Rendered{"{{trigger.id}}{{trigger.id}}", R"("trigger-1trigger-1")"},
           Rendered{"is {{ status.Display_1.power }}, {{ status.Display_1.empty }}",
                    R"("is true, null")"},
           Rendered{"{{ status.Display_1.deep }}!", R"("{\"b\":[null,\"z\"]}!")"},
           Rendered{R"({{"{{"}})", R"("{{")"},
           Rendered{R"(write {{ "{{" }} name }})", R"("write {{ name }}")"},
           Rendered{R"({{"}}"}})", R"("}}")"},
       }) {
    EXPECT_EQ(rendered(it.text), it.json) << it.text;
  }
}

TEST(Template, WhatAValueHoldsIsNotReadAgain) {
  EXPECT_EQ(rendered("{{ webhook.body.who }}"), R"("{{ trigger.id }}")");
  EXPECT_EQ(rendered("<{{ webhook.body.who }}>"), R"("<{{ trigger.id }}>")");
}

TEST(Template, DocumentsAreFilledInEverywhereButInNames) {
  const auto source =
      json::parse(R"({"a":["{{ cause.left }}",{"b":"x {{ trigger.id }}"}],"{{ x }}":1,"n":null})");
  const auto out = render(*source, factsOfAFiring());
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(json::write(*out), R"({"a":[27.5,{"b":"x trigger-1"}],"{{ x }}":1,"n":null})");
}

TEST(Template, WithoutAValueItFailsAndNamesThePath) {
  for (const char* text : {"{{ status.Display_1.volume }}", "x {{ status.Display_2.power }} y",
                           "{{ status.Display_1.deep.b.2 }}", "{{ status.Display_1.deep.b.-1 }}",
                           "{{ status.Display_1.deep.b.01x }}", "{{ zone.name }}",
                           "{{ status.Display_1.input.more }}"}) {
    const auto out = render(json::Value(text), factsOfAFiring());
    ASSERT_FALSE(out.ok()) << text;
    EXPECT_EQ(out.error().reason, "template_without_value") << text;
  }
  EXPECT_NE(
      render(json::Value("{{ zone.name }}"), factsOfAFiring()).error().message.find("zone.name"),
      std::string::npos);
}

TEST(Template, InUrlsValuesCannotLeaveTheirPlace) {
  const auto url = [](const char* text) {
    const auto out = renderUrl(text, factsOfAFiring());
    return out.ok() ? *out : "error " + out.error().reason;
  };
  EXPECT_EQ(url("https://x.example/a/{{ system.name }}?d={{ webhook.query.door }}"),
            "https://x.example/a/Room%20%2F%204%20%26%20%C3%A4?d=a%20b%2Fc%3Fd%3De");
  EXPECT_EQ(url("https://x.example/{{ status.Display_1.lines }}"),
            "https://x.example/a%0D%0ABcc%3A%20x");
  EXPECT_EQ(url(R"(https://x.example/?q={{"a&b"}})"), "https://x.example/?q=a%26b");
  EXPECT_EQ(url("https://x.example/{{ status.Display_1.name }}/b"), "error template_bad_value");
  EXPECT_EQ(url("https://x.example/a/{{ status.Display_1.name }}"), "error template_bad_value");
  EXPECT_EQ(url("https://x.example/a?x={{ status.Display_1.name }}"), "https://x.example/a?x=..");
  EXPECT_EQ(url("https://x.example/a{{ status.Display_1.name }}"), "https://x.example/a..");
  EXPECT_EQ(url("https://x.example/a/../b"), "https://x.example/a/../b") << "without templates";
}

TEST(Template, InHeadersValuesCannotBreakLines) {
  EXPECT_EQ(*renderHeader("{{ trigger.name }}!", factsOfAFiring()), "Too warm!");
  EXPECT_EQ(renderHeader("{{ status.Display_1.lines }}", factsOfAFiring()).error().reason,
            "template_bad_value");
}

TEST(Template, WhatComesOutIsBounded) {
  json::Object large;
  large.set("trigger", *json::parse(R"({"name":")" + std::string(100'000, 'x') + R"("})"));
  const std::string three = "{{ trigger.name }}{{ trigger.name }}{{ trigger.name }}";
  EXPECT_TRUE(renderText("{{ trigger.name }}{{ trigger.name }}", large).ok());
  EXPECT_EQ(renderText(three, large).error().reason, "template_too_large");
  EXPECT_EQ(render(json::Value(three), large).error().reason, "template_too_large");
  json::Array many(3, json::Value("{{ trigger.name }}"));
  EXPECT_EQ(render(json::Value(many), large).error().reason, "template_too_large");
  // Percent-encoding counts as it comes out.
  large.set("trigger", *json::parse(R"({"name":")" + std::string(100'000, ' ') + R"("})"));
  EXPECT_EQ(renderUrl("http://x/{{ trigger.name }}", large).error().reason, "template_too_large");
}

TEST(Template, DepthIsBounded) {
  json::Value deep = 1;
  for (unsigned i = 0; i < kMaxRenderedDepth; ++i) {
    deep = json::Array{deep};
  }
  json::Object known;
  known.set("webhook", *json::parse(R"({"body":null})"));
  known.find("webhook")->asObject()->set("body", deep);
  EXPECT_TRUE(render(json::Value("{{ webhook.body }}"), known).ok());
  EXPECT_EQ(render(json::Array{"{{ webhook.body }}"}, known).error().reason, "template_too_large");
  EXPECT_TRUE(render(deep, known).ok());
  EXPECT_EQ(render(json::Array{deep}, known).error().reason, "template_too_large");
  model::FieldErrors errors;
  checkTemplates(json::Array{deep}, "args", errors);
  ASSERT_EQ(errors.size(), 1U);
}

model::FieldErrors errorsOf(const json::Value& value) {
  model::FieldErrors errors;
  checkTemplates(value, "a", errors);
  return errors;
}

TEST(Template, SavingAcceptsEveryPathThatThereIs) {
  for (const char* path : {"trigger.id",
                           "trigger.name",
                           "instance.id",
                           "system.id",
                           "system.name",
                           "zone.id",
                           "zone.name",
                           "firing.id",
                           "firing.time",
                           "firing.retry",
                           "cause.key",
                           "cause.left",
                           "cause.module",
                           "cause.module",
                           "cause.left.a.0",
                           "condition.comparison_0.left",
                           "condition.comparison_0.right.x",
                           "condition.rule/all/0.is_true",
                           "webhook.method",
                           "webhook.body",
                           "webhook.body.a.b",
                           "webhook.query.x",
                           "status.Display_1.power",
                           "status.Display_1.power.on.0",
                           "status.Größe_1.höhe"}) {
    EXPECT_TRUE(errorsOf("{{ " + std::string(path) + " }}").empty()) << path;
  }
  EXPECT_TRUE(errorsOf(R"({{"any text"}} and {{ "{{" }})").empty());
  EXPECT_TRUE(errorsOf("a } b }} c { d").empty());
}

TEST(Template, SavingRefusesWhatNoFiringHas) {
  for (const char* text : {"{{ user.name }}",
                           "{{ trigger }}",
                           "{{ trigger.secret }}",
                           "{{ trigger.id.x }}",
                           "{{ instance.webhook_secret }}",
                           "{{ firing.time.x }}",
                           "{{ condition }}",
                           "{{ condition.comparison_0 }}",
                           "{{ condition.comparison_0.operator }}",
                           "{{ condition.comparison_0.is_true.x }}",
                           "{{ webhook }}",
                           "{{ webhook.headers.x }}",
                           "{{ webhook.method.x }}",
                           "{{ webhook.query }}",
                           "{{ webhook.query.a.b }}",
                           "{{ status }}",
                           "{{ status.Display_1 }}",
                           "{{",
                           "x {{ trigger.id",
                           "{{ trigger.id }",
                           "{{}}",
                           "{{ }}",
                           "{{ trigger..id }}",
                           "{{ .id }}",
                           "{{ trigger. }}",
                           "{{ a b }}",
                           "{{ trigger.id | upper }}",
                           "{{ trigger['id'] }}",
                           "{{ f() }}",
                           "{{ 1 + 1 }}",
                           "{{ {{ trigger.id }} }}",
                           "{{\ntrigger.id }}",
                           R"({{"x)",
                           R"({{"x"}})"
                           "{{\"y\"}",
                           R"({{ "x" y }})",
                           "{{ status.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q }}"}) {
    EXPECT_FALSE(errorsOf(text).empty()) << text;
  }
}

TEST(Template, SavingNamesThePlaceOfEachMistake) {
  const auto errors =
      errorsOf(*json::parse(R"({"x":["ok","{{ nope }}"],"y":{"z":"{{ trigger.id }}{{ t"},"w":5})"));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].field, "a.x.1");
  EXPECT_NE(errors[0].reason.find("begins with \"nope\""), std::string::npos);
  EXPECT_EQ(errors[1].field, "a.y.z");
}

TEST(Template, SavingBoundsTheNumberOfTemplates) {
  std::string text;
  for (size_t i = 0; i <= kMaxTemplates; ++i) {
    text += "{{ trigger.id }}";
  }
  EXPECT_EQ(errorsOf(text).size(), 1U);
  EXPECT_EQ(errorsOf(json::Array(kMaxTemplates, json::Value("{{ trigger.id }}"))).size(), 0U);
  EXPECT_EQ(errorsOf(json::Array(kMaxTemplates + 1, json::Value("{{ trigger.id }}"))).size(), 1U);
}

TEST(Template, UrlsHaveTemplatesBehindTheHostOnly) {
  const auto isGood = [](const char* url) {
    model::FieldErrors errors;
    checkUrlTemplate(url, "url", errors);
    return errors.empty();
  };
  EXPECT_TRUE(isGood("https://x.example/{{ trigger.id }}/y?z={{ cause.left }}"));
  EXPECT_TRUE(isGood("https://x.example?z={{ cause.left }}"));
  EXPECT_TRUE(isGood("https://x.example"));
  for (const char* url :
       {"{{ webhook.body.url }}", "https://{{ webhook.body.host }}/", "https://x.{{ cause.left }}/",
        "https://x.example:{{ cause.left }}/", "{{ cause.left }}://x.example/",
        "https://x.example{{ cause.left }}/", "https://u:{{ cause.left }}@x.example/", "",
        "ftp://x.example/", "x.example/y", "https://x.example/{{ nope }}", "https://x.example/{{",
        "https://user@x.example/"}) {
    EXPECT_FALSE(isGood(url)) << url;
  }
}

TEST(Template, CollectsStatusesOnce) {
  std::vector<TemplateStatus> statuses;
  collectStatuses(*json::parse(R"(["{{ status.A_1.x }} {{status.A_1.x.deep}}",
      {"k":"{{ status.B_2.y }}"},"{{ trigger.id }}","{{ status.A_1 }}","{{ broken"])"),
                  statuses);
  EXPECT_EQ(statuses, (std::vector<TemplateStatus>{{"A_1", "x"}, {"B_2", "y"}}));
}

}  // namespace
}  // namespace busbar::triggers
