// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "sdk/base/unique_fd.h"
#include "sdk/manifest/manifest.h"
#include "sdk/wire/peer_packet.h"
#include "sdk/wire/service_messages.h"
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
  for (const std::string& permission : manifest.permissions) {
    create.extensions.emplace_back(permission);
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

// The device at the other end of an instance's first link; a UDP peer where it may have many.
class Device {
 public:
  // Brings the link up.
  Device(test::RunnerUnderTest& runner, uint32_t instance, Manifest::LinkKind kind)
      : hasPeers_(kind == Manifest::LinkKind::UdpPeers) {
    std::array<int, 2> pair{-1, -1};
    const int type = hasPeers_                         ? SOCK_SEQPACKET
                     : kind == Manifest::LinkKind::Udp ? SOCK_DGRAM
                                                       : SOCK_STREAM;
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair.data()), 0);
    fd_.reset(pair[0]);
    const UniqueFd theirs(pair[1]);
    wire::LinkUp up;
    up.linkId = 1;
    up.generation = 1;
    up.kind = static_cast<uint32_t>(kind);
    up.peer = hasPeers_ ? "" : kPeer;
    wire::encode(runner.out(), uint64_t{instance}, up);
    runner.send({theirs.get()});
  }

  // Waits for exactly these bytes, then answers.
  void exchange(const std::string& expected, const std::string& reply) const {
    if (hasPeers_) {
      exchangePackets(expected, reply);
      return;
    }
    std::string got;
    while (got.size() < expected.size()) {
      pollfd wait{fd_.get(), POLLIN, 0};
      char bytes[256];
      ASSERT_EQ(::poll(&wait, 1, 10'000), 1) << "the driver sends nothing; so far: " << got;
      const ssize_t count = ::read(fd_.get(), bytes, expected.size() - got.size());
      ASSERT_GT(count, 0);
      got.append(bytes, static_cast<size_t>(count));
    }
    EXPECT_EQ(got, expected);
    EXPECT_EQ(::write(fd_.get(), reply.data(), reply.size()), static_cast<ssize_t>(reply.size()));
  }

 private:
  static constexpr const char* kPeer = "192.0.2.7:4001";

  void exchangePackets(const std::string& expected, const std::string& reply) const {
    pollfd wait{fd_.get(), POLLIN, 0};
    char bytes[512];
    ASSERT_EQ(::poll(&wait, 1, 10'000), 1) << "the driver sends nothing";
    const ssize_t count = ::read(fd_.get(), bytes, sizeof bytes);
    ASSERT_GT(count, 0);
    wire::PeerPacket packet;
    ASSERT_TRUE(wire::decode({bytes, static_cast<size_t>(count)}, packet));
    EXPECT_EQ(packet.kind, wire::PeerPacketKind::Data);
    EXPECT_EQ(packet.peer.text(), kPeer);
    EXPECT_EQ(packet.data, expected);
    packet.data = reply;
    std::string out;
    wire::encode(out, packet);
    EXPECT_EQ(::write(fd_.get(), out.data(), out.size()), static_cast<ssize_t>(out.size()));
  }

  UniqueFd fd_;
  const bool hasPeers_;
};

// The token of a request, by its type.
template <class Request>
uint64_t tokenOf(const test::OwnedFrame& frame) {
  Request request;
  EXPECT_TRUE(wire::decode(frame.payload, request));
  return request.head.token;
}

// Waits for what the driver "asks" of a service (http, store, schedule, call), which must have what
// it "holds", and answers with what that "gives".
void serve(test::RunnerUnderTest& runner, uint32_t instance, const json::Value& call) {
  const std::string asks = member(call, "asks");
  const std::string doc = member(call, "gives");
  const wire::Type type = asks == "http"       ? wire::Type::HttpRequest
                          : asks == "store"    ? wire::Type::StoreRequest
                          : asks == "schedule" ? wire::Type::Schedule
                                               : wire::Type::ModuleCall;
  const auto frame = runner.waitFor(type, instance);
  ASSERT_TRUE(frame.has_value()) << "the driver asks nothing of " << asks;
  EXPECT_NE(frame->payload.find(member(call, "holds")), std::string::npos) << frame->payload;
  if (type == wire::Type::HttpRequest) {
    wire::HttpPart part;
    part.token = tokenOf<wire::HttpRequest>(*frame);
    part.flags = BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END;
    part.httpStatus = 200;
    part.headers = "{}";
    part.bytes = doc;
    wire::encode(runner.out(), uint64_t{instance}, part);
  } else {
    wire::ServiceEvent event;
    event.ends = true;
    event.doc = doc;
    event.type = type == wire::Type::StoreRequest ? BUSBAR_EV_STORE
                 : type == wire::Type::Schedule   ? BUSBAR_EV_TIMER
                                                  : BUSBAR_EV_CALL;
    event.token = type == wire::Type::StoreRequest ? tokenOf<wire::StoreRequest>(*frame)
                  : type == wire::Type::Schedule   ? tokenOf<wire::Schedule>(*frame)
                                                   : tokenOf<wire::ModuleCall>(*frame);
    wire::encode(runner.out(), uint64_t{instance}, event);
  }
  runner.send();
}

void expectLogged(test::RunnerUnderTest& runner, const std::string& text) {
  const auto frame = runner.waitFor([&](const test::OwnedFrame& each) {
    return each.type == wire::Type::Log && each.log().message.find(text) != std::string_view::npos;
  });
  EXPECT_TRUE(frame.has_value()) << "not logged: " << text;
}

// It may come before what the driver asked of a service in the same call.
std::optional<test::OwnedFrame> completion(test::RunnerUnderTest& runner, uint64_t call) {
  for (const test::OwnedFrame& frame : runner.skipped()) {
    if (frame.type == wire::Type::Complete && frame.id == call) {
      return frame;
    }
  }
  return runner.waitFor(wire::Type::Complete, call);
}

// Follows a list of [{"function", "args", "expect", "reply", "asks", "holds", "gives", "status",
// "result", "logs"}]: calls, what the device must get and answers, what a service is asked for and
// gives, how the call must end, and what is logged then. Without a function only the device acts.
void makeCalls(test::RunnerUnderTest& runner, uint32_t instance, const Manifest& manifest,
               const fs::path& calls) {
  const auto list = json::parse(readFile(calls));
  ASSERT_TRUE(list.ok() && list->asArray() != nullptr) << calls;
  std::optional<Device> device;
  if (!manifest.links.empty()) {
    device.emplace(runner, instance, manifest.links.front().kind);
  }
  uint64_t id = instance * 1000;
  for (const json::Value& call : *list->asArray()) {
    const std::string function = member(call, "function");
    const std::string args = member(call, "args");
    SCOPED_TRACE(function + args);
    if (!function.empty()) {
      runner.execute(++id, instance, function, args);
    }
    if (call.find("expect") != nullptr) {
      ASSERT_TRUE(device.has_value());
      device->exchange(member(call, "expect"), member(call, "reply"));
    }
    if (call.find("asks") != nullptr) {
      serve(runner, instance, call);
    }
    if (!function.empty()) {
      const auto frame = completion(runner, id);
      ASSERT_TRUE(frame.has_value());
      EXPECT_EQ(std::to_string(frame->complete().error.status), member(call, "status"));
      const json::Value* result = call.find("result");
      const std::string expected = result == nullptr ? "" : json::write(*result);
      const std::string got(frame->complete().result);
      EXPECT_TRUE(got == expected || (got == "null" && expected.empty())) << got;
    }
    if (call.find("logs") != nullptr) {
      expectLogged(runner, member(call, "logs"));
    }
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
      makeCalls(runner, instance, *manifest, calls);
    }
    wire::Stop stop;
    stop.reason = BUSBAR_STOP_USER;
    stop.deadlineNs = test::bootNowNs() + 5'000'000'000;
    wire::encode(runner.out(), instance, stop);
    runner.send();
    ASSERT_TRUE(runner.waitFor(wire::Type::Stopped, instance).has_value());
    wire::encodeEmpty(runner.out(), wire::Type::Destroy, instance);
    runner.send();
    ASSERT_TRUE(runner.waitFor(wire::Type::Destroyed, instance).has_value());
  }
  wire::encodeEmpty(runner.out(), wire::Type::Shutdown, 0);
  runner.send();
  std::vector<test::OwnedFrame> rest(runner.skipped().begin(), runner.skipped().end());
  while (auto frame = runner.next()) {
    rest.push_back(std::move(*frame));
  }
  for (const test::OwnedFrame& frame : rest) {
    if (frame.type == wire::Type::Log) {
      EXPECT_EQ(frame.log().flags & wire::kLogFromChecks, 0) << frame.log().message;
    }
  }
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
