// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/default_domain.h"

#include <gtest/gtest.h>

#include "registry/model/validate.h"
#include "tests/support/fake_clock.h"
#include "tests/support/sample_records.h"

namespace busbar {
namespace {

TEST(DefaultDomain, IsMadeOnceAndTakesInTheUsersFromBefore) {
  FakeClock clock;
  model::IdGenerator ids(clock);
  Site site;
  site.reset({1, {sample::user(1), sample::user(2)}});
  const auto writes = planDefaultDomain(site, ids);
  ASSERT_EQ(writes.size(), 3u);
  const auto& domain = std::get<model::Domain>(writes[0].record);
  EXPECT_EQ(domain.domain, "localhost");
  EXPECT_TRUE(model::validate(domain).empty());
  for (const ConfigWrite& write : writes) {
    site.apply({site.position() + 1, write.kind, write.record});
  }
  EXPECT_EQ(site.defaultDomain()->id, domain.id);
  EXPECT_EQ(site.findUser(sample::user(2).id)->domainId, domain.id);
  EXPECT_TRUE(planDefaultDomain(site, ids).empty());
}

TEST(DefaultDomain, AnEmptySiteGetsNothingButTheDomain) {
  FakeClock clock;
  model::IdGenerator ids(clock);
  Site site;
  EXPECT_EQ(planDefaultDomain(site, ids).size(), 1u);
}

}  // namespace
}  // namespace busbar
