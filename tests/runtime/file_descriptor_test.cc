#include "ringdist/runtime/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

int OpenSomething() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(FileDescriptorTest, ClosesAtTheEndOfItsScope) {
  int fd = -1;
  {
    const FileDescriptor owner(OpenSomething());
    fd = owner.get();
    EXPECT_TRUE(owner.valid());
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(FileDescriptorTest, MovingHandsItOver) {
  FileDescriptor first(OpenSomething());
  const int fd = first.get();
  const int replaced = OpenSomething();
  FileDescriptor last(replaced);
  {
    FileDescriptor second(std::move(first));
    EXPECT_EQ(second.get(), fd);
    last = std::move(second);
  }
  EXPECT_EQ(last.get(), fd);
  EXPECT_TRUE(IsOpen(fd));
  EXPECT_FALSE(IsOpen(replaced));
}

TEST(FileDescriptorTest, ReleaseLeavesItOpen) {
  FileDescriptor owner(OpenSomething());
  const int fd = owner.Release();
  EXPECT_FALSE(owner.valid());
  EXPECT_TRUE(IsOpen(fd));
  close(fd);
}

}  // namespace
}  // namespace ringdist
