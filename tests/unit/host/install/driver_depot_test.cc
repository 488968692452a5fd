// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/install/driver_depot.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

class DriverDepotTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    std::ofstream(source_.file(name)) << text;
  }
  model::Driver row(const DriverFolder& folder) {
    model::Driver driver;
    driver.id = "driver-1";
    driver.packageId = "test.thing";
    driver.version = "1.0.0";
    driver.digest = folder.digest;
    driver.fileName = folder.libraryName;
    return driver;
  }
  test::TempDir source_;
  test::TempDir root_;
  DriverDepot depot_{root_.path() + "/drivers"};
};

TEST_F(DriverDepotTest, ReadsExactlyAManifestAndOneLibrary) {
  put("manifest.json", "{}");
  put("thing.so", "ELF");
  const auto folder = DriverFolder::read(source_.path());
  ASSERT_TRUE(folder.ok()) << folder.error().message;
  EXPECT_EQ(folder->digest, sha256Hex("ELF"));
  EXPECT_EQ(folder->libraryName, "thing.so");
}

TEST_F(DriverDepotTest, RefusesOtherFolders) {
  EXPECT_FALSE(DriverFolder::read(source_.path() + "/absent").ok());
  put("manifest.json", "{}");
  EXPECT_FALSE(DriverFolder::read(source_.path()).ok()) << "no library";
  put("a.so", "x");
  put("b.so", "x");
  EXPECT_FALSE(DriverFolder::read(source_.path()).ok()) << "two libraries";
  unlink(source_.file("b.so").c_str());
  put("notes.txt", "x");
  EXPECT_FALSE(DriverFolder::read(source_.path()).ok()) << "another file";
  unlink(source_.file("notes.txt").c_str());
  unlink(source_.file("a.so").c_str());
  ASSERT_EQ(symlink("/etc/passwd", source_.file("a.so").c_str()), 0);
  EXPECT_NE(DriverFolder::read(source_.path()).error().message.find("symbolic link"),
            std::string::npos);
  unlink(source_.file("a.so").c_str());
  ASSERT_EQ(mkfifo(source_.file("a.so").c_str(), 0600), 0);
  EXPECT_FALSE(DriverFolder::read(source_.path()).ok()) << "a fifo must neither block nor pass";
}

TEST_F(DriverDepotTest, StoresOnceAndLocatesByDigest) {
  put("manifest.json", "{}");
  put("thing.so", "ELF");
  const auto folder = DriverFolder::read(source_.path()).value();
  ASSERT_TRUE(depot_.store(folder, "test.thing", "1.0.0").ok());
  ASSERT_TRUE(depot_.store(folder, "test.thing", "1.0.0").ok()) << "again";
  const auto where = depot_.locate(row(folder));
  ASSERT_TRUE(where.ok()) << where.error().message;
  EXPECT_EQ(*where, root_.path() + "/drivers/test.thing/1.0.0/" + folder.digest.substr(0, 12));
}

TEST_F(DriverDepotTest, RemovesWhatAnInstallationThatWasCutShortLeft) {
  depot_.removeUnfinished();  // nothing is there yet
  put("manifest.json", "{}");
  put("thing.so", "ELF");
  const auto folder = DriverFolder::read(source_.path()).value();
  ASSERT_TRUE(depot_.store(folder, "test.thing", "1.0.0").ok());
  const std::string cut = root_.path() + "/drivers/test.thing/1.0.0/.new-aBcDeF";
  ASSERT_EQ(mkdir(cut.c_str(), 0700), 0);
  std::ofstream(cut + "/manifest.json") << "{";
  depot_.removeUnfinished();
  EXPECT_NE(access(cut.c_str(), F_OK), 0);
  EXPECT_TRUE(depot_.locate(row(folder)).ok());
}

TEST_F(DriverDepotTest, AChangedLibraryIsNotLoaded) {
  put("manifest.json", "{}");
  put("thing.so", "ELF");
  const auto folder = DriverFolder::read(source_.path()).value();
  ASSERT_TRUE(depot_.store(folder, "test.thing", "1.0.0").ok());
  const std::string file = *depot_.locate(row(folder)) + "/thing.so";
  chmod(file.c_str(), 0600);
  std::ofstream(file) << "EVIL";
  EXPECT_EQ(depot_.locate(row(folder)).error().reason, "driver_changed");
  unlink(file.c_str());
  EXPECT_EQ(depot_.locate(row(folder)).error().reason, "driver_missing");
}

TEST_F(DriverDepotTest, ReadsDigestsAsSha256sumWritesThem) {
  put("digests", sha256Hex("a") + "  drivers/a.so\n" + sha256Hex("b") + "  b\n");
  EXPECT_TRUE(readBuiltDigests(source_.file("digests"))->contains(sha256Hex("b")));
  put("digests", "zz\n");
  EXPECT_FALSE(readBuiltDigests(source_.file("digests")).ok());
}

}  // namespace
}  // namespace busbar
