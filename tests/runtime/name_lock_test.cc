#include "ringdist/runtime/name_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr absl::Duration kShort = absl::Milliseconds(20);

class NameLockTest : public ::testing::Test {
 protected:
  absl::StatusOr<NameLock> Acquire(absl::Duration max_wait = kShort) {
    return NameLock::Acquire(directory_, "cpp", max_wait);
  }

  TemporaryDirectory temporary_;
  const SocketDirectory directory_ = *SocketDirectory::Open(temporary_.path());
};

TEST_F(NameLockTest, OneHoldsItAtATimeEvenWithinAProcess) {
  std::optional<NameLock> lock(*Acquire());
  const absl::Status status = Acquire().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr(temporary_.Join("cpp.lock")), HasSubstr("for 20ms")));
  lock.reset();
  EXPECT_TRUE(Acquire().ok());
}

TEST_F(NameLockTest, NamesHaveLocksOfTheirOwn) {
  const absl::StatusOr<NameLock> lock = Acquire();
  EXPECT_TRUE(NameLock::Acquire(directory_, "other", kShort).ok());
}

TEST_F(NameLockTest, WaitsUntilItIsFree) {
  std::optional<NameLock> lock(*Acquire());
  absl::StatusOr<NameLock> second = absl::UnknownError("");
  std::thread waiting([&] { second.emplace(*Acquire(kLong)); });
  lock.reset();
  waiting.join();
  EXPECT_TRUE(second.ok());
}

TEST_F(NameLockTest, EndsWithItsProcess) {
  Gate held;
  ForkedChild child([&] {
    const absl::StatusOr<NameLock> lock = Acquire();
    held.Open();
    pause();
    return 0;
  });
  held.Wait();
  EXPECT_FALSE(Acquire().ok());
  child.Kill();
  EXPECT_TRUE(Acquire().ok());
}

TEST_F(NameLockTest, AForkedChildDoesNotKeepIt) {
  std::optional<NameLock> lock(*Acquire());
  ForkedChild child([] {
    pause();
    return 0;
  });
  lock.reset();
  EXPECT_TRUE(Acquire().ok());
}

TEST_F(NameLockTest, TheFileIsOursAloneAndStays) {
  Acquire().status().IgnoreError();
  struct stat file;
  ASSERT_EQ(stat(temporary_.Join("cpp.lock").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode, S_IFREG | 0600);
}

TEST_F(NameLockTest, ASymbolicLinkIsNotFollowed) {
  std::filesystem::create_symlink("elsewhere", temporary_.Join("cpp.lock"));
  const absl::Status status = Acquire().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("symbolic link"));
  EXPECT_FALSE(std::filesystem::exists(temporary_.Join("elsewhere")));
}

TEST_F(NameLockTest, AFifoDoesNotHoldItUp) {
  ASSERT_EQ(mkfifo(temporary_.Join("cpp.lock").c_str(), 0600), 0);
  EXPECT_EQ(Acquire().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(NameLockTest, ADirectoryInTheWayIsAnError) {
  std::filesystem::create_directory(temporary_.Join("cpp.lock"));
  const absl::Status status = Acquire().status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(temporary_.Join("cpp.lock") + ": Is a directory"));
}

}  // namespace
}  // namespace ringdist
