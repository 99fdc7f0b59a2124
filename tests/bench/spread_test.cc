#include "ringdist/bench/load/spread.h"

#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(SpreadTest, OfNoneOneAndMany) {
  EXPECT_EQ(Spread::Of({}).median, 0);
  EXPECT_EQ(Spread::Of({}).Relative(), 0);
  EXPECT_EQ(Spread::Of({7}).median, 7);
  EXPECT_EQ(Spread::Of({7}).Relative(), 0);

  const Spread odd = Spread::Of({5, 1, 4});
  EXPECT_EQ(odd.median, 4);
  EXPECT_EQ(odd.lowest, 1);
  EXPECT_EQ(odd.highest, 5);
  EXPECT_EQ(odd.Relative(), 1);

  EXPECT_EQ(Spread::Of({4, 1, 100, 2}).median, 3);
}

}  // namespace
}  // namespace ringdist
