// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

using namespace busbar;

class GlueModules final : public Driver {
 public:
  explicit GlueModules(const CreateInfo& info) : Driver(info) {
    modules_.onModules([this](const std::vector<ModuleInfo>& all) {
      for (const ModuleInfo& each : all) {
        this->info("module " + each.name + " " + each.id + (each.running ? " running" : "") +
                   (each.connected ? " connected" : "") +
                   (each.implements("powerable/1") ? " powerable" : ""));
      }
    });
  }

  static constexpr auto functions() {
    return std::make_tuple(fn("ask", &GlueModules::ask), fn("ask_alone", &GlueModules::askAlone),
                           fn("follow", &GlueModules::follow),
                           fn("unfollow", &GlueModules::unfollow),
                           fn("names", &GlueModules::names));
  }

  // Answers with what came, or with why not.
  void ask(Call call, const std::string& target, const std::string& function) {
    const auto open = std::make_shared<Call>(std::move(call));
    CallOptions options;
    options.timeoutMs = 500;
    modules_.call(target, function, JsonObject().set("state", true), options)
        .then([open](const CallResult& result) {
          open->complete(result.ok() ? result.value().text()
                                     : result.failure().code() + ": " + result.failure().message() +
                                           " " + result.value().text());
        });
  }
  // On the initiative of the module, after the function has ended.
  void askAlone() {
    post([this] {
      modules_.call("Display_1", "power").then([this](const CallResult& result) {
        info(result.ok() ? "asked alone" : "failed alone");
      });
    });
  }
  void follow(bool isTold) {
    const auto changed = [this](std::string_view source, std::optional<int64_t> value) {
      info(std::string(source) + " " + (value ? std::to_string(*value) : "unset"));
    };
    if (isTold) {
      subscription_ = modules_.subscribe<int64_t>(
          "Display_1", "level", changed,
          [this](const Failure& failure) { info("ended: " + failure.message()); });
    } else {
      subscription_ = modules_.subscribe<int64_t>("Display_1", "level", changed);
    }
  }
  void unfollow() { modules_.unsubscribe(subscription_); }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const ModuleInfo& each : modules_.all()) {
      names.push_back(each.name);
    }
    return names;
  }
  void onEvent(const busbar_event&) override { warn("an event that nobody wanted"); }

 private:
  Modules modules_{*this};
  busbar_id subscription_ = 0;
};

BUSBAR_DRIVER(GlueModules)
