// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/triggers/smtp_dialogue.h"

// What a mail server says. The first byte is the size of the pieces in which it comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t piece = data[0] % 64 + 1;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  busbar::triggers::SmtpDialogue talk("a@a.example", {"b@b.example", "c@c.example"}, "m\r\n.\r\n");
  std::string said = talk.takeOutput();
  while (!input.empty()) {
    const bool wasTaken = talk.isDecided() && talk.result().ok();
    talk.receive(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    said += talk.takeOutput();
    BUSBAR_CHECK(!wasTaken || talk.result().ok());
  }
  talk.receive({});
  BUSBAR_CHECK(talk.isClosed() && talk.isDecided());
  // Nothing is said twice, and a mail is never taken unless all of it was said. QUIT is a courtesy.
  constexpr std::string_view kMail =
      "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nRCPT TO:<c@c.example>\r\nDATA\r\n"
      "m\r\n..\r\n.\r\n";
  const std::string all = std::string(kMail) + "QUIT\r\n";
  BUSBAR_CHECK(all.substr(0, said.size()) == said);
  BUSBAR_CHECK(!talk.result().ok() || said.size() >= kMail.size());
  return 0;
}
