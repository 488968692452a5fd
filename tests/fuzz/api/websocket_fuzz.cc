// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The bytes of a websocket through the decoder, and each text through the reader of commands. The
// first byte says how the rest is cut into pieces: what is read must not depend on it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/control/command.h"
#include "api/http/websocket/message_decoder.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace {

using namespace busbar;
using namespace busbar::http;
using Event = MessageDecoder::Event;

constexpr size_t kMaxMessageBytes = 4000;

void checkCommand(std::string_view text) {
  api::Command command;
  if (!api::parseCommand(text, command)) {
    BUSBAR_CHECK(json::check(command.id).ok());
    BUSBAR_CHECK(command.args.empty() || json::check(command.args).ok());
    BUSBAR_CHECK(command.mod.size() <= api::Command::kMaxNameBytes);
  }
}

std::string read(std::string_view bytes, size_t pieceBytes) {
  DecoderShared shared;
  shared.maxMessageBytes = kMaxMessageBytes;
  MessageDecoder decoder(shared);
  std::string transcript;
  while (!bytes.empty()) {
    std::string_view input = bytes.substr(0, pieceBytes);
    bytes.remove_prefix(input.size());
    for (Event event = decoder.next(input); event != Event::NeedMore; event = decoder.next(input)) {
      const std::string_view payload = decoder.payload();
      BUSBAR_CHECK(payload.size() <= kMaxMessageBytes);
      if (event == Event::Text) {
        BUSBAR_CHECK(json::isUtf8(payload));
        checkCommand(payload);
      } else if (event == Event::Close || event == Event::Failed) {
        BUSBAR_CHECK(json::isUtf8(payload));
        transcript += std::to_string(decoder.closeCode());
      }
      transcript += std::to_string(static_cast<int>(event)) + std::string(payload) + "\n";
    }
    BUSBAR_CHECK(input.empty() && shared.bytesInMemory <= kMaxMessageBytes);
  }
  return transcript;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read(bytes, bytes.size() + 1);
  BUSBAR_CHECK(whole == read(bytes, 1 + data[0] % 64));
  return 0;
}
