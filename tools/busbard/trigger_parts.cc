// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/trigger_parts.h"

#include <utility>

#include "tools/busbard/outbound.h"

namespace busbar::daemon {

Result<std::unique_ptr<TriggerParts>> TriggerParts::open(Surroundings around, const Config& config,
                                                         const std::string& folder) {
  std::unique_ptr<TriggerParts> parts(new TriggerParts());
  SqliteTriggerStore::Options options;
  options.databasePath = folder + "/triggers.db";
  auto store = SqliteTriggerStore::open(around.loop, std::move(options));
  if (!store) {
    return store.error();
  }
  parts->store_ = std::move(*store);
  if (!parts->store_->damagedFile().empty()) {
    around.log.error("busbard",
                     "the triggers database was damaged and put aside: triggers begin anew, and "
                     "what they had not finished is lost",
                     {{"file", parts->store_->damagedFile()}});
  }
  auto mailer = makeMailer(around.loop, around.resolver, around.log, config);
  if (!mailer) {
    return mailer.error();
  }
  parts->mailer_ = std::move(*mailer);
  auto webhooks = makeWebhooks(config);
  if (!webhooks) {
    return webhooks.error();
  }
  parts->engine_ = std::make_unique<triggers::Engine>(triggers::Engine::Surroundings{
      around.loop, around.site, around.host, *parts->store_, around.audit, around.coordinator,
      around.ids, around.log, around.http, std::move(*webhooks), std::move(around.manifests),
      parts->mailer_.get(), config.timeZone});
  return parts;
}

}  // namespace busbar::daemon
