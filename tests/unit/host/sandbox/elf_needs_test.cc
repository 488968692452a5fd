// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/elf_needs.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "host/sandbox/libraries.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {
namespace {

UniqueFd fileOf(const std::string& bytes) {
  UniqueFd fd(::memfd_create("elf", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string ownBytes() {
  const UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  std::string bytes(4096, '\0');
  EXPECT_EQ(::pread(fd.get(), bytes.data(), bytes.size(), 0), 4096);
  return bytes;
}

std::string refusal(const std::string& bytes) {
  const auto needs = readElfNeeds(fileOf(bytes).get());
  return needs.ok() ? "accepted" : needs.error().reason;
}

TEST(ElfNeeds, ReadsWhatThisProgramNeeds) {
  const UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto needs = readElfNeeds(fd.get());
  ASSERT_TRUE(needs.ok()) << needs.error().message;
  EXPECT_TRUE(needs->isSharedObject);
  EXPECT_NE(needs->interpreter.find("ld-linux"), std::string::npos);
  EXPECT_NE(std::find(needs->needed.begin(), needs->needed.end(), "libc.so.6"),
            needs->needed.end());
}

TEST(ElfNeeds, RefusesWhatIsNotElf) {
  EXPECT_EQ(refusal(""), "bad_elf");
  EXPECT_EQ(refusal("#!/bin/sh\n"), "bad_elf");
  EXPECT_EQ(refusal("\x7f"
                    "ELF"),
            "bad_elf");
}

TEST(ElfNeeds, RefusesAnotherMachine) {
  std::string bytes = ownBytes();
  bytes[offsetof(Elf64_Ehdr, e_machine)] = 0x7f;
  EXPECT_EQ(refusal(bytes), "bad_elf");
}

TEST(ElfNeeds, RefusesProgramHeadersOutsideOfTheFile) {
  std::string bytes = ownBytes();
  const uint64_t far = UINT64_MAX - 8;
  ::memcpy(&bytes[offsetof(Elf64_Ehdr, e_phoff)], &far, sizeof(far));
  EXPECT_EQ(refusal(bytes), "bad_elf");
}

TEST(ElfNeeds, RefusesTooManyProgramHeaders) {
  std::string bytes = ownBytes();
  const uint16_t many = 65;
  ::memcpy(&bytes[offsetof(Elf64_Ehdr, e_phnum)], &many, sizeof(many));
  EXPECT_EQ(refusal(bytes), "bad_elf");
}

TEST(ElfNeeds, RefusesACutOffDynamicSection) {
  EXPECT_EQ(refusal(ownBytes().substr(0, 1024)), "bad_elf");
}

TEST(NeededFiles, FollowsTheChainOfThisProgram) {
  const auto files = neededFiles("/proc/self/exe", "", {"libm.so.6", "no-such-library.so"});
  ASSERT_TRUE(files.ok()) << files.error().message;
  const auto has = [&files](const std::string& name) {
    return std::any_of(files->begin(), files->end(), [&name](const std::string& file) {
      return file.size() > name.size() &&
             file.compare(file.size() - name.size(), name.size(), name) == 0;
    });
  };
  EXPECT_TRUE(has("/libc.so.6"));
  EXPECT_TRUE(has("/libm.so.6"));
  EXPECT_TRUE(has("/ld-linux-x86-64.so.2") || has("/ld-linux-aarch64.so.1"));
  EXPECT_FALSE(has("no-such-library.so"));
}

TEST(NeededFiles, NamesAFileThatIsNotThere) {
  const auto files = neededFiles("/no/such/driver.so", "/no/such", {});
  ASSERT_FALSE(files.ok());
  EXPECT_NE(files.error().message.find("/no/such/driver.so"), std::string::npos);
}

}  // namespace
}  // namespace busbar::sandbox
