// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "host/sandbox/spawner.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// Reads a driver library without trusting it: `busbar-runner --inspect` in the sandbox, no dlopen.
// An interface because the tests also run the runner's inspection outside of the sandbox.
class Inspector {
 public:
  // The runner's JSON answer, host/runner/README.md "Inspection"; InvalidArgument when the file is
  // not a driver and says why.
  using Done = Callback<void(Result<json::Value>)>;
  virtual ~Inspector() = default;
  virtual void inspect(UniqueFd library, Done done) = 0;  // `done` is called on the loop, later
};

// Loop-only. `spawner` must outlive it. At most 10 s and 4 MiB an inspection.
class SandboxInspector final : public Inspector {
 public:
  SandboxInspector(EventLoop& loop, sandbox::Spawner& spawner) : loop_(loop), spawner_(spawner) {}
  void inspect(UniqueFd library, Done done) override;

 private:
  class Inspection;
  EventLoop& loop_;
  sandbox::Spawner& spawner_;
  uint64_t next_ = 1;
};

}  // namespace busbar
