#include "ringdist/runtime/system_error.h"

#include <cerrno>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(SystemErrorTest, SaysCallObjectAndError) {
  EXPECT_EQ(SystemError("bind", "/run/x/cpp", EACCES),
            absl::PermissionDeniedError(
                "bind /run/x/cpp: Permission denied (EACCES)"));
}

TEST(SystemErrorTest, LeavesOutAnEmptyObject) {
  EXPECT_EQ(
      SystemError("eventfd", "", EMFILE),
      absl::ResourceExhaustedError("eventfd: Too many open files (EMFILE)"));
}

TEST(SystemErrorTest, EndsWithTheHint) {
  EXPECT_EQ(
      SystemError("connect", "/run/x/srv", ENOENT, "no node listens there"),
      absl::NotFoundError("connect /run/x/srv: No such file or directory "
                          "(ENOENT): no node listens there"));
}

TEST(SystemErrorTest, AnUnknownNumberIsStillAnError) {
  const absl::Status status = SystemError("read", "x", 99999);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "read x: unknown error (?)");
}

TEST(SystemErrorDeathTest, ZeroIsNoError) {
  EXPECT_DEATH(SystemError("read", "x", 0).IgnoreError(), "check failed");
}

}  // namespace
}  // namespace ringdist
