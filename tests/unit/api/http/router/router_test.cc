// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/router/router.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "sdk/base/json.h"
#include "tests/support/recording_sink.h"

namespace busbar::http {
namespace {

using auth::Access;
using auth::Permission;
using model::UserRole;

// The key is the role: "user", "support", "admin"; "scoped:<scope>" is a user with that scope
// alone.
class FakeAuthenticator : public auth::Authenticator {
 public:
  auth::AuthOutcome authenticate(const auth::Credentials& credentials) override {
    ++calls;
    const std::string key(credentials.apiKey);
    if (key == "blocked") {
      return {nullptr, Error::of(ErrorCode::ResourceExhausted, "wait"), 8};
    }
    auth::Principal principal{"user-1", "key-1", UserRole::Admin, {"public"}};
    if (key.starts_with("scoped:")) {
      principal.scopes = {key.substr(7)};
    } else if (const auto role = model::toUserRole(key)) {
      principal.role = *role;
    } else {
      return {nullptr, Error::of(ErrorCode::Unauthenticated, "unknown X-API-Key"), 0};
    }
    return {std::make_shared<const auth::Principal>(principal), {}, 0};
  }
  int calls = 0;
};

class RouterTest : public testing::Test {
 protected:
  RouterTest() : router_(authenticator_) {}

  void add(Method method, const std::string& pattern, Permission permission = Permission::None,
           const std::string& name = "") {
    router_.add(
        method, pattern, Access(permission, "systems"),
        [this, name = name.empty() ? pattern : name](Request& request, Responder responder) {
          reached_ = name;
          id_ = request.param("id");
          slug_ = request.param("slug");
          method_ = request.param("method");
          body_ = request.body();
          userId_ = request.principal().userId;
          responder.send(Response(200));
        });
  }

  // The status of the answer.
  int send(const std::string& method, const std::string& target, const std::string& key = "",
           const std::string& body = "") {
    reached_.clear();
    Request request;
    EXPECT_TRUE(request.setLine(method, target, true).ok()) << target;
    if (!key.empty()) {
      request.addHeader("X-API-Key", key);
    }
    for (const auto& [name, value] : headers_) {
      request.addHeader(name, value);
    }
    RecordedExchange exchange;
    exchange.send(router_, request, body);
    EXPECT_EQ(exchange.sink().answers, 1);
    answer_ = *exchange.sink().answer;
    return answer_.status();
  }

