// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/inspect/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "host/inspect/report.h"
#include "sdk/base/json.h"

namespace busbar::elf {
namespace {

std::string buildFolder() {
  const char* build = std::getenv("BUSBAR_BUILD");
  return build != nullptr ? build : ".";
}
std::string echoPath() {
  return buildFolder() + "/drivers/echo/echo.so";
}
std::string echoBytes() {
  std::ifstream in(echoPath(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
// The file with `value` at `offset`.
template <class T>
std::string patched(size_t offset, T value) {
  std::string bytes = echoBytes();
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}
bool hasProblem(const Image& image, std::string_view code) {
  const auto problems = judgeDriver(image);
  return std::any_of(problems.begin(), problems.end(),
                     [code](const Problem& p) { return p.code == code; });
}

TEST(Elf, ReadsADriver) {
  const auto image = Image::open(echoPath());
  ASSERT_TRUE(image.ok()) << image.error().message;
  const Facts& facts = image->facts();
  EXPECT_EQ(facts.exports, (std::vector<std::string>{"busbar_entry_1"}));
  EXPECT_EQ(facts.exportCount, 1u);
  EXPECT_NE(std::find(facts.needed.begin(), facts.needed.end(), "libc.so.6"), facts.needed.end());
  EXPECT_FALSE(facts.execStack);
  EXPECT_FALSE(facts.textRelocations);
  EXPECT_FALSE(facts.writableCode);
  EXPECT_EQ(facts.glibcFloor.substr(0, 2), "2.");
  EXPECT_EQ(facts.buildId.size(), 40u);
  ASSERT_TRUE(facts.abiNote);
  EXPECT_EQ(facts.abiNote->major, 1u);
  const auto manifest = image->section(".busbar.manifest");
  ASSERT_TRUE(manifest);
  std::ifstream in(buildFolder() + "/drivers/echo/manifest.json", std::ios::binary);
  EXPECT_EQ(*manifest, std::string(std::istreambuf_iterator<char>(in), {}));
  EXPECT_TRUE(judgeDriver(*image).empty());
}

TEST(Elf, SaysWhatItIsNot) {
  EXPECT_EQ(Image::open("/nonexistent").error().code, ErrorCode::NotFound);
  EXPECT_FALSE(Image::open("/").ok());
  EXPECT_FALSE(Image::parse("").ok());
  EXPECT_FALSE(Image::parse("hello").ok());
  EXPECT_FALSE(Image::open("/proc/self/exe").ok());  // a program
  EXPECT_FALSE(Image::parse(patched<uint8_t>(EI_CLASS, ELFCLASS32)).ok());
  EXPECT_FALSE(Image::parse(patched<uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_ARM)).ok());
  EXPECT_FALSE(Image::parse(patched<uint16_t>(offsetof(Elf64_Ehdr, e_type), ET_EXEC)).ok());
  EXPECT_FALSE(Image::parse(patched<uint64_t>(offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8)).ok());
  EXPECT_FALSE(Image::parse(patched<uint16_t>(offsetof(Elf64_Ehdr, e_phnum), 60'000)).ok());
}

TEST(Elf, ReadsTheOtherMachine) {
  const auto bytes = patched<uint16_t>(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64);
  const auto image = Image::parse(bytes);
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(toString(image->facts().machine), "aarch64");
}

TEST(Elf, SurvivesEveryTruncation) {
  const std::string bytes = echoBytes();
  for (size_t n = 0; n < bytes.size(); n += 7) {
    const auto image = Image::parse(std::string_view(bytes).substr(0, n));
    EXPECT_TRUE(json::check(writeReport(image)).ok());
  }
}

TEST(Elf, WithoutSectionHeadersThereIsNoManifest) {
  const auto bytes = patched<uint16_t>(offsetof(Elf64_Ehdr, e_shnum), 0);
  const auto image = Image::parse(bytes);
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(hasProblem(*image, "no_manifest"));
}

TEST(Elf, JudgesABadLibrary) {
  const auto image = Image::open(buildFolder() + "/tests/bad_library.so");
  ASSERT_TRUE(image.ok()) << image.error().message;
  for (const char* code : {"no_entry", "no_manifest", "no_abi_note", "exec_stack", "search_path"}) {
    EXPECT_TRUE(hasProblem(*image, code)) << code;
  }
  EXPECT_EQ(image->facts().searchPaths, (std::vector<std::string>{"$ORIGIN/lib", "/tmp/evil"}));
  EXPECT_EQ(image->facts().soname, "bad.so.1");
}

TEST(Elf, TheReportIsJson) {
  const auto image = Image::open(echoPath());
  const auto report = json::parse(writeReport(image));
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(*report->find("ok"), json::Value(true));
  const auto manifest = json::parse(*report->find("manifest")->asString());
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(*manifest->find("id"), json::Value("org.busbar.echo"));
  EXPECT_EQ(*report->find("manifest_bytes"),
            json::Value(static_cast<int64_t>(report->find("manifest")->asString()->size())));
  EXPECT_EQ(*report->find("machine"), json::Value(toString(image->facts().machine)));
  const auto broken = json::parse(writeReport(Image::parse("x")));
  ASSERT_TRUE(broken.ok());
  EXPECT_EQ(*broken->find("ok"), json::Value(false));
  EXPECT_EQ(*broken->find("problems")->asArray()->front().find("code"),
            json::Value("not_a_library"));
}

}  // namespace
}  // namespace busbar::elf
