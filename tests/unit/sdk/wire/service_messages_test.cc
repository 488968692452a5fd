// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/wire/service_messages.h"

#include <gtest/gtest.h>

namespace busbar::wire {
namespace {

// Encodes, checks type and instance, decodes; then that a payload cut short is refused.
template <class M>
M roundTrip(const M& m, Type type) {
  std::string bytes;
  encode(bytes, 9, m);
  FrameReader reader(kMaxToRunnerBytes, false);
  std::memcpy(reader.prepare(bytes.size()), bytes.data(), bytes.size());
  reader.commit(bytes.size());
  Frame frame;
  EXPECT_EQ(reader.next(frame), FrameReader::Next::Frame);
  EXPECT_EQ(frame.type, type);
  EXPECT_EQ(frame.id, 9U);
  static std::string kept;  // what the views of the result point into
  kept = frame.payload;
  M cut;
  EXPECT_FALSE(decode(std::string_view(kept).substr(0, kept.size() - 1), cut));
  EXPECT_FALSE(decode(kept + "x", cut));
  M out;
  EXPECT_TRUE(decode(kept, out));
  return out;
}

const RequestHead kHead{7, 8, 99};

void expectHead(const RequestHead& head) {
  EXPECT_EQ(head.token, 7U);
  EXPECT_EQ(head.parentCall, 8U);
  EXPECT_EQ(head.deadlineNs, 99);
}

TEST(ServiceMessages, RequestsRoundTrip) {
  const auto http = roundTrip(
      HttpRequest{kHead, 1, 2, 3, 4, "GET", "/x", "{}", "null", std::string_view("a\0b", 3)},
      Type::HttpRequest);
  expectHead(http.head);
  EXPECT_EQ(http.flags + http.timeoutMs + http.maxBytes + http.maxRedirects, 10U);
  EXPECT_EQ(http.method, "GET");
  EXPECT_EQ(http.url, "/x");
  EXPECT_EQ(http.headers, "{}");
  EXPECT_EQ(http.auth, "null");
  EXPECT_EQ(http.body.size(), 3U);
  const auto store = roundTrip(StoreRequest{kHead, 2, "k", "1"}, Type::StoreRequest);
  expectHead(store.head);
  EXPECT_EQ(store.operation, 2U);
  EXPECT_EQ(store.key, "k");
  EXPECT_EQ(store.value, "1");
  const auto call = roundTrip(ModuleCall{kHead, 5, "A_1", "f", "[]"}, Type::ModuleCall);
  expectHead(call.head);
  EXPECT_EQ(call.timeoutMs, 5U);
  EXPECT_EQ(call.target, "A_1");
  EXPECT_EQ(call.function, "f");
  EXPECT_EQ(call.args, "[]");
  const auto subscribe = roundTrip(Subscribe{kHead, "A_1", "power"}, Type::Subscribe);
  EXPECT_EQ(subscribe.target, "A_1");
  EXPECT_EQ(subscribe.key, "power");
  const auto schedule = roundTrip(Schedule{kHead, 1, -5, "* * * * *", "UTC"}, Type::Schedule);
  EXPECT_EQ(schedule.flags, 1U);
  EXPECT_EQ(schedule.atNs, -5);
  EXPECT_EQ(schedule.cron, "* * * * *");
  EXPECT_EQ(schedule.timeZone, "UTC");
  const auto taken = roundTrip(HttpTaken{7, 4096}, Type::HttpTaken);
  EXPECT_EQ(taken.token, 7U);
  EXPECT_EQ(taken.bytes, 4096U);
}

TEST(ServiceMessages, EventsRoundTrip) {
  ServiceEvent event{6, 7, true, "A_1", "key", "{}", {}};
  event.error.status = -5;
  event.error.message = "late";
  const auto out = roundTrip(event, Type::ServiceEvent);
  EXPECT_EQ(out.type, 6U);
  EXPECT_EQ(out.token, 7U);
  EXPECT_TRUE(out.ends);
  EXPECT_EQ(out.source, "A_1");
  EXPECT_EQ(out.key, "key");
  EXPECT_EQ(out.doc, "{}");
  EXPECT_EQ(out.error.status, -5);
  EXPECT_EQ(out.error.message, "late");
  const auto part = roundTrip(HttpPart{7, 3, 200, "u", "{}", "body"}, Type::HttpPart);
  EXPECT_EQ(part.token, 7U);
  EXPECT_EQ(part.flags, 3U);
  EXPECT_EQ(part.httpStatus, 200U);
  EXPECT_EQ(part.url, "u");
  EXPECT_EQ(part.headers, "{}");
  EXPECT_EQ(part.bytes, "body");
}

TEST(ServiceMessages, ReleaseRoundTrips) {
  std::string bytes;
  encodeRelease(bytes, 9, 77);
  uint64_t token = 0;
  EXPECT_TRUE(decodeRelease(std::string_view(bytes).substr(kHeaderBytes), token));
  EXPECT_EQ(token, 77U);
  EXPECT_FALSE(decodeRelease("short", token));
}

}  // namespace
}  // namespace busbar::wire
