// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <busbar/driver.h>

namespace busbar::test {

// One instance of a driver's shared library in this process, with a host that records what the
// driver does. For trusted drivers of this tree only; the library is never unloaded. Strings passed
// in are copied flush to nothing: they carry no NUL, as the ABI says.
class DriverUnderTest {
 public:
  struct Completion {
    busbar_status status = 0;
    std::string result;
    std::string code;
    std::string message;
  };
  struct Published {
    std::string key;
    uint32_t type = 0;
    std::string text;  // JSON or text; numbers printed
  };
  struct Queued {
    busbar_command raw{};
    std::string name;
    std::string payload;
  };

  // Aborts when the library cannot be loaded or refuses.
  explicit DriverUnderTest(const std::string& path);
  DriverUnderTest(const DriverUnderTest&) = delete;
  DriverUnderTest& operator=(const DriverUnderTest&) = delete;
  ~DriverUnderTest();

  const busbar_driver& table() const { return *table_; }
  busbar_status create(const std::string& settings = "{}");
  busbar_status start();
  busbar_status stop();
  void destroy();
  busbar_status execute(busbar_id id, const std::string& function, const std::string& args);
  busbar_status settings(const std::string& settings, const std::string& changed);
  // Only link 1, "main", is granted.
  void connected(bool up, uint32_t kind = BUSBAR_LINK_TCP, const std::string& peer = {},
                 uint32_t link = 1);
  busbar_status received(const std::string& bytes, busbar_id task = 0,
                         const std::string& peer = {});
  void cancelled(busbar_id id);
  void event(const busbar_event& event);
  void fireTimer(busbar_id token);
  void endCommand(busbar_id token, busbar_status status, const std::string& message = {});
  void deliverPosts();

  std::map<busbar_id, std::vector<Completion>> completions;
  std::vector<Published> published;
  std::map<busbar_id, busbar_timer> timers;
  std::vector<Queued> queued;
  std::vector<std::pair<busbar_id, busbar_status>> commandsDone;
  std::vector<std::string> sent;          // "PEER: bytes" over a link with many peers
  std::vector<std::string> linkRequests;  // "ACTION", "ACTION PEER"
  std::vector<std::string> logged;
  std::vector<busbar_id> posts;
  std::map<std::string, const void*> extensions;  // granted, by id
  busbar_status answer = BUSBAR_OK;               // what status_set, send and enqueue answer
  busbar_status linkAnswer = BUSBAR_OK;           // what link answers

 private:
  static busbar_host makeHost();
  busbar_instance* instance() { return reinterpret_cast<busbar_instance*>(this); }

  busbar_host host_;
  const busbar_driver* table_ = nullptr;
  busbar_state* state_ = nullptr;
};

// Path of a driver that this build has made: "drivers/echo/echo.so".
std::string builtFile(const std::string& path);

}  // namespace busbar::test
