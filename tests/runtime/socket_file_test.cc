#include "ringdist/runtime/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(20);

class SocketFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SocketFile>> Listen(
      const std::string& alive = "cpp") {
    absl::StatusOr<NameLock> lock = NameLock::Acquire(directory_, alive, kLong);
    if (!lock.ok()) return lock.status();
    return SocketFile::Listen(directory_, alive, *lock, options_);
  }

  // What Listen says when something has the name; and it is still there.
  std::string Refusal(absl::StatusCode code) {
    struct stat before = Stat(path_);
    const absl::Status status = Listen().status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    EXPECT_EQ(Stat(path_).st_ino, before.st_ino);
    return std::string(status.message());
  }

  static struct stat Stat(const std::string& path) {
    struct stat file = {};
    EXPECT_EQ(lstat(path.c_str(), &file), 0) << path;
    return file;
  }
  static bool Exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_.Join("cpp");
  const SocketDirectory directory_ = *SocketDirectory::Open(temporary_.path());
  SocketFileOptions options_;
};

TEST_F(SocketFileTest, ListensAndRemovesItsFileAtTheEnd) {
  absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  ASSERT_TRUE(socket.ok()) << socket.status();
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(path_, client), 0);
  EXPECT_EQ(AcceptAll((*socket)->fd()).size(), 1U);
  EXPECT_EQ(fcntl((*socket)->fd(), F_GETFD), FD_CLOEXEC);
  socket->reset();
  EXPECT_FALSE(Exists(path_));
  EXPECT_TRUE(Listen().ok());
}

TEST_F(SocketFileTest, TwoNamesListenInOneProcess) {
  const absl::StatusOr<std::unique_ptr<SocketFile>> one = Listen("one");
  const absl::StatusOr<std::unique_ptr<SocketFile>> two = Listen("two");
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(temporary_.Join("one"), client), 0);
  EXPECT_EQ(ConnectTo(temporary_.Join("two"), client), 0);
}

// Who has the name already.

TEST_F(SocketFileTest, ALiveNodeKeepsItsName) {
  const absl::StatusOr<std::unique_ptr<SocketFile>> first = Listen();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Refusal(absl::StatusCode::kAlreadyExists),
            absl::StrCat("bind ", path_,
                         ": name in use by a live node; choose another "
                         "--name"));
}

TEST_F(SocketFileTest, ALiveNodeWithAFullBacklogKeepsItsName) {
  const FileDescriptor server = ListenAt(path_, /*backlog=*/0);
  const std::vector<FileDescriptor> waiting = FillBacklog(path_);
  EXPECT_THAT(Refusal(absl::StatusCode::kAlreadyExists),
              HasSubstr("in use by a live node"));
}

TEST_F(SocketFileTest, AKilledNodesSocketIsTakenOverAfterTheWait) {
  Gate listening;
  ForkedChild child([&] {
    const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
    listening.Open();
    pause();
    return 0;
  });
  listening.Wait();
  child.Kill();
  ASSERT_TRUE(Exists(path_));
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_GE(absl::Now() - start, options_.probe_wait);
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(path_, client), 0);
}

TEST_F(SocketFileTest, WhoIsBoundAndListensDuringTheWaitKeepsItsName) {
  options_.probe_wait = kLong;
  const FileDescriptor server = BindAt(path_);
  // Nothing tells that a refusing socket was looked at. Whenever this happens,
  // the outcome must be the same; the pause lets most rounds be looked at
  // first.
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(30));
    listen(server.get(), 5);
  });
  EXPECT_THAT(Refusal(absl::StatusCode::kAlreadyExists),
              HasSubstr("in use by a live node"));
  late.join();
}

TEST_F(SocketFileTest, ARefusingSocketThatIsReplacedMeanwhileIsLookedAtAnew) {
  options_.probe_wait = kLong;
  BindAt(path_);
  FileDescriptor server;
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(30));
    const std::string other = temporary_.Join("other");
    server = ListenAt(other, 5);
    std::filesystem::rename(other, path_);
  });
  EXPECT_EQ(Listen().status().code(), absl::StatusCode::kAlreadyExists);
  late.join();
}

TEST_F(SocketFileTest, AReplacedSocketHasAWaitOfItsOwn) {
  options_.probe_wait = absl::Milliseconds(600);
  BindAt(path_);
  absl::Time replaced;
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(200));
    const std::string other = temporary_.Join("other");
    BindAt(other);
    replaced = absl::Now();
    std::filesystem::rename(other, path_);
  });
  const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  const absl::Time taken = absl::Now();
  late.join();
  EXPECT_TRUE(socket.ok()) << socket.status();
  EXPECT_GE(taken - replaced, options_.probe_wait);
}

TEST_F(SocketFileTest, ARegularFileIsNeverTouched) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a regular file has that name; move it away"));
  std::ifstream file(path_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "precious");
}

TEST_F(SocketFileTest, ADirectoryIsNeverTouched) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a directory has that name"));
}

TEST_F(SocketFileTest, ASymbolicLinkIsNeverTouchedNorFollowed) {
  const std::string target = temporary_.Join("target");
  BindAt(target);
  std::filesystem::create_symlink("target", path_);
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a symbolic link has that name"));
  EXPECT_TRUE(Exists(target));
  std::filesystem::remove(target);
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a symbolic link has that name"));
}

