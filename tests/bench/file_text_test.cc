#include "ringdist/bench/load/file_text.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

class FileTextTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("file");
};

TEST_F(FileTextTest, ReadsWhatItWrote) {
  std::string text(200'000, 'x');
  text[7] = '\0';
  ASSERT_TRUE(WriteFile(path_, text).ok());
  EXPECT_EQ(ReadFile(path_).value(), text);
  ASSERT_TRUE(WriteFile(path_, "short").ok());
  EXPECT_EQ(ReadFile(path_).value(), "short");
}

TEST_F(FileTextTest, ErrorsNameTheFile) {
  EXPECT_EQ(ReadFile(path_).status().message(),
            "open " + path_ + ": No such file or directory (ENOENT)");
  EXPECT_EQ(WriteFile("/nowhere/file", "").message(),
            "open /nowhere/file: No such file or directory (ENOENT)");
  EXPECT_TRUE(absl::IsNotFound(CheckWritable("/nowhere/file")));
  EXPECT_FALSE(ReadFile(directory_.path()).ok());
  // What does not fit is told, though it fails only when the file is closed.
  EXPECT_EQ(WriteFile("/dev/full", "x").message(),
            "write /dev/full: No space left on device (ENOSPC)");
}

TEST_F(FileTextTest, CheckingLeavesEverythingAsItWas) {
  EXPECT_TRUE(CheckWritable(path_).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(WriteFile(path_, "kept").ok());
  EXPECT_TRUE(CheckWritable(path_).ok());
  EXPECT_EQ(ReadFile(path_).value(), "kept");
  EXPECT_TRUE(CheckWritable("-").ok());
}

}  // namespace
}  // namespace ringdist
