// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The bytes of a connection through the whole reader: head, target, headers, body of known length
// and chunked. The first byte says how the rest is cut into pieces: what is read must not depend on
// it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/front/request_reader.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace {

using namespace busbar;
using namespace busbar::http;

void checkRequest(const Request& request, const Head& head) {
  BUSBAR_CHECK(isToken(request.methodName()));
  for (size_t i = 0; i < head.fieldCount; ++i) {
    BUSBAR_CHECK(isToken(head.fields[i].name) && isFieldValue(head.fields[i].value));
  }
  for (size_t i = 0; i < request.target().segmentCount(); ++i) {
    const std::string_view segment = request.target().segment(i);
    BUSBAR_CHECK(!segment.empty() && segment != "." && segment != "..");
    BUSBAR_CHECK(segment.find_first_of("/\\") == std::string_view::npos);
    BUSBAR_CHECK(json::isUtf8(segment));
  }
}

// A transcript of what the reader makes of `bytes`, given to it in pieces of `pieceBytes`.
std::string read(std::string_view bytes, size_t pieceBytes) {
  ReaderShared shared;
  RequestReader reader(shared);
  std::string transcript;
  std::string held;
  while (!bytes.empty()) {
    held.append(bytes.substr(0, pieceBytes));
    bytes.remove_prefix(std::min(pieceBytes, bytes.size()));
    std::string_view input = held;
    for (auto event = reader.next(input); event != RequestReader::Event::NeedMore;
         event = reader.next(input)) {
      if (event == RequestReader::Event::Refused) {
        return transcript + "!";  // which of two faults is seen first may depend on the pieces
      }
      if (event == RequestReader::Event::Head) {
        checkRequest(reader.request(), shared.head);
        transcript += std::string(reader.request().methodName()) + " " +
                      std::string(reader.request().path()) + "\n";
        reader.setBodyLimit(2000);
      } else {
        BUSBAR_CHECK(reader.request().body().size() <= 2000);
        transcript += reader.request().body() + "\n";
        reader.finish();
      }
    }
    held.erase(0, held.size() - input.size());
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
