// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/messages.h"

#include <cstring>

#include <gtest/gtest.h>

namespace busbar::wire {
namespace {

std::string_view payloadOf(std::string_view frame) {
  return frame.substr(kHeaderBytes);
}

// Cuts a well-formed payload at every length and expects decode to notice.
template <class Decode>
void expectTruncationsRefused(std::string_view payload, Decode decode) {
  for (size_t n = 0; n < payload.size(); ++n) {
    EXPECT_FALSE(decode(payload.substr(0, n))) << "cut at " << n;
  }
  EXPECT_FALSE(decode(std::string(payload) + "x")) << "one byte too many";
}

TEST(WireMessages, CreateRoundTrips) {
  Create m;
  m.moduleId = "mod-1";
  m.settings = R"({"a":1})";
  m.slot = 7;
  m.links = {{1, 1, "main", R"({"type":"none"})", 4096}};
  m.extensions = {"busbar.x/1"};
  m.status = {{false, "online"}, {true, "^r_[0-9]+$"}};
  std::string out;
  encode(out, 3, m);
  Create back;
  ASSERT_TRUE(decode(payloadOf(out), back));
  EXPECT_EQ(back.moduleId, "mod-1");
  EXPECT_EQ(back.settings, m.settings);
  EXPECT_EQ(back.slot, 7U);
  ASSERT_EQ(back.links.size(), 1U);
  EXPECT_EQ(back.links[0].framing, m.links[0].framing);
  EXPECT_EQ(back.extensions, m.extensions);
  ASSERT_EQ(back.status.size(), 2U);
  EXPECT_TRUE(back.status[1].isPattern);
  expectTruncationsRefused(payloadOf(out), [](std::string_view p) {
    Create c;
    return decode(p, c);
  });
}

TEST(WireMessages, StateCarriesEachValueType) {
  std::vector<StatePoint> points(6);
  for (uint8_t type = 0; type < 6; ++type) {
    points[type].type = type;
    points[type].key = "k";
    points[type].sequence = type;
  }
  points[1].i = 1;
  points[2].i = INT64_MIN;
  points[3].d = 0.5;
  points[4].text = "text";
  points[5].text = "{}";
  std::string out;
  encodeState(out, 9, points.data(), points.size());
  std::vector<StatePoint> back;
  ASSERT_TRUE(decodeState(payloadOf(out), back));
  ASSERT_EQ(back.size(), 6U);
  EXPECT_EQ(back[1].i, 1);
  EXPECT_EQ(back[2].i, INT64_MIN);
  EXPECT_EQ(back[3].d, 0.5);
  EXPECT_EQ(back[4].text, "text");
  EXPECT_EQ(back[5].text, "{}");
  expectTruncationsRefused(payloadOf(out), [](std::string_view p) {
    std::vector<StatePoint> v;
    return decodeState(p, v);
  });
}

TEST(WireMessages, AHugeCountIsRefusedWithoutMemory) {
  std::vector<StatePoint> points;
  EXPECT_FALSE(decodeState(std::string("\xff\xff\xff\xff", 4), points));
  EXPECT_TRUE(points.empty());
}

TEST(WireMessages, CompleteAndExecuteRoundTrip) {
  std::string out;
  encode(out, 42, Execute{3, 2, 99, "echo", R"({"value":1})", "user-1", "00-ab"});
  Execute e;
  ASSERT_TRUE(decode(payloadOf(out), e));
  EXPECT_EQ(e.instance, 3U);
  EXPECT_EQ(e.role, 2U);
  EXPECT_EQ(e.deadlineNs, 99);
  EXPECT_EQ(e.args, R"({"value":1})");
  EXPECT_EQ(e.trace, "00-ab");
  out.clear();
  encode(out, 42, Complete{418, "1", {-9, "lamp", "no", 1, 5, "{}"}});
  Complete c;
  ASSERT_TRUE(decode(payloadOf(out), c));
  EXPECT_EQ(c.httpStatus, 418U);
  EXPECT_EQ(c.error.status, -9);
  EXPECT_EQ(c.error.message, "no");
  EXPECT_EQ(c.error.details, "{}");
}

class FrameReaderTest : public testing::Test {
 protected:
  void feed(std::string_view bytes) {
    char* to = reader_.prepare(bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    reader_.commit(bytes.size());
  }
  FrameReader reader_{1000, false};
  Frame frame_;
};

TEST_F(FrameReaderTest, SplitsAStreamThatArrivesByteByByte) {
  std::string stream;
  encodeCancel(stream, 1, 11);
  encodeProgress(stream, 2, "null");
  std::vector<uint64_t> ids;
  for (const char c : stream) {
    feed({&c, 1});
    while (reader_.next(frame_) == FrameReader::Next::Frame) {
      ids.push_back(frame_.id);
    }
  }
  EXPECT_EQ(ids, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(reader_.buffered(), 0U);
}

TEST_F(FrameReaderTest, RefusesOversizedFramesFdsAndFlags) {
  std::string header(16, '\0');
  header[1] = 4;  // 1024 bytes
  feed(header);
  EXPECT_EQ(reader_.next(frame_), FrameReader::Next::Error);
  EXPECT_NE(reader_.error().find("1024"), std::string::npos);

  reader_ = FrameReader(1000, false);
  header.assign(16, '\0');
  header[6] = 1;
  feed(header);
  EXPECT_EQ(reader_.next(frame_), FrameReader::Next::Error);

  reader_ = FrameReader(1000, true);
  header[6] = 5;
  feed(header);
  EXPECT_EQ(reader_.next(frame_), FrameReader::Next::Error);

  reader_ = FrameReader(1000, true);
  header[6] = 0;
  header[7] = 1;
  feed(header);
  EXPECT_EQ(reader_.next(frame_), FrameReader::Next::Error);
}

}  // namespace
}  // namespace busbar::wire
