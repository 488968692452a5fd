// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/action_reader.h"

#include <algorithm>
#include <utility>

#include "api/triggers/fields.h"
#include "sdk/base/net/url.h"

namespace busbar::triggers {
namespace {

constexpr size_t kMaxSteps = 100;
constexpr size_t kMaxMailAddresses = 50;
constexpr size_t kMaxHeaders = 32;
constexpr size_t kMaxUrlBytes = 4096;
constexpr size_t kMaxHeaderBytes = 4096;
constexpr size_t kMaxSubjectBytes = 998;  // RFC 5322 s. 2.1.1
constexpr Fields::Range kTimeout{100, 600'000};
constexpr Fields::Range kRetries{0, 10};
constexpr Fields::Range kBackoff{1, 3'600'000};
constexpr Fields::Range kLoopLimit{0, 100};

bool isHeaderName(std::string_view name) {  // a token of RFC 9110 s. 5.6.2
  return !name.empty() && name.size() <= kMaxShortTextBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
         });
}

class ActionsReader {
 public:
  explicit ActionsReader(model::FieldErrors& errors) : errors_(errors) {}

  void read(const json::Value& document, Spec& spec) {
    Fields fields(document, "actions", errors_);
    readList(fields, "functions", spec.begin);
    readList(fields, "mailers", spec.begin);
    readList(fields, "steps", spec.begin);
    readList(fields, "ended", spec.ended);
    if (const auto limit = fields.integer("loop_limit", kLoopLimit)) {
      spec.loopLimit = static_cast<unsigned>(*limit);
    }
    fields.finish();
  }

 private:
  void readList(Fields& outer, std::string_view name, std::vector<Step>& out) {
    const json::Array* entries = outer.array(name, kMaxSteps);
    for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      const std::string path = pathOf(outer.pathOf(name), i);
      Step step;
      step.key = std::string(name) + "/" + std::to_string(i);
      count(path);
      Fields fields((*entries)[i], path, errors_);
      if (name == "functions") {
        step.what = function(fields);
      } else if (name == "mailers") {
        step.what = mail(fields);
      } else {
        readKind(fields, step, true);
      }
      readCommon(fields, step);
      fields.finish();
      out.push_back(std::move(step));
    }
  }

  void count(const std::string& path) {
    if (++count_ == kMaxSteps + 1) {
      noteError(errors_, path,
                "is beyond the " + std::to_string(kMaxSteps) + " steps of a trigger");
    }
  }

  void readKind(Fields& outer, Step& step, bool mayBeParallel) {
    const json::Member* kind =
        outer.findKind({"function", "mail", "webhook", "status", "trigger", "parallel"});
    if (kind == nullptr) {
      return;
    }
    if (kind->first == "parallel") {
      if (mayBeParallel) {
        step.what = parallel(outer, step.key);
      } else {
        outer.fail("parallel", "must not be inside of another one");
      }
      return;
    }
    Fields fields(kind->second, outer.pathOf(kind->first), errors_);
    if (kind->first == "function") {
      step.what = function(fields);
    } else if (kind->first == "mail") {
      step.what = mail(fields);
    } else if (kind->first == "webhook") {
      step.what = webhook(fields);
    } else if (kind->first == "status") {
      step.what = status(fields);
    } else {
      const std::string* id = fields.requireText("trigger_id");
      step.what = CallTrigger{id != nullptr ? *id : ""};
    }
    fields.finish();
  }

  void readCommon(Fields& fields, Step& step) {
    if (const std::string* what = fields.text("on_failure")) {
      step.onFailure = *what == "stop" ? Step::OnFailure::Stop : Step::OnFailure::Continue;
      if (*what != "stop" && *what != "continue") {
        fields.fail("on_failure", "must be continue or stop");
      }
    }
    if (std::holds_alternative<Parallel>(step.what)) {
      return;  // its members have their own
    }
    if (const auto timeout = fields.integer("timeout_ms", kTimeout)) {
      step.timeout = Milliseconds(*timeout);
    }
    if (const json::Value* retry = fields.find("retry")) {
      Fields members(*retry, fields.pathOf("retry"), errors_);
      step.retry.times = static_cast<unsigned>(members.integer("times", kRetries).value_or(0));
      step.retry.first =
          Milliseconds(members.integer("first_ms", kBackoff).value_or(step.retry.first.count()));
      step.retry.longest =
          Milliseconds(members.integer("longest_ms", kBackoff)
                           .value_or(std::max(step.retry.longest, step.retry.first).count()));
      if (step.retry.longest < step.retry.first) {
        members.fail("longest_ms", "must not be less than first_ms");
      }
      members.finish();
    }
  }

