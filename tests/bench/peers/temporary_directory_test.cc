#include "ringdist/bench/peers/temporary_directory.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(TemporaryDirectoryTest, IsPrivateToThisUser) {
  TemporaryDirectory directory;
  struct stat status;
  ASSERT_EQ(stat(directory.path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(TemporaryDirectoryTest, LeavesRoomForTheLongestSocketName) {
  TemporaryDirectory directory;
  EXPECT_LE(directory.path().size(), 24u);
}

TEST(TemporaryDirectoryTest, EachHasItsOwn) {
  TemporaryDirectory first;
  TemporaryDirectory second;
  EXPECT_NE(first.path(), second.path());
}

TEST(TemporaryDirectoryTest, IsRemovedWithWhatIsInIt) {
  std::string path;
  {
    TemporaryDirectory directory;
    path = directory.path();
    std::filesystem::create_directory(directory.Join("inner"));
    std::ofstream(directory.Join("inner/file")) << "text";
    ASSERT_TRUE(std::filesystem::exists(path + "/inner/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace ringdist
