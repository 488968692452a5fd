// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A PJLink projector as a module: class 1 by class1.h, class 2 by class2.h, and here what class 2
// does over UDP: the search, and the notices of the projector.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "plugins/pjlink/class2.h"
#include "plugins/pjlink/datagram.h"

namespace busbar::pjlink {
namespace {

constexpr size_t kMaxFound = 256;
constexpr auto kSearchPeriod = std::chrono::seconds(1);  // UDP may lose any datagram
constexpr int64_t kLinkUpPauseNs = 1'000'000'000;

// A call for what answers until its time is over.
struct Search {
  Call call;
  std::map<std::string, std::string> found;  // MAC by address
};

}  // namespace

class PjLinkDriver final : public Class2 {
 public:
  explicit PjLinkDriver(const CreateInfo& info) : Class2(info) {
    const auto address =
        parseSearchAddress(info.settings["search_address"].valueOr<std::string>("255.255.255.255"));
    if (!address) {
      throw Failure::invalid(
          "/search_address must be an IPv4 address, with a port or without: 192.0.2.255");
    }
    searchAddress_ = *address;
  }

  static constexpr auto functions() {
    return std::tuple_cat(Class2::functions(),
                          std::make_tuple(fn("search", &PjLinkDriver::search)));
  }

  void onStart() override {
    Class2::onStart();
    datagrams_ = linkId("search");
  }
  void onConnected(const busbar_link_info& link) override {
    if (isFirst(link)) {
      ownHost_ = hostOf({link.peer.ptr, link.peer.len});
    }
    Class2::onConnected(link);
  }
  void onReceived(std::string_view bytes, const busbar_received& received) override {
    if (received.link_id != datagrams_) {
      Class2::onReceived(bytes, received);
    } else if (const auto datagram = parseDatagram(bytes)) {
      take(*datagram, hostOf({received.peer.ptr, received.peer.len}));
    }  // else the search of another controller, or nothing of PJLink
  }
  void onCancelled(busbar_id call) override {
    if (search_ && search_->call.id() == call) {
      takeSearch();
    }
  }

  void search(Call call, int64_t seconds) {
    if (search_) {
      call.fail(Failure(BUSBAR_E_AGAIN, "a search is under way").retryable());
      return;
    }
    if (!isConnected(datagrams_)) {
      call.fail(Failure::offline("the UDP port for searches is not open: another program has it, "
                                 "or busbar.links.search names an interface that is not there")
                    .retryable());
      return;
    }
    search_.emplace(Search{std::move(call), {}});
    searchEnd_.once(std::chrono::seconds(seconds), [this] { finishSearch(); });
    searchAgain_.every(kSearchPeriod, [this] { sendSearch(); });
    sendSearch();
  }

 private:
  void sendSearch() {
    try {
      sendTo(searchAddress_, encodeSearch(), datagrams_);
    } catch (const Failure& failure) {
      takeSearch().call.fail(failure);
    }
  }
  Search takeSearch() {
    searchAgain_.cancel();
    searchEnd_.cancel();
    Search ended = std::move(*search_);
    search_.reset();
    return ended;
  }
  void finishSearch() {
    Search ended = takeSearch();
    JsonArray array;
    for (const auto& [address, mac] : ended.found) {
      array.add(JsonObject().set("address", address).set("mac", mac));
    }
    found_ = JsonText{array.text()};
    ended.call.complete(JsonText{array.text()});
  }

  void take(const Datagram& datagram, const std::string& host) {
    const bool isFound = datagram.kind == Datagram::Kind::Found;
    if (isFound && search_ && search_->found.size() < kMaxFound) {
      search_->found[host] = datagram.value;
    }
    if (host == ownHost_) {
      takeOwn(datagram);
    }
  }
  // Shown at once, and asked for over TCP, where nobody can forge it.
  void takeOwn(const Datagram& datagram) {
    switch (datagram.kind) {
      case Datagram::Kind::Found:
        mac_ = datagram.value;
        break;
      case Datagram::Kind::LinkUp:
        mac_ = datagram.value;
        comeBack();
        break;
      case Datagram::Kind::Errors:
        show("ERST", parseErrors(datagram.value), [this](const auto& seen) { errors_.show(seen); });
        break;
      case Datagram::Kind::Power:
        show("POWR", parsePower(datagram.value), [this](const auto& seen) { showPower(seen); });
        break;
      case Datagram::Kind::Input:
        show("INPT", parseInput(datagram.value), [this](const auto& seen) { showInput(seen); });
        break;
    }
  }
  template <class Value, class Show>
  void show(const std::string& name, const std::optional<Value>& value, Show take) {
    if (!value) {
      warn("the projector sent nonsense as its notice " + name);
      return;
    }
    take(value);
    if (isReady()) {
      askAgain(name);
    }
  }
  // A projector that has just started is connected to at once. Anybody can send that it has: so not
  // more often than each second.
  void comeBack() {
    const int64_t nowNs = bootNs();
    if (!isConnected() && nowNs >= nextComeBackNs_) {
      nextComeBackNs_ = nowNs + kLinkUpPauseNs;
      requestLink(BUSBAR_LINK_RECONNECT);
    } else if (isReady()) {
      askAgain("POWR");
    }
  }

  std::string searchAddress_;
  uint32_t datagrams_ = 0;  // the link "search", known since the start
  std::string ownHost_;     // of the last connection; empty before the first
  std::optional<Search> search_;
  int64_t nextComeBackNs_ = 0;
  Timer searchEnd_{*this};
  Timer searchAgain_{*this};
  StatusKey<keys::found> found_{*this};
  StatusKey<keys::mac> mac_{*this};
};

}  // namespace busbar::pjlink

using busbar::pjlink::PjLinkDriver;
BUSBAR_DRIVER(PjLinkDriver)