  Parallel parallel(Fields& outer, const std::string& key) {
    Parallel parallel;
    const json::Array* entries = outer.array("parallel", kMaxSteps);
    if (entries != nullptr && entries->empty()) {
      outer.fail("parallel", "must not be empty");
    }
    for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      const std::string path = pathOf(outer.pathOf("parallel"), i);
      Step step;
      step.key = key + "/parallel/" + std::to_string(i);
      count(path);
      Fields fields((*entries)[i], path, errors_);
      readKind(fields, step, false);
      readCommon(fields, step);
      fields.finish();
      parallel.steps.push_back(std::move(step));
    }
    return parallel;
  }

  CallFunction function(Fields& fields) {
    CallFunction call;
    if (const json::Member* kind = fields.findKind({"mod", "interface"});
        kind != nullptr && fields.text(kind->first) != nullptr) {
      (kind->first == "mod" ? call.mod : call.interface) = *kind->second.asString();
    }
    if (const std::string* method = fields.requireText("method")) {
      call.method = *method;
    }
    call.args = json::Object();
    if (const json::Value* args = fields.find("args")) {
      if (args->asObject() == nullptr && args->asArray() == nullptr) {
        fields.fail("args", "must be an object by name, or an array");
      } else {
        call.args = templated(fields, "args", *args);
      }
    }
    return call;
  }

  SendMail mail(Fields& fields) {
    SendMail mail;
    fields.require("emails");
    const json::Array* addresses = fields.array("emails", kMaxMailAddresses);
    if (addresses != nullptr && addresses->empty()) {
      fields.fail("emails", "must not be empty");
    }
    for (size_t i = 0; addresses != nullptr && i < addresses->size(); ++i) {
      const std::string* address = (*addresses)[i].asString();
      if (address == nullptr || !model::isEmail(*address)) {
        noteError(errors_, pathOf(fields.pathOf("emails"), i), "must be an e-mail address");
      } else {
        mail.to.push_back(*address);
      }
    }
    if (const std::string* text = fields.requireText("content", kMaxLongTextBytes)) {
      mail.text = *text;
      templated(fields, "content", *text);
    }
    if (const std::string* subject = fields.text("subject", kMaxSubjectBytes)) {
      mail.subject = *subject;
      templated(fields, "subject", *subject);
    }
    return mail;
  }

  CallWebhook webhook(Fields& fields) {
    CallWebhook call;
    if (const std::string* url = fields.requireText("url", kMaxUrlBytes)) {
      call.url = *url;
      checkUrl(fields, *url);
    }
    if (const std::string* method = fields.text("method")) {
      call.method = *method;
      if (std::find(kHttpMethods.begin(), kHttpMethods.end(), *method) == kHttpMethods.end()) {
        fields.fail("method", "must be GET, POST, PUT, PATCH or DELETE");
      }
    }
    if (const json::Value* headers = fields.find("headers")) {
      readHeaders(fields, *headers, call);
    }
    if (const json::Value* body = fields.find("body")) {
      call.body = templated(fields, "body", *body);
    }
    return call;
  }

  // Templates may stand behind the host, where the rules of URLs are those of what they become.
  void checkUrl(Fields& fields, const std::string& url) {
    const size_t scheme = url.find("://");
    const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    if (const auto origin = Url::parse(url.substr(0, url.find_first_of("/?#", host))); !origin) {
      fields.fail("url", "cannot be used: " + origin.error().message);
    }
    templated(fields, "url", url);
  }

  void readHeaders(Fields& fields, const json::Value& headers, CallWebhook& call) {
    const json::Object* object = headers.asObject();
    if (object == nullptr || object->size() > kMaxHeaders) {
      fields.fail("headers",
                  "must be an object of up to " + std::to_string(kMaxHeaders) + " texts");
      return;
    }
    for (const auto& [name, value] : *object) {
      const std::string path = pathOf(fields.pathOf("headers"), name);
      const std::string* text = value.asString();
      if (!isHeaderName(name)) {
        noteError(errors_, path, "must have the name of a header");
      } else if (text == nullptr || text->size() > kMaxHeaderBytes ||
                 text->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        noteError(errors_, path, "must be a text of one line, up to 4096 bytes");
      } else {
        call.headers.emplace_back(name, *text);
      }
    }
    templated(fields, "headers", headers);
  }

  SetStatus status(Fields& fields) {
    SetStatus set;
    if (const std::string* name = fields.requireText("name")) {
      set.name = *name;
    }
    const json::Value* value = fields.findValue("value");
    if (value == nullptr) {
      fields.fail("value", "is required");
    } else {
      set.value = templated(fields, "value", *value);
    }
    return set;
  }

  // Everything that may hold templates passes here: a value, and its texts.
  const json::Value& templated(Fields& fields, std::string_view name, const json::Value& value) {
    if (json::write(value).size() > kMaxLongTextBytes) {
      fields.fail(name, "must not be larger than 64 KiB");
    }
    return value;
  }

  model::FieldErrors& errors_;
  size_t count_ = 0;
};

}  // namespace

void readActions(const json::Value& document, Spec& spec, model::FieldErrors& errors) {
  ActionsReader(errors).read(document, spec);
}

}  // namespace busbar::triggers
