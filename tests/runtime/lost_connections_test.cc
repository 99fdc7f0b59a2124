#include "ringdist/runtime/lost_connections.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

class LostConnectionsTest : public ::testing::Test {
 protected:
  bool IsNews(const std::string& reporter, const std::string& lost,
              int creation, int64_t number) {
    return losses_.IsNews(reporter, lost, MakeTerm(creation), number, now_);
  }

  LostConnections losses_;
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(LostConnectionsTest, IsHeardOnce) {
  EXPECT_TRUE(IsNews("a", "b", 1, 5));
  EXPECT_FALSE(IsNews("a", "b", 1, 5));
  EXPECT_FALSE(IsNews("a", "b", 1, 4)) << "overtaken";
  EXPECT_TRUE(IsNews("a", "b", 1, 6)) << "lost again";
  EXPECT_TRUE(IsNews("b", "a", 1, 5)) << "by the other side";
  EXPECT_TRUE(IsNews("a", "b", 2, 1)) << "in another life";
}

TEST_F(LostConnectionsTest, SoManyAreRemembered) {
  for (size_t i = 0; i < LostConnections::kLimit; ++i) {
    ASSERT_TRUE(IsNews("a", absl::StrCat(i), 1, 1));
  }
  EXPECT_FALSE(IsNews("a", "b", 1, 1)) << "one more";
  EXPECT_TRUE(IsNews("a", "1", 1, 2));
  now_ += LostConnections::kRememberedTime;
  EXPECT_FALSE(IsNews("a", "b", 1, 1));
  EXPECT_TRUE(IsNews("a", "2", 1, 2));
  now_ += absl::Nanoseconds(1);
  EXPECT_TRUE(IsNews("a", "b", 1, 1));
  EXPECT_FALSE(IsNews("a", "2", 1, 2)) << "is not that old";
}

}  // namespace
}  // namespace ringdist
