// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/auth/password_hasher.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/worker_pool.h"

namespace busbar::auth {

// Argon2id (RFC 9106) on a small pool of its own: at most two at a time, so that a storm of
// sign-ins takes at most two times the memory of one and leaves the loop its turns. Stored form:
// PHC text, "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>", by Debian's libargon2, because
// OpenSSL 3.0 has no Argon2. Passwords are wiped after use. Does not protect against who can read
// the memory of this process. Loop-only; all completions come on the loop.
class Argon2Hasher : public PasswordHasher {
 public:
  // What OWASP's Password Storage Cheat Sheet names first for Argon2id: 19 MiB, two passes, one
  // lane; some 25 ms.
  struct Cost {
    uint32_t memoryKib = 19456;
    uint32_t passes = 2;
    uint32_t lanes = 1;
    bool operator==(const Cost&) const = default;
  };
  static constexpr size_t kThreads = 2;
  static constexpr size_t kMaxWaiting = 64;
  static constexpr size_t kMaxPasswordBytes = 1024;

  struct Verdict {
    bool isRight = false;
    std::string newHash;  // right, but stored at another cost: what to store instead; else empty
  };
  template <class T>
  using Done = Callback<void(Result<T>)>;

  explicit Argon2Hasher(EventLoop& loop) : Argon2Hasher(loop, Cost()) {}
  Argon2Hasher(EventLoop& loop, Cost cost, size_t maxWaiting = kMaxWaiting);
  Argon2Hasher(const Argon2Hasher&) = delete;
  Argon2Hasher& operator=(const Argon2Hasher&) = delete;
  ~Argon2Hasher() override;

  // All: InvalidArgument when the password is longer than kMaxPasswordBytes; ResourceExhausted,
  // reason too_many_sign_ins, when maxWaiting already wait; Unavailable without memory.
  void hash(std::string password, Done<std::string> done) override;
  void verify(std::string password, std::string phc, Done<bool> done) override;
  // An empty or malformed `phc` takes the same work and is wrong, so that time tells nobody which
  // accounts exist.
  void check(std::string password, std::string phc, Done<Verdict> done);

 private:
  template <class T>
  void run(std::string password, Callback<Result<T>(std::string_view)> work, Done<T> done);

  EventLoop& loop_;
  const Cost cost_;
  // Told to completions, which may come after this is gone; touched on the loop only.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  WorkerPool pool_;  // last: its threads end before the rest goes
};

// The same on the calling thread, for programs without a loop and for tests.
Result<std::string> hashPassword(std::string_view password, const Argon2Hasher::Cost& cost);
Result<Argon2Hasher::Verdict> verifyPassword(std::string_view password, const std::string& stored,
                                             const Argon2Hasher::Cost& cost);

}  // namespace busbar::auth
