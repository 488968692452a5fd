// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/argon2_hasher.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <argon2.h>
#include <openssl/crypto.h>

namespace busbar::auth {
namespace {

using Cost = Argon2Hasher::Cost;
using Verdict = Argon2Hasher::Verdict;

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;
constexpr std::string_view kVersion = "$argon2id$v=19$";
// The most that a stored text may ask for: it decides how much memory is taken.
constexpr Cost kMaxCost{256U << 10U, 16, 8};

Error failed(int code) {
  return Error::of(ErrorCode::Unavailable,
                   std::string("hash a password: ") + argon2_error_message(code));
}

// Reads "<name><number>" from the front of `text`.
bool takeNumber(std::string_view& text, std::string_view name, uint32_t& out) {
  if (!text.starts_with(name)) {
    return false;
  }
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return error == std::errc();
}

std::optional<Cost> costOf(std::string_view stored) {
  Cost cost;
  if (!stored.starts_with(kVersion)) {
    return std::nullopt;
  }
  stored.remove_prefix(kVersion.size());
  if (!takeNumber(stored, "m=", cost.memoryKib) || !takeNumber(stored, ",t=", cost.passes) ||
      !takeNumber(stored, ",p=", cost.lanes) || !stored.starts_with('$') ||
      cost.memoryKib > kMaxCost.memoryKib || cost.passes > kMaxCost.passes ||
      cost.lanes > kMaxCost.lanes) {
    return std::nullopt;
  }
  return cost;
}

// What hashPassword() would give, with nothing but zeros for salt and hash: nobody's password.
std::string decoyOf(const Cost& cost) {
  std::string out(kVersion);
  out.append("m=").append(std::to_string(cost.memoryKib));
  out.append(",t=").append(std::to_string(cost.passes));
  out.append(",p=").append(std::to_string(cost.lanes));
  for (const size_t bytes : {kSaltBytes, kHashBytes}) {
    out.append("$").append((bytes * 4 + 2) / 3, 'A');  // base64 without padding
  }
  return out;
}

}  // namespace

Result<std::string> hashPassword(std::string_view password, const Cost& cost) {
  std::array<uint8_t, kSaltBytes> salt{};
  BUSBAR_CHECK(getrandom(salt.data(), salt.size(), 0) == static_cast<ssize_t>(salt.size()));
  std::string text(
      argon2_encodedlen(cost.passes, cost.memoryKib, cost.lanes, kSaltBytes, kHashBytes, Argon2_id),
      '\0');
  const int code = argon2id_hash_encoded(cost.passes, cost.memoryKib, cost.lanes, password.data(),
                                         password.size(), salt.data(), salt.size(), kHashBytes,
                                         text.data(), text.size());
  if (code != ARGON2_OK) {
    return failed(code);
  }
  text.resize(text.find('\0'));
  return text;
}

Result<Verdict> verifyPassword(std::string_view password, const std::string& stored,
                               const Cost& cost) {
  const std::optional<Cost> asked = costOf(stored);
  // For nobody the same work is done on a text of the same form, so that time tells no difference.
  const std::string& text = asked ? stored : decoyOf(cost);
  const int code = argon2id_verify(text.c_str(), password.data(), password.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR || code == ARGON2_THREAD_FAIL) {
    return failed(code);
  }
  if (!asked) {
    return code == ARGON2_VERIFY_MISMATCH ? Result<Verdict>(Verdict{}) : failed(code);
  }
  Verdict verdict{code == ARGON2_OK, {}};
  if (verdict.isRight && *asked != cost) {
    auto again = hashPassword(password, cost);
    if (!again.ok()) {
      return std::move(again).error();
    }
    verdict.newHash = std::move(*again);
  }
  return verdict;
}

Argon2Hasher::Argon2Hasher(EventLoop& loop, Cost cost, size_t maxWaiting)
    : loop_(loop), cost_(cost), pool_(kThreads, maxWaiting) {}

Argon2Hasher::~Argon2Hasher() {
  *alive_ = false;
}

template <class T>
void Argon2Hasher::run(std::string password, Callback<Result<T>(std::string_view)> work,
                       Done<T> done) {
  if (password.size() > kMaxPasswordBytes) {
    done(Error::at(ErrorCode::InvalidArgument, "password",
                   "a password has at most " + std::to_string(kMaxPasswordBytes) + " bytes"));
    return;
  }
  // Held apart from the task, which is lost when the queue is full.
  auto held = std::make_shared<Done<T>>(std::move(done));
  const Status queued = pool_.run([this, alive = alive_, held, password = std::move(password),
                                   work = std::move(work)]() mutable {
    auto result = std::make_shared<Result<T>>(work(password));
    OPENSSL_cleanse(password.data(), password.size());
    loop_.post([alive = std::move(alive), held = std::move(held), result] {
      if (*alive) {
        (*held)(std::move(*result));
      }
    });
  });
  if (!queued.ok()) {
    (*held)(Error::because(ErrorCode::ResourceExhausted, "too_many_sign_ins",
                           "too many sign-ins at once; try again soon"));
  }
}

void Argon2Hasher::hash(std::string password, Done<std::string> done) {
  run<std::string>(
      std::move(password),
      [cost = cost_](std::string_view text) { return hashPassword(text, cost); }, std::move(done));
}

void Argon2Hasher::verify(std::string password, std::string phc, Done<bool> done) {
  check(std::move(password), std::move(phc),
        [done = std::move(done)](const Result<Verdict>& verdict) mutable {
          done(verdict.ok() ? Result<bool>(verdict->isRight) : Result<bool>(verdict.error()));
        });
}

void Argon2Hasher::check(std::string password, std::string phc, Done<Verdict> done) {
  run<Verdict>(
      std::move(password),
      [cost = cost_, stored = std::move(phc)](std::string_view text) {
        return verifyPassword(text, stored, cost);
      },
      std::move(done));
}

}  // namespace busbar::auth
