// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/key_usage_writer.h"

#include <utility>

namespace busbar::api {
namespace {

constexpr Milliseconds kLimit{10'000};

}  // namespace

KeyUsageWriter::KeyUsageWriter(EventLoop& loop, const Site& site, ConfigStore& store,
                               auth::KeyUsage& usage)
    : loop_(loop), site_(site), store_(store), usage_(usage) {
  arm();
}

void KeyUsageWriter::arm() {
  timer_ = loop_.runAfter(kInterval, [this] {
    arm();
    writeNow();
  });
}

void KeyUsageWriter::writeNow() {
  std::vector<ConfigWrite> writes;
  for (model::ApiKey& key : usage_.due(site_, kSlackSeconds)) {
    writes.push_back({ConfigWrite::Kind::Update, std::move(key)});
  }
  if (!writes.empty()) {
    store_.apply(std::move(writes), {}, loop_.now() + kLimit,
                 [](const Result<std::vector<ConfigChange>>&) {});
  }
}

}  // namespace busbar::api
