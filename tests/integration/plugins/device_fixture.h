// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/plugins/child_process.h"
#include "tests/support/host_fixture.h"

namespace busbar {

// One module of a driver of this build in a real runner under a real host, and the simulator that
// it talks to.
class DeviceFixture : public testing::Test {
 protected:
  // Starts a program of tools/sim and waits until it is ready.
  void startDevice(const std::string& program, const std::vector<std::string>& arguments = {}) {
    std::vector<std::string> words = {std::string(std::getenv("BUSBAR_BUILD")) + "/bin/" + program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    device_ = std::make_unique<test::ChildProcess>(words);
    port_ = device_->readReadyPort();
    ASSERT_NE(port_, 0) << program << " did not start";
  }

  // Writes settings in `text` and starts the module "mod-1" at the device.
  void startModule(const std::string& driver, const std::string& text) {
    host_.addModule("mod-1", host_.addDriver(driver), false, "127.0.0.1", port_);
    model::Settings row;
    row.id = "set-1";
    row.parentId = "mod-1";
    row.text = text;
    const Status written = host_.write(ConfigWrite::Kind::Insert, row);
    ASSERT_TRUE(written.ok()) << written.error().message;
    model::Module mod = *host_.site_.findModule("mod-1");
    mod.running = true;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, mod).ok());
    ASSERT_TRUE(host_.waitFor("mod-1", "running")) << host_.host_->health("mod-1").sentence;
  }
  void changeSettings(const std::string& text) {
    model::Settings row = *host_.site_.findSettings("set-1");
    row.text = text;
    const Status written = host_.write(ConfigWrite::Kind::Update, row);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // Gives the simulator a line and returns its answer.
  std::string tell(const std::string& line) {
    device_->writeLine(line);
    return device_->readLine();
  }

  // A status as JSON; empty when it is absent.
  std::string status(const std::string& key) {
    const auto value = host_.host_->stateKey("mod-1", key);
    return value.ok() ? *value : "";
  }
  bool becomes(const std::string& key, const std::string& json) {
    return runUntil(*host_.loop_, [&] { return status(key) == json; });
  }
  bool contains(const std::string& key, const std::string& text) {
    return runUntil(*host_.loop_, [&] { return status(key).find(text) != std::string::npos; });
  }

  // The result of a call as JSON, or "error: " and its message.
  std::string call(const std::string& function, const std::string& args = "[]",
                   model::UserRole role = model::UserRole::Admin) {
    const auto reply = host_.execute("mod-1", function, args, role);
    return reply.ok() ? reply->resultJson : "error: " + reply.error().message;
  }

  std::unique_ptr<test::ChildProcess> device_;
  int port_ = 0;
  HostFixture host_;
};

}  // namespace busbar
