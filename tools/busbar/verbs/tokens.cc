// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/paths.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

Status rotateKey(Session& session, const Arguments&) {
  auto made = session.client().post(std::string(kBusbar) + "/signing_keys", json::Object());
  if (!made) {
    return made.error();
  }
  if (session.output().isForPeople()) {
    session.output().say("new tokens are signed with a new key; nobody is signed out");
  } else {
    session.output().object(*made);
  }
  return {};
}

}  // namespace

void addTokenVerbs(VerbTable& table) {
  table.nouns.push_back(
      {"tokens", {"token"}, "Access tokens: what signed-in people and apps hold"});
  table.verbs.push_back(
      {"tokens", "rotate-key", "Sign new tokens with a new key", {}, {}, rotateKey});
}

}  // namespace busbar::cli
