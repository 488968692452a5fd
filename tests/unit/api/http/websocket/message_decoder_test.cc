// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/message_decoder.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/websocket_frames.h"

namespace busbar::http {
namespace {

using test::clientFrame;
using test::FrameShape;
using Event = MessageDecoder::Event;

constexpr size_t kLimit = 70'000;

// What a decoder makes of bytes in pieces: "T:text", "B:…", "P:…", "O:…" (pong), "C1000:reason",
// "F1002".
std::vector<std::string> decode(std::string_view bytes, size_t piece, DecoderShared& shared) {
  MessageDecoder decoder(shared);
  std::vector<std::string> out;
  while (!bytes.empty()) {
    std::string_view input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    for (Event event = decoder.next(input); event != Event::NeedMore; event = decoder.next(input)) {
      const std::string payload(decoder.payload());
      switch (event) {
        case Event::Text:
          out.push_back("T:" + payload);
          break;
        case Event::Binary:
          out.push_back("B:" + payload);
          break;
        case Event::Ping:
          out.push_back("P:" + payload);
          break;
        case Event::Pong:
          out.push_back("O:" + payload);
          break;
        case Event::Close:
          out.push_back("C" + std::to_string(decoder.closeCode()) + ":" + payload);
          break;
        default:
          out.push_back("F" + std::to_string(decoder.closeCode()));
      }
    }
    EXPECT_TRUE(input.empty());
  }
  return out;
}

FrameShape part() {
  FrameShape shape;
  shape.isFinal = false;
  return shape;
}
FrameShape reserved(unsigned bits) {
  FrameShape shape;
  shape.reservedBits = bits;
  return shape;
}
FrameShape unmasked() {
  FrameShape shape;
  shape.isMasked = false;
  return shape;
}
FrameShape longForm(unsigned lengthBytes) {
  FrameShape shape;
  shape.lengthBytes = lengthBytes;
  return shape;
}
FrameShape claims(uint64_t length) {
  FrameShape shape;
  shape.length = length;
  return shape;
}

struct Message {
  const char* name;
  std::string bytes;
  std::vector<std::string> events;
};

std::vector<Message> cases() {
  const std::string big(kLimit, 'x');
  const std::string medium(200, 'm');
  const std::string most(125, 'p');
  return {
      {"text", clientFrame(1, "hello"), {"T:hello"}},
      {"two_texts", clientFrame(1, "a") + clientFrame(1, "b"), {"T:a", "T:b"}},
      {"empty_text", clientFrame(1, ""), {"T:"}},
      {"binary", clientFrame(2, "\xFF\xFE"), {"B:\xFF\xFE"}},
      {"medium", clientFrame(1, medium), {"T:" + medium}},
      {"at_the_limit", clientFrame(1, big), {"T:" + big}},
      {"fragments",
       clientFrame(1, "a", part()) + clientFrame(0, "b", part()) + clientFrame(0, "c"),
       {"T:abc"}},
      {"empty_fragments",
       clientFrame(1, "", part()) + clientFrame(0, "", part()) + clientFrame(0, ""),
       {"T:"}},
      {"ping_between_fragments",
       clientFrame(2, "a", part()) + clientFrame(9, "now") + clientFrame(0, "b"),
       {"P:now", "B:ab"}},
      {"character_cut_by_fragments",
       clientFrame(1, "\xE2\x82", part()) + clientFrame(10, "") + clientFrame(0, "\xAC"),
       {"O:", "T:\xE2\x82\xAC"}},
      {"longest_ping", clientFrame(9, most), {"P:" + most}},
      {"close", test::clientClose(1000, "bye") + clientFrame(1, "late"), {"C1000:bye"}},
      {"close_without_code", clientFrame(8, ""), {"C1005:"}},
      {"close_private", test::clientClose(4999), {"C4999:"}},
      {"close_within_message", clientFrame(1, "a", part()) + test::clientClose(1001), {"C1001:"}},
      {"unmasked", clientFrame(1, "a", unmasked()), {"F1002"}},
      {"unmasked_ping", clientFrame(9, "", unmasked()), {"F1002"}},
      {"reserved_1", clientFrame(1, "a", reserved(0x40)), {"F1002"}},
      {"reserved_2", clientFrame(1, "a", reserved(0x20)), {"F1002"}},
      {"reserved_3", clientFrame(9, "", reserved(0x10)), {"F1002"}},
      {"opcode_3", clientFrame(3, ""), {"F1002"}},
      {"opcode_7", clientFrame(7, ""), {"F1002"}},
      {"opcode_11", clientFrame(11, ""), {"F1002"}},
      {"opcode_15", clientFrame(15, ""), {"F1002"}},
      {"ping_in_fragments", clientFrame(9, "a", part()), {"F1002"}},
      {"close_in_fragments", clientFrame(8, "", part()), {"F1002"}},
      {"ping_too_long", clientFrame(9, most + "p"), {"F1002"}},
      {"continuation_of_nothing", clientFrame(0, "a"), {"F1002"}},
      {"continuation_after_the_end", clientFrame(1, "a") + clientFrame(0, "b"), {"T:a", "F1002"}},
      {"message_within_a_message", clientFrame(1, "a", part()) + clientFrame(1, "b"), {"F1002"}},
      {"binary_within_a_message", clientFrame(1, "a", part()) + clientFrame(2, "b"), {"F1002"}},
      {"length_in_two_bytes", clientFrame(1, "a", longForm(2)), {"F1002"}},
      {"length_in_eight_bytes", clientFrame(1, medium, longForm(8)), {"F1002"}},
      {"length_with_its_top_bit", clientFrame(1, "", claims(uint64_t{1} << 63)), {"F1002"}},
      {"length_64_bits", clientFrame(1, "abc", claims(uint64_t{1} << 62)), {"F1009"}},
      {"over_the_limit", clientFrame(1, big + "x"), {"F1009"}},
      {"over_the_limit_in_parts", clientFrame(1, big, part()) + clientFrame(0, "x"), {"F1009"}},
      {"bad_text", clientFrame(1, "a\xFF"), {"F1007"}},
      {"bad_text_before_its_end", clientFrame(1, "\xC0", claims(1000)), {"F1007"}},
      {"text_ends_within_a_character", clientFrame(1, "\xE2\x82"), {"F1007"}},
      {"fragments_end_within_a_character",
       clientFrame(1, "\xE2", part()) + clientFrame(0, "\x82"),
       {"F1007"}},
      {"close_of_one_byte", clientFrame(8, "a"), {"F1002"}},
      {"close_999", test::clientClose(999), {"F1002"}},
      {"close_1004", test::clientClose(1004), {"F1002"}},
      {"close_1005", test::clientClose(1005), {"F1002"}},
      {"close_1006", test::clientClose(1006), {"F1002"}},
      {"close_1015", test::clientClose(1015), {"F1002"}},
      {"close_1016", test::clientClose(1016), {"F1002"}},
      {"close_2999", test::clientClose(2999), {"F1002"}},
      {"close_5000", test::clientClose(5000), {"F1002"}},
      {"close_with_bad_reason", test::clientClose(1000, "\xFF"), {"F1007"}},
  };
}

class MessageDecoderTest : public testing::TestWithParam<Message> {};

TEST_P(MessageDecoderTest, ReadsTheSameHoweverBytesAreCut) {
  for (const size_t piece :
       {GetParam().bytes.size(), size_t{1}, size_t{2}, size_t{7}, size_t{64}}) {
    DecoderShared shared;
    shared.maxMessageBytes = kLimit;
    EXPECT_EQ(decode(GetParam().bytes, piece, shared), GetParam().events) << piece;
    EXPECT_EQ(shared.bytesInMemory, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MessageDecoderTest, testing::ValuesIn(cases()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(MessageDecoder, BoundsWhatAllKeepTogether) {
  DecoderShared shared;
  shared.maxBytesInMemory = 10;
  MessageDecoder first(shared);
  std::string bytes = clientFrame(1, "12345678", part());
  std::string_view input = bytes;
  EXPECT_EQ(first.next(input), Event::NeedMore);
  EXPECT_TRUE(first.isInsideMessage());
  EXPECT_EQ(shared.bytesInMemory, 8U);
  EXPECT_EQ(decode(clientFrame(1, "whole messages need no room"), 100, shared).size(), 1U);
  EXPECT_EQ(decode(clientFrame(1, "123", part()), 100, shared), std::vector<std::string>{"F1013"});
  EXPECT_EQ(shared.bytesInMemory, 8U);
}

TEST(MessageDecoder, KeepsNothingBetweenMessages) {
  DecoderShared shared;
  MessageDecoder decoder(shared);
  const std::string bytes = clientFrame(1, std::string(5000, 'a'));
  std::string_view first = std::string_view(bytes).substr(0, 3000);
  EXPECT_EQ(decoder.next(first), Event::NeedMore);
  EXPECT_GT(shared.bytesInMemory, 2000U);
  std::string_view rest = std::string_view(bytes).substr(3000);
  EXPECT_EQ(decoder.next(rest), Event::Text);
  EXPECT_FALSE(decoder.isInsideMessage());
  EXPECT_EQ(decoder.next(rest), Event::NeedMore);
  EXPECT_EQ(shared.bytesInMemory, 0U);
}

TEST(Frame, IsWrittenInTheShortestForm) {
  for (const size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
    std::string bytes;
    appendFrame(bytes, Opcode::Text, std::string(size, 'x'));
    EXPECT_EQ(bytes.size(), size + (size < 126 ? 2U : size < 65536 ? 4U : 10U));
    const auto frames = test::takeFrames(bytes);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].opcode, 1U);
    EXPECT_EQ(frames[0].payload, std::string(size, 'x'));
  }
}

TEST(Frame, CutsAReasonAtACharacter) {
  std::string bytes;
  appendClose(bytes, 4401, std::string(122, 'a') + "\xC3\xA9");
  appendClose(bytes, 1005, "not said");
  const auto frames = test::takeFrames(bytes);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].closeCode(), 4401U);
  EXPECT_EQ(frames[0].payload.substr(2), std::string(122, 'a'));
  EXPECT_EQ(frames[1].payload, "");
}

}  // namespace
}  // namespace busbar::http
