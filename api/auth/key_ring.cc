// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/key_ring.h"

#include <utility>

namespace busbar::auth {

Status KeyRing::adopt(const SigningKeyRecord& record) {
  auto key = SigningKey::fromPem(record.pem);
  if (!key.ok()) {
    return std::move(key).error();
  }
  if (key->id() != record.id) {
    return Error::of(ErrorCode::DataLoss, "the stored signing key is another one than its name");
  }
  const auto at = record.isRetired ? static_cast<ptrdiff_t>(keys_.size()) : 0;
  keys_.insert(keys_.begin() + at, std::move(*key));
  records_.insert(records_.begin() + at, record);
  return {};
}

void KeyRing::begin(Callback<void(Status)> done) {
  if (!records_.empty() && !records_.front().isRetired) {
    done({});
    return;
  }
  rotate([done = std::move(done)](const Result<std::string>& made) mutable {
    done(made.ok() ? Status() : Status(made.error()));
  });
}

void KeyRing::rotate(Callback<void(Result<std::string>)> done) {
  if (maker_ != nullptr) {
    done(Error::because(ErrorCode::FailedPrecondition, "rotation_running",
                        "a new signing key is being made already"));
    return;
  }
  maker_ = std::make_unique<WorkerPool>(1, 1);
  auto held = std::make_shared<Callback<void(Result<std::string>)>>(std::move(done));
  const Status queued = maker_->run([this, alive = alive_, held] {
    auto made = std::make_shared<Result<SigningKey>>(SigningKey::generate());
    loop_.post([this, alive, held, made] {
      if (*alive) {
        install(std::move(*made), std::move(*held));
      }
    });
  });
  BUSBAR_CHECK(queued.ok());  // the pool is new
}

void KeyRing::install(Result<SigningKey> made, Callback<void(Result<std::string>)> done) {
  const auto pem = made.ok() ? made->toPem() : Result<std::string>(made.error());
  if (!pem.ok()) {
    maker_.reset();
    done(pem.error());
    return;
  }
  std::vector<AuthWrite> writes;
  SigningKeyRecord record;
  record.id = made->id();
  record.pem = *pem;
  record.createdAt = journal_.now();
  record.expiresAt = record.createdAt + kActiveSeconds;
  writes.push_back({AuthWrite::Kind::Put, record});
  if (!records_.empty() && !records_.front().isRetired) {
    SigningKeyRecord retired = records_.front();
    retired.isRetired = true;
    retired.expiresAt = journal_.now() + kRetiredSeconds;
    writes.push_back({AuthWrite::Kind::Put, std::move(retired)});
  }
  // Nothing is signed with it before it is durable: a restart would forget who it was.
  journal_.write(std::move(writes),
                 [this, alive = alive_, key = std::move(*made), record = std::move(record),
                  done = std::move(done)](const Status& written) mutable {
                   if (!*alive) {
                     return;
                   }
                   maker_.reset();
                   if (!written.ok()) {
                     done(written.error());
                     return;
                   }
                   if (!records_.empty() && !records_.front().isRetired) {
                     records_.front().isRetired = true;
                     records_.front().expiresAt = journal_.now() + kRetiredSeconds;
                   }
                   std::string id = key.id();
                   keys_.insert(keys_.begin(), std::move(key));
                   records_.insert(records_.begin(), std::move(record));
                   done(std::move(id));
                 });
}

json::Object KeyRing::jwks() const {
  json::Array keys;
  for (const SigningKey& key : keys_) {
    keys.emplace_back(key.jwk());
  }
  json::Object out;
  out.set("keys", std::move(keys));
  return out;
}

void KeyRing::sweep() {
  for (size_t i = records_.size(); i-- > 0;) {
    if (records_[i].expiresAt <= journal_.now()) {
      keys_.erase(keys_.begin() + static_cast<ptrdiff_t>(i));
      records_.erase(records_.begin() + static_cast<ptrdiff_t>(i));
      journal_.countRevocation();
    }
  }
}

}  // namespace busbar::auth
