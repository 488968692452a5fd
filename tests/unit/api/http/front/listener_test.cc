// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/api/http/front/front_fixture.h"

namespace busbar::http {
namespace {

UniqueFd connectTo(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST(UnixListener, IsForItsOwnerAndKnowsItsPeers) {
  const test::TempDir directory;
  const auto listener = listenOnUnix(directory.file("s"));
  ASSERT_TRUE(listener.ok()) << listener.error().message;
  struct stat info{};
  ASSERT_EQ(::stat(directory.file("s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const UniqueFd client = connectTo(directory.file("s"));
  const AcceptedSocket accepted = acceptOn(*listener);
  ASSERT_TRUE(accepted.fd);
  EXPECT_EQ(accepted.uid, ::getuid());
  EXPECT_EQ(accepted.address, "local");
}

TEST(UnixListener, ReplacesALeftFileButNotALivingListener) {
  const test::TempDir directory;
  const std::string path = directory.file("s");
  {
    const auto gone = listenOnUnix(path);
  }
  const auto listener = listenOnUnix(path);
  ASSERT_TRUE(listener.ok()) << listener.error().message;
  const auto second = listenOnUnix(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
}

TEST(UnixListener, NamesWhatIsWrong) {
  const test::TempDir directory;
  EXPECT_EQ(listenOnUnix("/" + std::string(107, 'a')).error().code, ErrorCode::InvalidArgument);
  const auto absent = listenOnUnix(directory.file("no/s"));
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("no/s: No such file"), std::string::npos);
}

TEST(TcpListener, SpeaksIpv6) {
  const auto listener = listenOn("::1", 0);
  if (!listener.ok()) {
    GTEST_SKIP() << "no IPv6 here: " << listener.error().message;
  }
  EXPECT_EQ(listener->url, "[::1]:" + std::to_string(listener->port));
}

TEST_F(FrontTest, ServesAUnixSocketAndRemovesItAtTheEnd) {
  const test::TempDir directory;
  options_.unixPath = directory.file("control.sock");
  start();
  EXPECT_EQ(front_->url(), "unix:" + options_.unixPath);
  const UniqueFd client = connectTo(options_.unixPath);
  const std::string request = get("/a");
  ASSERT_EQ(::send(client.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  const Instant end = BootClock::now() + RawHttpClient::kPatience;
  while (handler_.handled == 0 && BootClock::now() < end) {
    loop_->runOnce(Milliseconds(1));
  }
  std::array<char, 1024> answer{};
  EXPECT_GT(::recv(client.get(), answer.data(), answer.size(), 0), 0);
  EXPECT_TRUE(isStatus(answer.data(), 200)) << answer.data();
  EXPECT_EQ(handler_.lastPeer, "local");
  EXPECT_EQ(handler_.lastUid, ::getuid());
  front_.reset();
  EXPECT_NE(::access(options_.unixPath.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace busbar::http
