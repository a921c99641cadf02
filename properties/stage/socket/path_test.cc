// Paths and unix listeners: from text, and real ones.
#include "properties/stage/socket/path.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "core/address.h"
#include "core/unique_fd.h"
#include "properties/stage/socket/port.h"

namespace verbatim {
namespace {

constexpr char kHeading[] = "Num       RefCount Protocol Flags    Type St Inode Path\n";

TEST(FindUnixListener, IsAStreamSocketThatListensAndNothingElse) {
  const std::string file =
      std::string(kHeading) +
      "0000000000000000: 00000003 00000000 00000000 0001 03  1 /a\n"    // open
      "0000000000000000: 00000002 00000000 00010000 0005 01  2 /a\n"    // packets
      "0000000000000000: 00000002 00000000 00000000 0001 01  3 /a\n"    // bound
      "0000000000000000: 00000002 00000000 00010000 0001 01  4 /a b\n"  // a space
      "0000000000000000: 00000002 00000000 00010000 0001 01  5\n"       // no name
      "0000000000000000: 00000002 00000000 00010000 0001 01  6 /a\n";
  EXPECT_EQ(FindUnixListenerIn(file, "/a"), 6u);
  EXPECT_EQ(FindUnixListenerIn(file, "/a b"), 4u);
  EXPECT_EQ(FindUnixListenerIn(file, "/b"), std::nullopt);
  EXPECT_EQ(FindUnixListenerIn("nonsense\n\n", "/a"), std::nullopt);
}

TEST(FindUnixListener, OfDatagramsIsASocketThatIsBoundAndNotConnected) {
  const std::string file =
      std::string(kHeading) +
      "0000000000000000: 00000002 00000000 00010000 0001 01  1 /a\n"  // a stream's
      "0000000000000000: 00000003 00000000 00000000 0002 03  2 /a\n"  // connected
      "0000000000000000: 00000002 00000000 00000000 0001 01  3 /a\n"  // a stream's, bound
      "0000000000000000: 00000002 00000000 00000000 0002 01  4 /a\n";
  EXPECT_EQ(FindUnixListenerIn(file, "/a", SOCK_DGRAM), 4u);
  EXPECT_EQ(FindUnixListenerIn(file, "/a"), 1u);
}

TEST(FindUnixListener, ARealSocketOfDatagramsIsSeenWhileItIsThere) {
  const auto claim = PathClaim::Take();
  ASSERT_TRUE(claim.ok()) << claim.status();
  const SocketAddress address = *SocketAddress::FromPath(claim->path());
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(FindUnixListener(claim->path(), SOCK_DGRAM), std::nullopt);
  ASSERT_EQ(::bind(fd.get(), address.data(), address.size()), 0);
  const auto inode = FindUnixListener(claim->path(), SOCK_DGRAM);
  ASSERT_TRUE(inode.has_value());
  EXPECT_EQ(OwnsSocket({::getpid()}, *inode), true);
  EXPECT_EQ(FindUnixListener(claim->path()), std::nullopt) << "it is no stream's";
  fd.Reset();
  EXPECT_EQ(FindUnixListener(claim->path(), SOCK_DGRAM), std::nullopt);
}

TEST(FindUnixListener, ARealOneIsSeenAndTheFileThatIsLeftOfItIsNone) {
  const auto claim = PathClaim::Take();
  ASSERT_TRUE(claim.ok()) << claim.status();
  const SocketAddress address = *SocketAddress::FromPath(claim->path());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(fd.get(), address.data(), address.size()), 0);
  EXPECT_EQ(FindUnixListener(claim->path()), std::nullopt) << "it doesn't listen yet";
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  const auto inode = FindUnixListener(claim->path());
  ASSERT_TRUE(inode.has_value());
  EXPECT_EQ(OwnsSocket({::getpid()}, *inode), true);
  fd.Reset();
  EXPECT_EQ(FindUnixListener(claim->path()), std::nullopt);
}

TEST(PathClaim, IsPrivateAndGoesWithAllThatIsInIt) {
  std::string path;
  {
    const auto claim = PathClaim::Take();
    ASSERT_TRUE(claim.ok()) << claim.status();
    path = claim->path();
    struct stat status {};
    ASSERT_EQ(::stat(path.substr(0, path.rfind('/')).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0700u);
    EXPECT_NE(::access(path.c_str(), F_OK), 0) << "nothing is there yet";
    std::ofstream(path + ".lock") << "left behind";
  }
  EXPECT_NE(::access(path.substr(0, path.rfind('/')).c_str(), F_OK), 0);
}

TEST(PathClaim, FitsAUnixAddressWhateverTmpdirIs) {
  const char* before = ::getenv("TMPDIR");
  const std::optional<std::string> kept =
      before == nullptr ? std::nullopt : std::optional<std::string>(before);
  for (const std::string& odd : {std::string("/") + std::string(100, 'x'),
                                 std::string("/tmp/it's; odd"), std::string("relative")}) {
    ::setenv("TMPDIR", odd.c_str(), 1);
    const auto claim = PathClaim::Take();
    EXPECT_TRUE(claim.ok()) << claim.status();
    if (claim.ok()) EXPECT_EQ(claim->path().rfind("/tmp/verbatim-", 0), 0u) << claim->path();
  }
  kept ? ::setenv("TMPDIR", kept->c_str(), 1) : ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace verbatim
