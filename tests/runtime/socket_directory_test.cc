#include "ringdist/runtime/socket_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string PathIn(const UnixAddress& address) {
  EXPECT_EQ(address.size, offsetof(sockaddr_un, sun_path) +
                              strlen(address.address.sun_path) + 1);
  return address.address.sun_path;
}

class SocketDirectoryTest : public ::testing::Test {
 protected:
  SocketDirectory Open(const std::string& path) {
    absl::StatusOr<SocketDirectory> directory = SocketDirectory::Open(path);
    EXPECT_TRUE(directory.ok()) << directory.status();
    return *std::move(directory);
  }

  // A name that makes a path of so many bytes in the directory.
  std::string NameFor(size_t path_bytes) const {
    return std::string(path_bytes - temporary_.path().size() - 1, 'a');
  }

  TemporaryDirectory temporary_;
};

TEST_F(SocketDirectoryTest, AddressesAreAbsolutePathsWhereTheyFit) {
  const SocketDirectory directory = Open(temporary_.path());
  EXPECT_EQ(PathIn(*directory.AddressOf("cpp")), temporary_.Join("cpp"));
  const std::string name = NameFor(107);
  EXPECT_EQ(PathIn(*directory.AddressOf(name)), temporary_.Join(name));
}

TEST_F(SocketDirectoryTest, LongerPathsGoThroughTheOpenDirectory) {
  const SocketDirectory directory = Open(temporary_.path());
  const std::string prefix = absl::StrCat("/proc/self/fd/", directory.fd());
  const std::string name = NameFor(108);
  EXPECT_EQ(PathIn(*directory.AddressOf(name)),
            absl::StrCat(prefix, "/", name));
  const std::string longest(107 - prefix.size() - 1, 'a');
  EXPECT_EQ(PathIn(*directory.AddressOf(longest)).size(), 107U);
}

TEST_F(SocketDirectoryTest, TooLongPathsAreErrorsThatTellTheLimit) {
  const SocketDirectory directory = Open(temporary_.path());
  const std::string name(107, 'a');
  const absl::Status status = directory.AddressOf(name).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string path = temporary_.Join(name);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr(absl::StrCat(path, " has ", path.size(), " bytes")),
            HasSubstr("at most 107")));
}

TEST_F(SocketDirectoryTest, InTheCurrentDirectoryOnlyTheNameCounts) {
  ForkedChild child([&] {
    if (chdir(temporary_.path().c_str()) != 0) return 1;
    const SocketDirectory directory = Open(".");
    const std::string name(107, 'a');
    if (PathIn(*directory.AddressOf(name)) != name) return 2;
    const absl::Status status =
        directory.AddressOf(std::string(108, 'a')).status();
    if (status.code() != absl::StatusCode::kInvalidArgument) return 3;
    return absl::StrContains(status.message(), "it has 108 bytes") ? 0 : 4;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(SocketDirectoryTest, StaysTheSameWhenTheCurrentDirectoryChanges) {
  ForkedChild child([&] {
    if (chdir(temporary_.path().c_str()) != 0) return 1;
    const SocketDirectory directory = Open(".");
    if (chdir("/") != 0) return 2;
    return PathIn(*directory.AddressOf("cpp")) == temporary_.Join("cpp") ? 0
                                                                         : 3;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(SocketDirectoryTest, StaysTheSameWhenItIsRenamedAndReplaced) {
  const std::string path = temporary_.Join("sockets");
  std::filesystem::create_directory(path);
  const SocketDirectory directory = Open(path);
  std::filesystem::rename(path, temporary_.Join("moved"));
  std::filesystem::create_directory(path);
  EXPECT_EQ(PathIn(*directory.AddressOf("cpp")),
            absl::StrCat("/proc/self/fd/", directory.fd(), "/cpp"));
}

TEST_F(SocketDirectoryTest, PathsAreAsGivenAndRealOnesAbsolute) {
  ForkedChild child([&] {
    if (chdir(temporary_.path().c_str()) != 0) return 1;
    std::filesystem::create_directory("sub");
    if (Open(".").PathOf("cpp") != "cpp") return 2;
    if (Open(".").RealPathOf("cpp") != temporary_.Join("cpp")) return 3;
    if (Open("sub//").PathOf("cpp") != "sub/cpp") return 4;
    if (Open("sub").RealPathOf("cpp") != temporary_.Join("sub/cpp")) return 5;
    if (Open("/").PathOf("cpp") != "/cpp") return 6;
    return Open("/").RealPathOf("cpp") == "/cpp" ? 0 : 7;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(SocketDirectoryTest, AMissingDirectoryIsNotFound) {
  const absl::Status status =
      SocketDirectory::Open(temporary_.Join("none")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(temporary_.Join("none")), HasSubstr("make it")));
}

TEST_F(SocketDirectoryTest, AFileIsNoDirectory) {
  const std::string path = temporary_.Join("file");
  ASSERT_EQ(mknod(path.c_str(), S_IFREG | 0600, 0), 0);
  const absl::Status status = SocketDirectory::Open(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ENOTDIR"));
}

TEST_F(SocketDirectoryTest, IsNotInheritedByOtherPrograms) {
  const SocketDirectory directory = Open(temporary_.path());
  EXPECT_EQ(fcntl(directory.fd(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace ringdist
