// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "api/triggers/smtp_mailer.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/log.h"
#include "sdk/base/net/http_profile.h"
#include "sdk/base/net/resolver.h"
#include "sdk/base/result.h"
#include "tools/busbard/config.h"

namespace busbar::daemon {

// What triggers reach the world with, as the configuration says; reads the files that it names.
// Errors name the key, and nothing of a password.

// Null when no mail server is configured.
Result<std::unique_ptr<triggers::SmtpMailer>> makeMailer(EventLoop& loop, Resolver& resolver,
                                                         Logger& logger, const Config& config);
Result<std::shared_ptr<const HttpProfile>> makeWebhooks(const Config& config);

}  // namespace busbar::daemon
