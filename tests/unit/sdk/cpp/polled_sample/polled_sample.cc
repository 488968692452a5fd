// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A lamp by PolledDriver, for polled_driver_test. Level 0 makes it ask faster.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

namespace {

using busbar::Answer;
using busbar::Failure;

class Lamp : public busbar::PolledDriver<busbar::keys::online, busbar::keys::last_error> {
 public:
  explicit Lamp(const busbar::CreateInfo& info)
      : PolledDriver(info, "the lamp",
                     info.settings["greets"].as<bool>() ? busbar::Admission::ByGreeting
                                                        : busbar::Admission::AtOnce) {
    poll("LEVEL", "LEVEL?", [this](std::string_view line) { return takeLevel(line); });
    poll("NOTHING", [] { return std::string(); }, [](std::string_view) { return Answer::Done; });
    askOnce(
        "SCENES", [] { return std::string("SCENES?"); },
        [this](std::string_view line) {
          scenes_.show(line == "none" ? std::nullopt
                                      : std::optional(std::vector<std::string>{std::string(line)}));
          return Answer::Done;
        });
  }

  static constexpr auto functions() { return std::make_tuple(busbar::fn("level", &Lamp::level)); }

  void onReceived(std::string_view line, const busbar_received&) override {
    if (!isReady() && line == "welcome") {
      ready();
    }
  }

  void level(busbar::Call call, int64_t percent) {
    tell(std::move(call), "LEVEL", "LEVEL=" + std::to_string(percent),
         [this](std::string_view line, busbar::Call& open) {
           if (line == "no") {
             throw Failure::device("the lamp says no");
           }
           if (line != "ok") {
             open.complete(std::string(line));
           }
           askAgain("LEVEL");
           return Answer::Done;
         });
  }

 private:
  Answer takeLevel(std::string_view line) {
    if (line == "late") {
      return Answer::Ignore;
    }
    if (line == "burnt") {
      throw Failure::device("the lamp is burnt");
    }
    if (line == "rubbish") {
      throw lost("that is no lamp");
    }
    level_ = std::stoi(std::string(line));
    pollEvery(line == "0" ? std::chrono::milliseconds(500) : interval());
    return Answer::Done;
  }

  busbar::StatusKey<busbar::keys::level> level_{*this};
  busbar::StatusKey<busbar::keys::scenes> scenes_{*this};
};

}  // namespace

BUSBAR_DRIVER(Lamp)
