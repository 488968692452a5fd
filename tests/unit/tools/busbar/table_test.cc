// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/table.h"

#include <string>

#include <gtest/gtest.h>
#include <locale.h>

namespace busbar::cli {
namespace {

class Table : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(layoutTable({"ID", "NAME"}, {{"sys-1", "Room"}, {"s", "Hall 2"}}, {}),
            "ID     NAME\nsys-1  Room\ns      Hall 2\n");
}

TEST_F(Table, HeaderCanBeLeftOut) {
  EXPECT_EQ(layoutTable({"ID", "NAME"}, {{"1", "a"}}, {0, false}), "1  a\n");
}

TEST_F(Table, WideAndCombiningCharactersKeepTheColumnsStraight) {
  // Two ideographs take four columns; e with a combining acute takes one.
  EXPECT_EQ(layoutTable({"A", "B"}, {{"会議", "x"}, {"e\u0301", "y"}}, {}),
            "A     B\n会議  x\ne\u0301     y\n");
}

TEST_F(Table, TooWideTablesAreCutInTheirWidestColumn) {
  const std::string text = layoutTable({"ID", "TEXT"}, {{"1", std::string(100, 'x')}}, {20, true});
  EXPECT_EQ(text, "ID  TEXT\n1   " + std::string(15, 'x') + "…\n");
}

TEST_F(Table, NoColumnIsCutBelowEight) {
  const std::string text =
      layoutTable({"A", "B"}, {{std::string(20, 'a'), std::string(20, 'b')}}, {5, false});
  EXPECT_EQ(text, "aaaaaaa…  bbbbbbb…\n");
}

TEST_F(Table, ControlCharactersDoNotReachTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\rc\xff\nd\te"), "a·[31mb·c· d e");
  EXPECT_EQ(printable("\u009b31m"), "·31m") << "the C1 control that begins a sequence";
}

TEST_F(Table, EmptyTableIsItsHeader) {
  EXPECT_EQ(layoutTable({"ID"}, {}, {}), "ID\n");
}

TEST_F(Table, FitCutsBetweenCharacters) {
  EXPECT_EQ(fit("会議室", 5), "会議…");
  EXPECT_EQ(fit("会議室", 4), "会…");
  EXPECT_EQ(fit("abc", 3), "abc");
  EXPECT_EQ(fit("abc", 0), "");
}

}  // namespace
}  // namespace busbar::cli
