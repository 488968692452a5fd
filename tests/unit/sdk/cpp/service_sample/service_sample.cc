// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Uses Store and Schedule of the C++ glue.
#include <memory>
#include <string>
#include <vector>

#include <busbar_manifest.hpp>

#include <busbar/driver.hpp>

namespace {

class Sample : public busbar::Driver {
 public:
  explicit Sample(const busbar::CreateInfo& info) : Driver(info) {}

  static constexpr auto functions() {
    return std::make_tuple(busbar::fn("remember", &Sample::remember),
                           busbar::fn("recall", &Sample::recall),
                           busbar::fn("forget", &Sample::forget), busbar::fn("keys", &Sample::keys),
                           busbar::fn("plan", &Sample::plan), busbar::fn("wait", &Sample::wait),
                           busbar::fn("stop_plan", &Sample::stopPlan));
  }

 private:
  // Shared because std::function must be copyable.
  static std::shared_ptr<busbar::Call> share(busbar::Call call) {
    return std::make_shared<busbar::Call>(std::move(call));
  }
  static busbar::Store::OnFailure failing(std::shared_ptr<busbar::Call> call) {
    return [call](const busbar::Failure& failure) { call->fail(failure); };
  }

  void remember(busbar::Call call, const std::string& key, busbar::Json value) {
    const auto open = share(std::move(call));
    store_.set(key, value, [open] { open->complete(); }, failing(open));
  }
  void recall(busbar::Call call, const std::string& key) {
    const auto open = share(std::move(call));
    store_.get(key, [open](const busbar::Json& value) { open->complete(value); }, failing(open));
  }
  // Returns at once; the request goes on.
  void forget(const std::string& key) { store_.remove(key); }
  void keys(busbar::Call call) {
    const auto open = share(std::move(call));
    store_.list(
        "", [open](const std::vector<std::string>& all) { open->complete(all); }, failing(open));
  }

  void plan(const std::string& cron, const std::string& zone) {
    plan_.catchUp().cron(
        cron, [this] { ticks_ = ++count_; }, zone,
        [this](const busbar::Failure& failure) { problem_ = failure.message(); });
  }
  bool stopPlan() {
    const bool wasSet = plan_.isSet();
    plan_.cancel();
    return wasSet;
  }
  void wait(busbar::Call call, int64_t ms) {
    const auto open = share(std::move(call));
    moment_.at(utcNs() + ms * 1'000'000, [open] { open->complete(); });
  }

  busbar::Store store_{*this};
  busbar::Schedule plan_{*this};
  busbar::Schedule moment_{*this};
  busbar::StatusKey<busbar::keys::ticks> ticks_{*this};
  busbar::StatusKey<busbar::keys::problem> problem_{*this};
  int64_t count_ = 0;
};

}  // namespace

BUSBAR_DRIVER(Sample)
