// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/link_set.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/link/link_shares.h"

namespace busbar {
namespace {

Manifest manifestOf(const std::string& links) {
  auto manifest = Manifest::parse(R"({"manifest_version":1,"id":"org.busbar.test","version":"1.0.0",
      "name":"Test","module_name":"Test","vendor":"v","license":"Apache-2.0","role":"device",
      "links":[)" + links + "]}");
  BUSBAR_CHECK(manifest.ok());
  return std::move(*manifest);
}

// The ports of the links, with a module at 192.0.2.7:5000.
std::vector<uint16_t> ports(const std::string& links, const Connection& connection = {}) {
  const Manifest manifest = manifestOf(links);
  std::vector<uint16_t> found;
  for (const LinkTarget& target :
       linkTargets(manifest, {"192.0.2.7", 5000, false, false, connection})) {
    found.push_back(target.port);
  }
  return found;
}

using Ports = std::vector<uint16_t>;

TEST(LinkTargets, TheModulesPortIsThatOfItsDevice) {
  EXPECT_EQ(ports(R"({"role":"main","kind":"tcp","default_port":1},
                     {"role":"events","kind":"tcp","default_port":2})"),
            (Ports{5000, 5000}));
  EXPECT_EQ(ports(R"({"role":"main","kind":"udp_peers","default_port":1})"), Ports{5000});
}

TEST(LinkTargets, AFurtherLinkWithManyPeersHasAPortOfItsOwn) {
  const std::string links = R"({"role":"main","kind":"tcp","default_port":1},
                               {"role":"search","kind":"udp_peers","default_port":4352},
                               {"role":"calls","kind":"tcp_peers"})";
  EXPECT_EQ(ports(links), (Ports{5000, 4352, 0}));
  Connection connection;
  connection.links["search"].port = 4353;
  connection.links["calls"].port = 7000;
  EXPECT_EQ(ports(links, connection), (Ports{5000, 4353, 7000}));
}

class LinkSetTest : public testing::Test, protected LinkSet::Owner {
 protected:
  void sendLinkUp(const wire::LinkUp& m, UniqueFd) override { up_.push_back(m.linkId); }
  void sendLinkDown(const wire::LinkDown&) override {}
  bool mayWrite() const override { return true; }
  void linksChanged(bool connected, std::string, std::string why) override {
    connected_ = connected;
    why_ = std::move(why);
  }
  void log(int, std::string) override {}

  void open(const std::string& links) {
    set_.reset();
    manifest_ = manifestOf(links);
    LinkSet::Owner& self = *this;
    set_ = std::make_unique<LinkSet>(LinkSet::Context{*loop_, pool_, shares_, self}, manifest_,
                                     linkTargets(manifest_, {"", 0, false, false, connection_}));
    set_->open(1);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{1, 10};
  LinkShares shares_{""};
  Connection connection_;
  Manifest manifest_;
  std::unique_ptr<LinkSet> set_;
  std::vector<uint32_t> up_;
  bool connected_ = false;
  std::string why_;
};

TEST_F(LinkSetTest, ALinkWithoutAPortSaysWhereToSetIt) {
  open(R"({"role":"main","kind":"udp_peers"})");
  EXPECT_EQ(why_, "Link main has no port to listen at: set port");
  open(R"({"role":"main","kind":"udp_peers","broadcast":true},
          {"role":"calls","kind":"tcp_peers"})");
  EXPECT_EQ(why_,
            "Link calls has no port to listen at: set busbar.links.calls.port in the settings");
  EXPECT_FALSE(connected_);
}

TEST_F(LinkSetTest, ALinkThatBroadcastsWithoutAPortTakesAnyThatIsFree) {
  connection_.links["main"].interfaceAddress = "127.0.0.1";
  open(R"({"role":"main","kind":"udp_peers","broadcast":true})");
  EXPECT_EQ(up_, std::vector<uint32_t>{1});
  EXPECT_TRUE(connected_) << why_;
  EXPECT_EQ(shares_.udpPorts().openPorts(), 1U);
}

}  // namespace
}  // namespace busbar