  FakeAuthenticator authenticator_;
  Router router_;
  std::vector<std::pair<std::string, std::string>> headers_;
  Response answer_;
  std::string reached_, id_, slug_, method_, body_, userId_;
};

TEST_F(RouterTest, FindsRoutesAndFillsParameters) {
  add(Method::Post, "/api/engine/v2/systems/:id/:slug/:method");
  add(Method::Get, "/");
  EXPECT_EQ(send("POST", "/api/engine/v2/systems/sys-1/Display%201/power", "", "[1]"), 200);
  EXPECT_EQ(id_, "sys-1");
  EXPECT_EQ(slug_, "Display 1");
  EXPECT_EQ(method_, "power");
  EXPECT_EQ(body_, "[1]");
  EXPECT_EQ(send("GET", "/"), 200);
  EXPECT_EQ(reached_, "/");
}

TEST_F(RouterTest, PrefersLiteralsAndFallsBackToParameters) {
  add(Method::Get, "/s/:id/types", Permission::None, "types");
  add(Method::Get, "/s/:id/:slug", Permission::None, "slug");
  add(Method::Get, "/s/:id/functions/:slug", Permission::None, "functions");
  add(Method::Get, "/s/:id/:slug/:method", Permission::None, "status");
  add(Method::Post, "/s/:id/start", Permission::None, "start");
  EXPECT_EQ(send("GET", "/s/1/types"), 200);
  EXPECT_EQ(reached_, "types");
  EXPECT_EQ(send("GET", "/s/1/Types"), 200);
  EXPECT_EQ(reached_, "slug");
  EXPECT_EQ(send("GET", "/s/1/types/power"), 200);
  EXPECT_EQ(reached_, "status");
  EXPECT_EQ(send("GET", "/s/1/functions/Display_1"), 200);
  EXPECT_EQ(reached_, "functions");
  EXPECT_EQ(send("GET", "/s/1/start"), 405);
}

TEST_F(RouterTest, TakesALiteralColonAsAValue) {
  add(Method::Get, "/s/:id");
  EXPECT_EQ(send("GET", "/s/:id"), 200);
  EXPECT_EQ(id_, ":id");
}

TEST_F(RouterTest, AnswersNotFoundForUnknownPathsAndTrailingSlashes) {
  add(Method::Get, "/s/:id");
  for (const char* path : {"/s", "/s/", "/s/1/", "/s/1/2", "/S/1", "/x", "/", "/s/1?/"}) {
    const int expected = std::string(path) == "/s/1?/" ? 200 : 404;
    EXPECT_EQ(send("GET", path), expected) << path;
  }
  EXPECT_NE(answer_.status(), 404);
}

TEST_F(RouterTest, TakesTheKnownPathsWithoutTheirSlash) {
  add(Method::Get, "/api/engine/v2/users/:id/metadata");
  add(Method::Get, "/api/engine/v2/cluster/versions");
  add(Method::Get, "/api/engine/v2/systems/:id");
  EXPECT_EQ(send("GET", "/api/engine/v2users/user-7/metadata?x=1"), 200);
  EXPECT_EQ(reached_, "/api/engine/v2/users/:id/metadata");
  EXPECT_EQ(id_, "user-7");
  EXPECT_EQ(send("GET", "/api/engine/v2cluster/versions"), 200);
  EXPECT_EQ(send("POST", "/api/engine/v2cluster/versions"), 405);
  for (const char* path : {"/api/engine/v2systems/sys-1", "/api/engine/v2users", "/api/engine/v2",
                           "/api/engine/v2clusterversions", "/api/engine/v2cluster/versions/",
                           "/api/other/v2cluster/versions", "/v2cluster/versions",
                           "/api/engine/v2clusters/versions"}) {
    EXPECT_EQ(send("GET", path), 404) << path;
  }
}

TEST_F(RouterTest, LetsGrantsDecideOnlyWhereAHandlerAsksThem) {
  router_.add(Method::Put, "/granted", Access::byGrant(Permission::ZoneUpdate, "systems"),
              [](Request&, Responder responder) { responder.send(Response(200)); });
  add(Method::Put, "/plain", Permission::ZoneUpdate);
  EXPECT_EQ(send("PUT", "/granted", "user"), 200);
  EXPECT_EQ(send("PUT", "/granted"), 401);
  EXPECT_EQ(send("PUT", "/granted", "scoped:zones"), 403);
  EXPECT_EQ(send("PUT", "/plain", "user"), 403);
}

TEST_F(RouterTest, AnswersOtherMethodsWithAllow) {
  add(Method::Get, "/s/:id", Permission::Admin);
  add(Method::Delete, "/s/:id", Permission::Admin);
  EXPECT_EQ(send("POST", "/s/1"), 405);
  EXPECT_EQ(answer_.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(send("OPTIONS", "/s/1"), 204);
  EXPECT_EQ(answer_.header("Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(send("OPTIONS", "/x"), 404);
  EXPECT_EQ(send("OPTIONS", "*"), 204);
  EXPECT_EQ(send("GET", "/s/1", "admin"), 200);
}

TEST_F(RouterTest, RefusesMethodsThatItDoesNotKnow) {
  add(Method::Get, "/s");
  for (const char* method : {"BREW", "TRACE", "get", "PROPFIND", "GETX"}) {
    EXPECT_EQ(send(method, "/s"), 501) << method;
  }
}

TEST_F(RouterTest, IgnoresMethodOverrides) {
  add(Method::Get, "/s", Permission::None, "get");
  add(Method::Delete, "/s", Permission::None, "delete");
  headers_ = {{"X-HTTP-Method-Override", "DELETE"},
              {"X-HTTP-Method", "DELETE"},
              {"X-Method-Override", "DELETE"}};
  EXPECT_EQ(send("GET", "/s?_method=DELETE"), 200);
  EXPECT_EQ(reached_, "get");
}

TEST_F(RouterTest, ServesHeadByGet) {
  add(Method::Get, "/s");
  EXPECT_EQ(send("HEAD", "/s"), 200);
  EXPECT_EQ(reached_, "/s");
}

struct AccessCase {
  Permission permission;
  const char* key;
  int status;
};
class RouterAccess : public RouterTest, public testing::WithParamInterface<AccessCase> {};

TEST_P(RouterAccess, IsDecidedBeforeTheHandler) {
  add(Method::Post, "/s", GetParam().permission);
  EXPECT_EQ(send("POST", "/s", GetParam().key), GetParam().status);
  EXPECT_EQ(reached_.empty(), GetParam().status != 200);
  if (GetParam().status == 401) {
    EXPECT_EQ(answer_.header("WWW-Authenticate"), "Bearer");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Matrix, RouterAccess,
    testing::Values(
        AccessCase{Permission::None, "", 200}, AccessCase{Permission::None, "junk", 200},
        AccessCase{Permission::User, "", 401}, AccessCase{Permission::User, "junk", 401},
        AccessCase{Permission::User, "user", 200}, AccessCase{Permission::User, "admin", 200},
        AccessCase{Permission::Support, "user", 403},
        AccessCase{Permission::Support, "support", 200},
        AccessCase{Permission::Support, "admin", 200}, AccessCase{Permission::Admin, "", 401},
        AccessCase{Permission::Admin, "user", 403}, AccessCase{Permission::Admin, "support", 403},
        AccessCase{Permission::Admin, "admin", 200}, AccessCase{Permission::ZoneRead, "user", 200},
        AccessCase{Permission::ZoneOperate, "user", 200},
        AccessCase{Permission::ZoneOperate, "", 401},
        AccessCase{Permission::ZoneCreate, "user", 403},
        AccessCase{Permission::ZoneUpdate, "support", 200},
        AccessCase{Permission::ZoneDelete, "user", 403},
        AccessCase{Permission::ZoneManage, "user", 403},
        AccessCase{Permission::User, "scoped:systems", 200},
        AccessCase{Permission::User, "scoped:systems.write", 200},
        AccessCase{Permission::User, "scoped:systems.read", 403},
        AccessCase{Permission::User, "scoped:modules", 403},
        AccessCase{Permission::User, "scoped:systemsx", 403},
        AccessCase{Permission::User, "scoped:", 403},
        AccessCase{Permission::User, "blocked", 429}));

TEST_F(RouterTest, ReadScopesOpenReadsOnly) {
  add(Method::Get, "/s", Permission::User);
  EXPECT_EQ(send("GET", "/s", "scoped:systems.read"), 200);
  EXPECT_EQ(send("HEAD", "/s", "scoped:systems.read"), 200);
  EXPECT_EQ(send("GET", "/s", "scoped:systems.write"), 403);
}

TEST_F(RouterTest, TellsHowLongToWait) {
  add(Method::Get, "/s", Permission::User);
  EXPECT_EQ(send("GET", "/s", "blocked"), 429);
  EXPECT_EQ(answer_.header("Retry-After"), "8");
}

TEST_F(RouterTest, GivesThePrincipalToTheHandler) {
  add(Method::Get, "/s", Permission::User);
  send("GET", "/s", "user");
  EXPECT_EQ(userId_, "user-1");
}

TEST_F(RouterTest, DoesNotAskForCredentialsWhereNoneAreNeeded) {
  add(Method::Get, "/s", Permission::None);
  send("GET", "/s", "user");
  send("GET", "/unknown", "user");
  EXPECT_EQ(authenticator_.calls, 0);
  EXPECT_EQ(userId_, "");
}

TEST_F(RouterTest, PassesTheBodyLimitOfTheRoute) {
  router_.add(Method::Put, "/big", Access(Permission::None), [](Request&, Responder) {},
              {.bodyLimitBytes = 5});
  Request request;
  ASSERT_TRUE(request.setLine("PUT", "/big", true).ok());
  EXPECT_EQ(router_.admit(request).bodyLimitBytes, 5U);
}

TEST_F(RouterTest, AnswersFiveHundredForAnException) {
  router_.add(Method::Get, "/throws", Access(Permission::None),
              [](Request&, Responder) { throw std::runtime_error("secret detail"); });
  EXPECT_EQ(send("GET", "/throws"), 500);
  EXPECT_EQ(answer_.body().find("secret"), std::string::npos);
}

TEST_F(RouterTest, ShedsTheCostlyFirstWhenTheLoopIsBehind) {
  const auto addCost = [this](const char* pattern, Cost cost) {
    router_.add(Method::Get, pattern, Access(Permission::User),
                [](Request&, Responder responder) { responder.send(Response(200)); },
                {.cost = cost});
  };
  addCost("/list", Cost::Bulk);
  addCost("/one", Cost::Normal);
  addCost("/livez", Cost::Vital);
  Milliseconds backlog{0};
  router_.shedBy([&backlog] { return Nanoseconds(backlog); });
  const auto statuses = [this] {
    return std::vector<int>{send("GET", "/list", "user"), send("GET", "/one", "user"),
                            send("GET", "/livez", "user")};
  };
  EXPECT_EQ(statuses(), (std::vector<int>{200, 200, 200}));
  backlog = Milliseconds(51);
  EXPECT_EQ(statuses(), (std::vector<int>{503, 200, 200}));
  backlog = Milliseconds(251);
  EXPECT_EQ(statuses(), (std::vector<int>{503, 503, 200}));
  send("GET", "/one", "user");
  EXPECT_EQ(answer_.header("Retry-After"), "1");
}

TEST_F(RouterTest, DumpsItsTable) {
  add(Method::Get, "/s/:id", Permission::ZoneRead);
  add(Method::Post, "/s", Permission::Admin);
  const auto rows = router_.dump();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].pattern, "/s/:id");
  EXPECT_EQ(rows[0].permission, Permission::ZoneRead);
  EXPECT_EQ(rows[0].scope, "systems");
  EXPECT_EQ(rows[1].method, Method::Post);
}

TEST_F(RouterTest, ErrorsHaveTheOneShape) {
  send("GET", "/none?x=1");
  EXPECT_EQ(answer_.contentType(), "application/problem+json");
  const auto body = json::parse(answer_.body());
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(*body->find("status"), json::Value(404));
  EXPECT_EQ(*body->find("title"), json::Value("Not Found"));
  EXPECT_EQ(*body->find("code"), json::Value("not_found"));
  EXPECT_EQ(*body->find("reason"), json::Value("no_such_route"));
  EXPECT_EQ(*body->find("instance"), json::Value("/none"));
  EXPECT_EQ(*body->find("error"), *body->find("detail"));
}

TEST(RouterDeath, RefusesATwiceDefinedRoute) {
  FakeAuthenticator authenticator;
  Router router(authenticator);
  const auto add = [&router](std::string_view pattern) {
    router.add(Method::Get, pattern, Access(Permission::None), [](Request&, Responder) {});
  };
  add("/a/:id");
  EXPECT_DEATH(add("/a/:other"), "");
  EXPECT_DEATH(add("a"), "");
  EXPECT_DEATH(add("/a/"), "");
  EXPECT_DEATH(add("/a//b"), "");
  EXPECT_DEATH(add("/a/.."), "");
  EXPECT_DEATH(add("/a/%41"), "");
  EXPECT_DEATH(add("/a/:"), "");
}

}  // namespace
}  // namespace busbar::http