TEST_F(SocketFileTest, AFifoIsNeverTouched) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a FIFO has that name"));
}

TEST_F(SocketFileTest, ADatagramSocketIsNeverTouched) {
  const FileDescriptor server = BindAt(path_, SOCK_DGRAM);
  EXPECT_THAT(Refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("a socket of another type"));
}

TEST_F(SocketFileTest, AnotherUsersSocketIsNeverTouched) {
  if (!CanBecomeNobody()) {
    GTEST_SKIP() << "only root can become another user";
  }
  ASSERT_EQ(chmod(temporary_.path().c_str(), 0777), 0);
  const FileDescriptor server = ListenAt(path_, 5);
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  ForkedChild child([&] {
    if (!BecomeNobody()) return 1;
    const std::string refusal = Refusal(absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(refusal, AllOf(HasSubstr("EACCES"),
                               HasSubstr("belongs to the user with uid 0")));
    return HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_TRUE(AcceptAll(server.get()).empty());
}

TEST_F(SocketFileTest, ADirectoryOfAnotherUserIsAnError) {
  if (!CanBecomeNobody()) {
    GTEST_SKIP() << "only root can become another user";
  }
  ASSERT_EQ(chmod(temporary_.path().c_str(), 0755), 0);
  // The lock's file is there, open to all, so that it comes to binding.
  const int fd = open(temporary_.Join("cpp.lock").c_str(),
                      O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
  ASSERT_EQ(fchmod(fd, 0644), 0);
  close(fd);
  ForkedChild child([&] {
    if (!BecomeNobody()) return 1;
    const absl::Status status = Listen().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(absl::StrCat("bind ", path_)),
                      HasSubstr("no socket can be made there")));
    return HasFailure() ? 2 : 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(SocketFileTest, AProbeByAnotherStarterIsAConnectionThatEnds) {
  const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  EXPECT_FALSE(Listen().ok());
  const std::vector<FileDescriptor> accepted = AcceptAll((*socket)->fd());
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_TRUE(PeerCloses(accepted[0].get()));
}

// Giving the name back.

TEST_F(SocketFileTest, AnOldOwnerThatClosesLateLeavesTheNewOnesSocket) {
  absl::StatusOr<std::unique_ptr<SocketFile>> old_owner = Listen();
  // What a real node does when its probe fails.
  std::filesystem::remove(path_);
  const absl::StatusOr<std::unique_ptr<SocketFile>> new_owner = Listen();
  ASSERT_TRUE(new_owner.ok()) << new_owner.status();
  old_owner->reset();
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(path_, client), 0);
  EXPECT_EQ(AcceptAll((*new_owner)->fd()).size(), 1U);
}

TEST_F(SocketFileTest, ClosingWithoutAFileIsFine) {
  absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  std::filesystem::remove(path_);
  socket->reset();
  EXPECT_FALSE(Exists(path_));
}

TEST_F(SocketFileTest, WithoutTheLockTheFileStays) {
  options_.lock_wait = absl::Milliseconds(20);
  absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
  const absl::StatusOr<NameLock> starting =
      NameLock::Acquire(directory_, "cpp", kLong);
  socket->reset();
  FileDescriptor client;
  EXPECT_EQ(ConnectTo(path_, client), ECONNREFUSED);
}

// Mode and length of the path.

TEST_F(SocketFileTest, TheModeIsAsSetWhateverTheUmaskIs) {
  for (const uint32_t mode : {0600U, 0660U, 0666U}) {
    for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
      options_.mode = mode;
      ForkedChild child([&] {
        umask(mask);
        const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen();
        EXPECT_TRUE(socket.ok()) << socket.status();
        EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | mode) << mask;
        EXPECT_EQ(umask(0), mask);
        return HasFailure() ? 1 : 0;
      });
      EXPECT_EQ(child.Wait(), 0);
    }
  }
}

TEST_F(SocketFileTest, PathsOf107And108BytesAreFound) {
  for (const size_t size : {107U, 108U}) {
    const std::string name(size - temporary_.path().size() - 1, 'a');
    const absl::StatusOr<std::unique_ptr<SocketFile>> socket = Listen(name);
    ASSERT_TRUE(socket.ok()) << socket.status();
    EXPECT_TRUE(S_ISSOCK(Stat(temporary_.Join(name)).st_mode));
    EXPECT_EQ(Listen(name).status().code(), absl::StatusCode::kAlreadyExists);
  }
}

TEST_F(SocketFileTest, ATooLongPathIsAnErrorAndLeavesNothing) {
  const std::string name(108, 'a');
  const absl::StatusOr<NameLock> lock =
      NameLock::Acquire(directory_, "cpp", kLong);
  const absl::Status status =
      SocketFile::Listen(directory_, name, *lock, options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Exists(temporary_.Join(name)));
}

TEST_F(SocketFileTest, FailuresLeaveNoDescriptors) {
  std::ofstream(path_) << "in the way";
  const int before = CountDescriptors();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Listen().ok());
  EXPECT_EQ(CountDescriptors(), before);
}

}  // namespace
}  // namespace ringdist
