// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "api/auth/oauth/form.h"
#include "api/auth/secret_token.h"
#include "api/resources/body_reader.h"
#include "api/resources/refusal.h"
#include "registry/model/password_rules.h"
#include "registry/model/validate.h"
#include "sdk/base/unique_fd.h"

namespace busbar::oauth {
namespace {

Error refusedSetup() {
  return Error::because(ErrorCode::PermissionDenied, "wrong_setup_token",
                        "the setup token is wrong, used or older than 30 minutes; a restart of "
                        "busbard makes a new one while there is no user");
}

Status writeToken(const std::string& path, const std::string& token) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Error::fromErrno(errno, "remove " + path);
  }
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const std::string text = token + "\n";
  if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error::fromErrno(errno, "write " + path);
  }
  return {};
}

}  // namespace

Status Setup::begin(const std::string& path) {
  path_ = path;
  if (!parts_.site.users().empty()) {
    end();
    return {};
  }
  const auth::SecretToken token = auth::newSecret();
  BUSBAR_TRY(writeToken(path, token.text));
  hash_ = token.hash;
  timer_ = parts_.loop.runAfter(kLife, [this] {
    timer_ = 0;
    end();
  });
  return {};
}

void Setup::end() {
  *alive_ = false;
  alive_ = std::make_shared<bool>(true);
  hash_.clear();
  parts_.loop.cancel(std::exchange(timer_, 0));
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

void Setup::addRoutes(http::Router& router) {
  http::RouteOptions options;
  options.bodyLimitBytes = Form::kMaxBodyBytes;
  router.add(
      http::Method::Post, "/api/busbar/v1/setup", auth::Access(auth::Permission::None, "setup"),
      [this](http::Request& request, http::Responder responder) {
        run(request, std::move(responder));
      },
      options);
}

void Setup::run(http::Request& request, http::Responder responder) {
  auto exchange = std::make_shared<Exchange>(request, std::move(responder));
  auto body = api::BodyReader::parse(request.body());
  if (!body.ok()) {
    exchange->fail(body.error());
    return;
  }
  std::string token;
  std::string password;
  model::User user;
  body->read("token", token);
  body->read("email", user.email);
  body->read("name", user.name);
  body->read("password", password);
  if (!isOpen() || isBusy_ || !auth::equalsSecretly(auth::hashSecret(token), hash_) ||
      !parts_.site.users().empty()) {
    exchange->fail(refusedSetup());
    return;
  }
  const model::Domain* domain = parts_.site.defaultDomain();
  user.id = parts_.ids.next(model::Table::User);
  user.domainId = domain == nullptr ? std::string() : domain->id;
  user.role = model::UserRole::Admin;
  model::normalise(user);
  if (user.name.empty()) {
    user.name = user.email;
  }
  model::FieldErrors errors = body->finish("setup");
  for (model::FieldError& error : model::validate(user)) {
    errors.push_back(std::move(error));
  }
  if (auto fault = model::findPasswordFault(password, user)) {
    errors.push_back({"password", std::move(*fault)});
  }
  if (!errors.empty()) {
    const api::Refusal refusal = api::invalidFields(errors);
    exchange->fail(refusal.error, 0, refusal.extra);
    return;
  }
  isBusy_ = true;
  parts_.hasher.hash(std::move(password), [this, alive = alive_, exchange, user = std::move(user)](
                                              const Result<std::string>& hash) mutable {
    if (*alive) {
      makeAdmin(exchange, std::move(user), hash);
    }
  });
}

void Setup::makeAdmin(const std::shared_ptr<Exchange>& exchange, model::User user,
                      const Result<std::string>& hash) {
  if (!hash.ok()) {
    isBusy_ = false;
    exchange->fail(hash.error());
    return;
  }
  user.passwordHash = *hash;
  auth::AuthEvent event = exchange->event(auth::AuthEvent::Kind::SetUp);
  event.userId = user.id;
  event.domainId = user.domainId;
  Actor actor{user.id, event.traceId};
  std::vector<ConfigWrite> writes;
  writes.push_back({ConfigWrite::Kind::Insert, user});
  parts_.store.apply(std::move(writes), std::move(actor),
                     parts_.loop.clock().now() + Milliseconds(10'000),
                     [this, alive = alive_, exchange, event = std::move(event),
                      user = std::move(user)](const Result<std::vector<ConfigChange>>& stored) {
                       if (!*alive) {
                         return;
                       }
                       isBusy_ = false;
                       if (!stored.ok()) {
                         exchange->fail(stored.error());
                         return;
                       }
                       parts_.events.onAuthEvent(event);
                       json::Object answer;
                       answer.set("id", user.id);
                       answer.set("email", user.email);
                       answer.set("name", user.name);
                       exchange->json(201, std::move(answer));
                       end();
                     });
}

}  // namespace busbar::oauth
