// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/model/records.h"

// The rules of single records, as pure functions: what a caller wrote, judged without looking at
// any other row but the module's driver. Whether a reference exists and a name is free is the
// store's to say; whether settings parse, registry/settings'. Each reason completes the sentence
// "<field> …".
namespace busbar::model {

struct FieldError {
  std::string field;   // REST name, "control_system_id"
  std::string reason;  // "must not be blank"
  bool operator==(const FieldError&) const = default;
};
using FieldErrors = std::vector<FieldError>;

// Brings input to its stored form: names trimmed, e-mail lower case, sets without repeats, blank
// list entries removed. Call before validate().
void normalise(Driver& driver);
void normalise(System& system);
void normalise(Zone& zone);
void normalise(ApiKey& key);
// The name is made of the first and last name when there is a first name.
void normalise(User& user);
// Of `domain` only the host stays.
void normalise(Domain& domain);
void normalise(OauthApp& app);
void normalise(Group& group);
void normalise(GroupInvitation& invitation);
void normalise(Metadata& metadata);
void normalise(Schema& schema);
// Methods in upper case.
void normalise(Trigger& trigger);
void normalise(TriggerInstance& instance);
// Also what follows from the driver's role: udp clears tls, a service takes the driver's default
// URI and is tls when that is https or wss, a logic module has neither address nor tls.
void normalise(Module& mod, const Driver& driver);

FieldErrors validate(const Driver& driver);
// By the driver's role: a device needs ip and port, a service a URI (neither when the driver's
// manifest has no links), a logic module its system and nothing else may have one.
FieldErrors validate(const Module& mod, const Driver& driver);
FieldErrors validate(const System& system);
FieldErrors validate(const Zone& zone);
// Parent, level and size. The text itself is parsed by registry/settings.
FieldErrors validate(const Settings& settings);
FieldErrors validate(const User& user);
FieldErrors validate(const ApiKey& key);
FieldErrors validate(const Domain& domain);
FieldErrors validate(const OauthApp& app);
FieldErrors validate(const Group& group);
FieldErrors validate(const GroupUser& membership);
FieldErrors validate(const GroupZone& grant);
FieldErrors validate(const GroupInvitation& invitation);
// Details are at most 512 KiB and 48 levels deep.
FieldErrors validate(const Metadata& metadata);
FieldErrors validate(const Schema& schema);
// Conditions, actions and webhook are objects of at most 256 KiB each; what is in them is for
// api/triggers/spec.h.
FieldErrors validate(const Trigger& trigger);
FieldErrors validate(const TriggerInstance& instance);

// A URI with scheme and host, "https://projector.lan:8443/api".
bool isUri(std::string_view text);
// Whether it names a user with a password, "http://user:secret@host".
bool hasPassword(std::string_view uri);
// A host name (RFC 1123), an IPv4 address or an IPv6 address without brackets.
bool isHost(std::string_view text);
bool isEmail(std::string_view text);
// The host of "https://Example.com:8443/x", "example.com:8443" or "[::1]:80", in lower case without
// port and brackets: how a Host header and Domain::domain are compared.
std::string hostOf(std::string_view text);

}  // namespace busbar::model
