// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "codec.h"

#include <cstdio>

namespace {

int failures = 0;

void expect(bool claim, const char* what) {
  if (!claim) {
    std::fprintf(stderr, "failed: %s\n", what);
    ++failures;
  }
}

}  // namespace

int main() {
  using example::Reply;
  expect(example::encodePower(true) == "POWER ON\r\n", "power on is encoded");
  expect(example::encodeInput("HDMI1") == "INPUT HDMI1\r\n", "an input is encoded");
  expect(example::parseReply("OK").kind == Reply::Kind::Ok, "OK is read");
  expect(example::parseReply("ERR no signal").value == "no signal", "the reason of ERR is read");
  expect(example::parseReply("POWER=ON").value == "ON", "the power state is read");
  expect(example::parseReply("INPUT=HDMI2").value == "HDMI2", "the input is read");
  expect(example::parseReply("POWER=MAYBE").kind == Reply::Kind::Unknown, "rubbish is unknown");
  expect(example::parseReply("").kind == Reply::Kind::Unknown, "an empty line is unknown");
  return failures == 0 ? 0 : 1;
}
