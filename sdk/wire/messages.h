// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/wire/frame.h"

// The payload of each frame type. encode() appends a whole frame; decode() fills the struct from a
// payload and says whether it was well formed to its last byte (views point into the payload; text
// is not yet checked). Shape: sdk/wire/WIRE.md.
namespace busbar::wire {

struct WireError {
  int32_t status = 0;  // busbar_status
  std::string_view code;
  std::string_view message;
  uint32_t flags = 0;
  uint32_t retryAfterMs = 0;
  std::string_view details;
};

struct Hello {
  uint32_t wire = kWireVersion;
  uint32_t strandHardMs = 5000;
  uint32_t logBytesPerS = 1U << 20U;
  std::string_view hostVersion;
};

struct CreateLink {
  uint32_t linkId = 0;
  uint32_t kind = 0;  // BUSBAR_LINK_…
  std::string_view role;
  std::string_view framing;  // manifest framing object, or empty
  uint32_t maxFrameBytes = 0;
  uint32_t idleCloseMs = 0;  // 0: kept up; else opened on demand and closed after such a silence
  bool mayStartTls = false;
};

struct CreateStatus {
  bool isPattern = false;
  std::string_view key;
};

struct Create {
  std::string_view moduleId, systemId, driverId, epoch, timeZone, locale, settings;
  uint8_t logLevel = 2;
  uint32_t slot = 0;
  std::vector<CreateLink> links;
  std::vector<std::string_view> extensions;
  std::vector<CreateStatus> status;
};

struct Stop {
  uint32_t reason = 0;  // BUSBAR_STOP_…
  int64_t deadlineNs = 0;
};

struct SettingsUpdate {
  std::string_view settings, changedKeys;
};

struct LinkUp {
  uint32_t linkId = 0, generation = 0, kind = 0;
  std::string_view peer;
};

struct LinkDown {  // also LinkLost
  uint32_t linkId = 0, generation = 0;
  WireError error;
};

struct Execute {
  uint32_t instance = 0;
  uint32_t role = 0;  // BUSBAR_ROLE_…
  int64_t deadlineNs = 0;
  std::string_view function, args, userId, trace;
};

struct Ready {
  uint32_t wire = 0, abiMajor = 0, abiMinor = 0;
  WireError error;
};

struct Complete {
  uint32_t httpStatus = 0;
  std::string_view result;
  WireError error;
};

// One status value; `text` for strings and documents.
struct StatePoint {
  uint64_t sequence = 0;
  int64_t timeNs = 0;
  uint8_t quality = 0;
  std::string_view key;
  uint8_t type = 0;  // BUSBAR_V_…
  int64_t i = 0;     // bool and int
  double d = 0;
  std::string_view text;
};

struct Log {
  uint8_t level = 2;
  uint8_t flags = 0;
  int64_t timeNs = 0;
  uint64_t call = 0;
  uint32_t dropped = 0;
  std::string_view message, fields;
};

struct LinkRequest {
  uint32_t linkId = 0;
  uint32_t action = 0;  // BUSBAR_LINK_CONNECT …
  uint32_t generation = 0;
};

inline constexpr uint8_t kLogFromChecks = 1;
// In a link_lost of a link on demand: nothing was to be sent any more.
inline constexpr std::string_view kIdleCode = "idle";

void encode(std::string& out, const Hello& m);
void encode(std::string& out, uint64_t instance, const Create& m);
void encode(std::string& out, uint64_t instance, const Stop& m);
void encode(std::string& out, uint64_t instance, const SettingsUpdate& m);
void encode(std::string& out, uint64_t instance, const LinkUp& m);  // announces one fd
void encode(std::string& out, Type linkDownOrLost, uint64_t instance, const LinkDown& m);
void encode(std::string& out, uint64_t call, const Execute& m);
void encodeCancel(std::string& out, uint64_t call, uint32_t instance);
void encodeLogLevel(std::string& out, uint64_t instance, uint8_t level);
// Start, Destroy, Shutdown.
void encodeEmpty(std::string& out, Type type, uint64_t id);
void encode(std::string& out, const Ready& m);
// Created, Started, Stopped, SettingsDone, Failed.
void encodeOutcome(std::string& out, Type type, uint64_t instance, const WireError& error);
void encode(std::string& out, uint64_t call, const Complete& m);
void encodeProgress(std::string& out, uint64_t call, std::string_view doc);
void encodeState(std::string& out, uint64_t instance, const StatePoint* points, size_t count);
void encode(std::string& out, uint64_t instance, const Log& m);
void encode(std::string& out, uint64_t instance, const LinkRequest& m);

bool decode(std::string_view payload, Hello& m);
bool decode(std::string_view payload, Create& m);
bool decode(std::string_view payload, Stop& m);
bool decode(std::string_view payload, SettingsUpdate& m);
bool decode(std::string_view payload, LinkUp& m);
bool decode(std::string_view payload, LinkDown& m);
bool decode(std::string_view payload, Execute& m);
bool decodeCancel(std::string_view payload, uint32_t& instance);
bool decodeLogLevel(std::string_view payload, uint8_t& level);
bool decode(std::string_view payload, Ready& m);
bool decodeOutcome(std::string_view payload, WireError& error);
bool decode(std::string_view payload, Complete& m);
bool decodeProgress(std::string_view payload, std::string_view& doc);
bool decodeState(std::string_view payload, std::vector<StatePoint>& points);
bool decode(std::string_view payload, Log& m);
bool decode(std::string_view payload, LinkRequest& m);

}  // namespace busbar::wire
