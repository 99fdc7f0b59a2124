#include "ringdist/runtime/global_names.h"

#include <string>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const Pid kFirst("a@localhost", 1, 0, 1), kSecond("b@localhost", 2, 0, 1);

class GlobalNamesTest : public ::testing::Test {
 protected:
  GlobalNames::Entry Of(const Pid& pid, const Term& registrar = Term()) {
    return {pid, method_, registrar};
  }

  const Term x_ = MakeTerm(Atom("x"));
  const Term y_ = MakeTerm(std::tuple(Atom("y"), 1));
  const Term method_ = MakeTerm(Atom("method"));
  GlobalNames names_{10'000};
};

TEST_F(GlobalNamesTest, ANameIsOneProcess) {
  EXPECT_EQ(names_.Find(x_), nullptr);
  EXPECT_TRUE(names_.Insert(x_, Of(kFirst)));
  EXPECT_TRUE(names_.Insert(x_, Of(kSecond)));
  ASSERT_NE(names_.Find(x_), nullptr);
  EXPECT_EQ(names_.Find(x_)->pid, kSecond);
  EXPECT_THAT(names_.NamesOf(kFirst), IsEmpty());
  EXPECT_EQ(names_.Erase(x_)->pid, kSecond);
  EXPECT_FALSE(names_.Erase(x_).has_value());
  EXPECT_THAT(names_.NamesOf(kSecond), IsEmpty());
}

TEST_F(GlobalNamesTest, AProcessMayHaveSeveral) {
  names_.Insert(x_, Of(kFirst));
  names_.Insert(y_, Of(kFirst));
  EXPECT_THAT(names_.NamesOf(kFirst), UnorderedElementsAre(x_, y_));
  names_.Erase(x_);
  EXPECT_THAT(names_.NamesOf(kFirst), ElementsAre(y_));
}

TEST_F(GlobalNamesTest, ListsThemAsMessagesHaveThem) {
  const Term node = MakeTerm(Atom("c@localhost"));
  names_.Insert(x_, Of(kFirst));
  names_.Insert(y_, Of(kSecond, node));
  EXPECT_THAT(names_.All(),
              UnorderedElementsAre(std::tuple(x_, kFirst, method_),
                                   std::tuple(y_, kSecond, method_)));
  EXPECT_THAT(names_.External(), ElementsAre(std::tuple(y_, kSecond, node)));
}

TEST_F(GlobalNamesTest, TakesNoMoreThanThereIsRoomForUntilThereIs) {
  const auto name = [](int number) { return MakeTerm(number); };
  int count = 0;
  while (names_.Insert(name(count), Of(kFirst))) ASSERT_LT(++count, 1000);
  EXPECT_GT(count, 10);
  EXPECT_EQ(names_.All().size(), static_cast<size_t>(count));
  EXPECT_TRUE(names_.Insert(name(0), Of(kSecond))) << "in its own place";
  names_.Erase(name(0));
  EXPECT_TRUE(names_.Insert(name(count), Of(kFirst)));
  EXPECT_FALSE(names_.Insert(name(0), Of(kFirst)));
}

}  // namespace
}  // namespace ringdist
