// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/blocks.h"

#include <string>

#include <gtest/gtest.h>

#include "host/runner/loader.h"

namespace busbar::runner {
namespace {

TEST(Blocks, AShortBlockIsZeroExtended) {
  busbar_timer in{};
  in.struct_size = offsetof(busbar_timer, period_ns);
  in.token = 7;
  in.period_ns = 99;  // beyond what the writer says it wrote
  busbar_timer out{};
  ASSERT_TRUE(readBlock(&in, out));
  EXPECT_EQ(out.token, 7u);
  EXPECT_EQ(out.period_ns, 0);
  EXPECT_EQ(out.struct_size, sizeof out);
}

TEST(Blocks, ALongerBlockIsCut) {
  struct Newer {
    busbar_timer timer;
    uint64_t more;
  } in{};
  in.timer.struct_size = sizeof in;
  in.timer.token = 3;
  busbar_timer out{};
  ASSERT_TRUE(readBlock(&in.timer, out));
  EXPECT_EQ(out.token, 3u);
}

TEST(Blocks, NoBlockAndNoSizeAreRefused) {
  busbar_timer in{};
  busbar_timer out{};
  EXPECT_FALSE(readBlock<busbar_timer>(nullptr, out));
  EXPECT_FALSE(readBlock(&in, out));
}

TEST(Blocks, TextIsCutBetweenCharacters) {
  EXPECT_EQ(clipUtf8("a\xc3\xa4", 2), "a");
  EXPECT_EQ(clipUtf8("a\xc3\xa4", 3), "a\xc3\xa4");
  EXPECT_EQ(clipUtf8("abc", 0), "");
}

TEST(Blocks, UnknownFailuresAreInternal) {
  EXPECT_EQ(normalStatus(BUSBAR_PENDING), BUSBAR_OK);
  EXPECT_EQ(normalStatus(-999), BUSBAR_E_INTERNAL);
  EXPECT_EQ(normalStatus(INT32_MIN), BUSBAR_E_INTERNAL);
  EXPECT_STREQ(statusName(BUSBAR_E_UNSUPPORTED), "E_UNSUPPORTED");
}

TEST(Blocks, AnErrorKeepsWhatIsWellFormed) {
  busbar_error in{};
  in.struct_size = sizeof in;
  in.code = toStr("Not Snake");
  in.message = toStr("the lamp is cooling");
  in.flags = 0xff;
  wire::WireError out;
  EXPECT_NE(readError(BUSBAR_E_DEVICE, &in, out), nullptr);
  EXPECT_EQ(out.code, "");
  EXPECT_EQ(out.message, "the lamp is cooling");
  EXPECT_EQ(out.flags, BUSBAR_ERROR_RETRYABLE);
  in.code = toStr("lamp_cooling");
  EXPECT_EQ(readError(BUSBAR_E_DEVICE, &in, out), nullptr);
  EXPECT_EQ(out.code, "lamp_cooling");
  EXPECT_EQ(readError(BUSBAR_OK, &in, out), nullptr);
  EXPECT_EQ(out.code, "");
}

TEST(Blocks, DocumentsAreChecked) {
  std::string_view out;
  EXPECT_TRUE(viewDoc(toDoc(""), out));
  EXPECT_TRUE(viewDoc(toDoc("[1]"), out));
  EXPECT_FALSE(viewDoc(toDoc("[1"), out));
  EXPECT_FALSE(viewDoc(toDoc(std::string(33, '[') + std::string(33, ']')), out));
  busbar_doc doc = toDoc("1");
  doc.encoding = 9;
  EXPECT_FALSE(viewDoc(doc, out));
  EXPECT_FALSE(viewDoc({nullptr, 5, 0, 0}, out));
}

// The judgement of a driver's table, by one change each.
busbar_driver goodTable() {
  busbar_driver t{};
  t.struct_size = sizeof t;
  t.manifest = toStr("{}");
  t.create = [](const busbar_host*, busbar_instance*, const busbar_create_info*,
                busbar_state**) noexcept -> busbar_status { return BUSBAR_OK; };
  t.start = [](busbar_state*) noexcept -> busbar_status { return BUSBAR_OK; };
  t.stop = [](busbar_state*, const busbar_stop_info*) noexcept -> busbar_status {
    return BUSBAR_OK;
  };
  t.destroy = [](busbar_state*) noexcept {};
  return t;
}

TEST(Loader, JudgesTheTable) {
  busbar_driver out{};
  busbar_driver t = goodTable();
  EXPECT_TRUE(checkTable(&t, 0, "{}", out).ok());
  EXPECT_EQ(checkTable(nullptr, 0, "{}", out).error().reason, "driver_refused");
  EXPECT_EQ(checkTable(&t, 0, "{ }", out).error().reason, "driver_manifest_differs");
  t.abi_minor = 1;
  EXPECT_EQ(checkTable(&t, 0, "{}", out).error().reason, "driver_wrong_abi");
  EXPECT_TRUE(checkTable(&t, 1, "{}", out).ok());
  t = goodTable();
  t.flags = 1;
  EXPECT_EQ(checkTable(&t, 0, "{}", out).error().reason, "driver_wrong_abi");
  t = goodTable();
  t.destroy = nullptr;
  EXPECT_EQ(checkTable(&t, 0, "{}", out).error().reason, "driver_incomplete");
  t = goodTable();
  t.struct_size = offsetof(busbar_driver, extension);  // older, shorter, fine
  EXPECT_TRUE(checkTable(&t, 0, "{}", out).ok());
}

}  // namespace
}  // namespace busbar::runner
