// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A line of a projector as a greeting, as the reply to every command, and as a datagram; and as a
// search address of the settings.

#include <cstdlib>

#include "plugins/pjlink/codec.h"
#include "plugins/pjlink/datagram.h"

namespace {

using namespace busbar::pjlink;

void require(bool claim) {
  if (!claim) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const Greeting greeting = readGreeting(line, "password");
  require(greeting.kind != Greeting::Kind::Locked || greeting.prefix.size() == 32);
  require(greeting.kind != Greeting::Kind::Unknown || !greeting.problem.empty());
  for (const char* command : {"POWR", "INPT", "AVMT", "ERST", "LAMP", "NAME", "IRES"}) {
    const Reply reply = parseReply(line, command);
    require(reply.kind == Reply::Kind::Value || reply.value.empty());
    require(reply.value.size() <= kMaxParameterBytes);
  }
  parsePower(line);
  parseMute(line);
  parseErrors(line);
  parseHours(line);
  parseResolution(line);
  const auto lamps = parseLamps(line);
  require(!lamps || lamps->size() <= kMaxLamps);
  const auto inputs = parseInputs(line);
  require(!inputs || inputs->size() <= kMaxInputs);
  if (const auto input = parseInput(line)) {
    require(parseInput(inputCode(*input).value()) == input);
  }
  const std::string text = parseText(line).value();
  require(text.size() <= line.size() && parseText(text) == text);
  if (const auto datagram = parseDatagram(line)) {
    const bool hasMac =
        datagram->kind == Datagram::Kind::Found || datagram->kind == Datagram::Kind::LinkUp;
    require(hasMac ? datagram->value.size() == 17 : !datagram->value.empty());
    require(datagram->value.size() <= kMaxParameterBytes);
  }
  if (const auto address = parseSearchAddress(line)) {
    require(parseSearchAddress(*address) == address);
    require(hostOf(*address).size() < address->size());
  }
  return 0;
}
