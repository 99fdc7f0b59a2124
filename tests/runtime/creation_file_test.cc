#include "ringdist/runtime/creation_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

class CreationFileTest : public ::testing::Test {
 protected:
  uint32_t Take() {
    return TakeStoredCreation(directory_, "cpp", lock_, entropy_);
  }
  void Store(const std::string& content) { std::ofstream(path_) << content; }
  std::string Stored() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  TemporaryDirectory temporary_;
  const std::string path_ = temporary_.Join("cpp.uds");
  const SocketDirectory directory_ = *SocketDirectory::Open(temporary_.path());
  const NameLock lock_ =
      *NameLock::Acquire(directory_, "cpp", absl::ZeroDuration());
  uint64_t drawn_ = 0;
  const EntropySource entropy_ = [this] { return drawn_++; };
};

TEST_F(CreationFileTest, AMissingFileIsMadeAndCountsInACircle) {
  for (const uint32_t expected : {1U, 2U, 3U, 1U, 2U}) {
    EXPECT_EQ(Take(), expected);
    EXPECT_EQ(Stored(), std::to_string(expected));
  }
  EXPECT_EQ(drawn_, 0U);
}

TEST_F(CreationFileTest, AnEmptyFileOrGarbageBeginsAtOne) {
  for (const char* content : {"", "0", "3", "4", "x", "\xff"}) {
    Store(content);
    EXPECT_EQ(Take(), 1U) << content;
    EXPECT_EQ(Stored(), "1") << content;
  }
}

TEST_F(CreationFileTest, OnlyTheFirstByteIsReadAndWritten) {
  Store("2 and more\n");
  EXPECT_EQ(Take(), 3U);
  EXPECT_EQ(Stored(), "3 and more\n");
}

TEST_F(CreationFileTest, RandomIfTheFileCannotBeOpened) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(Take(), 1U);  // By the entropy above.
  EXPECT_EQ(Take(), 2U);
  EXPECT_EQ(Take(), 3U);
  EXPECT_EQ(Take(), 1U);
}

TEST_F(CreationFileTest, ASymbolicLinkIsNotFollowed) {
  std::ofstream(temporary_.Join("precious")) << "2";
  std::filesystem::create_symlink("precious", path_);
  drawn_ = 1;
  EXPECT_EQ(Take(), 2U);
  EXPECT_EQ(Stored(), "2");
}

}  // namespace
}  // namespace ringdist
