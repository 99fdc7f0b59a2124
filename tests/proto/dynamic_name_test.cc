#include "ringdist/proto/dynamic_name.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace ringdist {
namespace {

// The expected names are those of integer_to_list(N, 36).
TEST(InventNameTest, IsTheNumberInBaseThirtySix) {
  EXPECT_EQ(InventName(0, "h")->full(), "0@h");
  EXPECT_EQ(InventName(35, "h")->full(), "Z@h");
  EXPECT_EQ(InventName(36, "h")->full(), "10@h");
  EXPECT_EQ(InventName(1234567890123456789, "localhost")->full(),
            "9DO1SJ396NF9@localhost");
  EXPECT_EQ(InventName(std::numeric_limits<uint64_t>::max(), "h")->full(),
            "3W5E11264SGSF@h");
}

TEST(InventNameTest, RefusesAHostThatMakesNoName) {
  EXPECT_FALSE(InventName(1, "").ok());
  EXPECT_FALSE(InventName(1, "a@b").ok());
  EXPECT_FALSE(InventName(1, std::string(254, 'h')).ok());
}

}  // namespace
}  // namespace ringdist
