// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "sdk/manifest/manifest.h"
#include "tests/integration/host/runner/runner_under_test.h"

namespace busbar {
namespace {

namespace fs = std::filesystem;

// The libraries in the folder that BUSBAR_DRIVERS names. Beside NAME.so stand NAME.json, its
// manifest, and perhaps NAME.calls.json: [{"function", "args", "status", "result"}].
std::vector<fs::path> libraries() {
  std::vector<fs::path> found;
  const char* folder = ::getenv("BUSBAR_DRIVERS");
  if (folder != nullptr) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".so") {
        found.push_back(entry.path());
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string readFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string member(const json::Value& object, const char* name) {
  const json::Value* value = object.find(name);
  return value == nullptr               ? ""
         : value->asString() != nullptr ? *value->asString()
                                        : json::write(*value);
}

// Creates and starts an instance as a host does: by what the manifest says.
void createAndStart(test::RunnerUnderTest& runner, uint32_t instance, const Manifest& manifest) {
  const std::string settings = json::write(manifest.settings.withDefaults(json::Object()));
  wire::Create create;
  create.moduleId = "mod-1";
  create.driverId = manifest.id;
  create.epoch = "0";
  create.timeZone = "UTC";
  create.locale = "en";
  create.settings = settings;
  std::vector<std::string> framings;
  framings.reserve(manifest.links.size());
  for (const Manifest::Link& link : manifest.links) {
    framings.push_back(json::write(link.framing));
    create.links.push_back({static_cast<uint32_t>(create.links.size() + 1),
                            static_cast<uint32_t>(link.kind), link.role, framings.back(),
                            link.maxFrameBytes});
  }
  for (const Manifest::StatusKey& status : manifest.status) {
    create.status.push_back({status.pattern.has_value(), status.key});
  }
  wire::encode(runner.out(), instance, create);
  wire::encodeEmpty(runner.out(), wire::Type::Start, instance);
  runner.send();
  for (const wire::Type type : {wire::Type::Created, wire::Type::Started}) {
    const auto frame = runner.waitFor(type, instance);
    ASSERT_TRUE(frame.has_value());
    ASSERT_EQ(frame->error().status, BUSBAR_OK) << frame->error().message;
  }
}

void makeCalls(test::RunnerUnderTest& runner, uint32_t instance, const fs::path& calls) {
  const auto list = json::parse(readFile(calls));
  ASSERT_TRUE(list.ok() && list->asArray() != nullptr) << calls;
  uint64_t id = 0;
  for (const json::Value& call : *list->asArray()) {
    const std::string args = member(call, "args");
    SCOPED_TRACE(member(call, "function") + args);
    const auto frame = runner.call(++id, instance, member(call, "function"), args);
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(std::to_string(frame->complete().error.status), member(call, "status"));
    EXPECT_EQ(std::string(frame->complete().result), member(call, "result"));
  }
}

void live(const fs::path& library) {
  const auto manifest = Manifest::parse(readFile(fs::path(library).replace_extension("json")));
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  const fs::path calls = fs::path(library).replace_extension("calls.json");
  test::RunnerUnderTest runner(library.string());
  for (const uint32_t instance : {1U, 2U}) {
    createAndStart(runner, instance, *manifest);
    if (fs::exists(calls)) {
      makeCalls(runner, instance, calls);
    }
    wire::Stop stop;
    stop.reason = BUSBAR_STOP_USER;
    stop.deadlineNs = test::bootNowNs() + 5'000'000'000;
    wire::encode(runner.out(), instance, stop);
    wire::encodeEmpty(runner.out(), wire::Type::Destroy, instance);
    runner.send();
    ASSERT_TRUE(runner.waitFor(wire::Type::Stopped, instance).has_value());
    ASSERT_TRUE(runner.waitFor(wire::Type::Destroyed, instance).has_value());
  }
  EXPECT_FALSE(runner.sawBug("")) << "the runner complains about the driver";
  wire::encodeEmpty(runner.out(), wire::Type::Shutdown, 0);
  runner.send();
  EXPECT_EQ(runner.waitExit(), 0);
}

// A driver, whenever it was built, loads into the present runner and two instances live a life.
TEST(DriverLife, OfEachLibraryInTheFolder) {
  const std::vector<fs::path> paths = libraries();
  ASSERT_FALSE(paths.empty()) << "BUSBAR_DRIVERS names no folder with drivers";
  for (const fs::path& path : paths) {
    SCOPED_TRACE(path);
    live(path);
  }
}

}  // namespace
}  // namespace busbar
