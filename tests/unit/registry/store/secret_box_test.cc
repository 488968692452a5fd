// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/secret_box.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

SecretBox boxOf(uint8_t fill) {
  std::array<uint8_t, SecretBox::kKeyBytes> key{};
  key.fill(fill);
  return SecretBox::fromKey(key);
}

TEST(SecretBox, OpensWhatItSealedAndNeverSealsTheSameTwice) {
  const SecretBox box = boxOf(1);
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(100'000, 'x'), std::string("\0\xFF", 2)}) {
    const auto sealed = box.seal(text, "sets-1|2");
    ASSERT_TRUE(sealed.ok());
    EXPECT_NE(*sealed, *box.seal(text, "sets-1|2"));
    const auto back = box.unseal(*sealed, "sets-1|2");
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, text);
  }
}

TEST(SecretBox, SealedTextDoesNotShowThePlainOne) {
  EXPECT_EQ(boxOf(1).seal("password", "x")->find("password"), std::string::npos);
}

TEST(SecretBox, RefusesAnotherContextOrKey) {
  const std::string sealed = *boxOf(1).seal("secret", "sets-1|2");
  EXPECT_EQ(boxOf(1).unseal(sealed, "sets-1|1").error().code, ErrorCode::DataLoss);
  EXPECT_EQ(boxOf(2).unseal(sealed, "sets-1|2").error().reason, "wrong_key");
  EXPECT_NE(boxOf(1).keyId(), boxOf(2).keyId());
}

TEST(SecretBox, RefusesEverySingleAlteredCharacter) {
  const SecretBox box = boxOf(1);
  const std::string sealed = *box.seal("secret", "c");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(box.unseal(altered, "c").ok()) << i;
    EXPECT_FALSE(box.unseal(sealed.substr(0, i), "c").ok()) << i;
  }
}

TEST(SecretBox, MakesAPrivateKeyFileOnceAndReadsItAgain) {
  const test::TempDir dir;
  const auto first = SecretBox::open(dir.file("key"), SecretBox::IfMissing::Create);
  ASSERT_TRUE(first.ok()) << first.error().message;
  struct stat info{};
  ASSERT_EQ(::stat(dir.file("key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_size, 32);
  const auto second = SecretBox::open(dir.file("key"), SecretBox::IfMissing::Create);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->keyId(), second->keyId());
  EXPECT_EQ(*second->unseal(*first->seal("x", "c"), "c"), "x");
  EXPECT_FALSE(std::filesystem::exists(dir.file("key.new")));
  const auto other = SecretBox::open(dir.file("other"), SecretBox::IfMissing::Create);
  EXPECT_NE(other->keyId(), first->keyId());
}

TEST(SecretBox, RefusesAKeyFileThatIsWrong) {
  const test::TempDir dir;
  const std::string path = dir.file("key");
  const auto refused = [&path] {
    const auto box = SecretBox::open(path, SecretBox::IfMissing::Create);
    EXPECT_FALSE(box.ok());
    return box.ok() ? Error() : box.error();
  };
  EXPECT_EQ(SecretBox::open(path, SecretBox::IfMissing::Fail).error().reason, "key_file");
  std::ofstream(path) << std::string(32, 'k');
  ::chmod(path.c_str(), 0640);
  EXPECT_NE(refused().message.find("0600"), std::string::npos);
  ::chmod(path.c_str(), 0600);
  EXPECT_TRUE(SecretBox::open(path, SecretBox::IfMissing::Fail).ok());
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}}) {
    std::ofstream(path, std::ios::trunc) << std::string(size, 'k');
    EXPECT_EQ(refused().code, ErrorCode::FailedPrecondition) << size;
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(refused().code, ErrorCode::FailedPrecondition);
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/dev/zero", path);
  refused();
}

}  // namespace
}  // namespace busbar
