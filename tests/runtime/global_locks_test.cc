#include "ringdist/runtime/global_locks.h"

#include <string>

#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

using Outcome = GlobalLocks::Outcome;

const Pid kFirst("a@localhost", 1, 0, 1), kSecond("b@localhost", 2, 0, 1);

class GlobalLocksTest : public ::testing::Test {
 protected:
  const Term resource_ = MakeTerm(Atom("resource"));
  const Term me_ = MakeTerm(Atom("me"));
  const Term you_ = MakeTerm(Atom("you"));
  GlobalLocks locks_{10'000};
};

TEST_F(GlobalLocksTest, OneRequesterHasAResource) {
  EXPECT_EQ(locks_.Find(resource_), nullptr);
  EXPECT_EQ(locks_.Set(resource_, me_, kFirst), Outcome::kNew);
  EXPECT_EQ(locks_.Set(resource_, you_, kSecond), Outcome::kRefused);
  EXPECT_FALSE(locks_.CanSet(resource_, you_));
  EXPECT_TRUE(locks_.CanSet(resource_, me_));
  ASSERT_NE(locks_.Find(resource_), nullptr);
  EXPECT_EQ(locks_.Find(resource_)->requester, me_);
  EXPECT_EQ(locks_.Set(me_, you_, kSecond), Outcome::kNew) << "another one";
}

TEST_F(GlobalLocksTest, EachOfItsProcessesGivesItBack) {
  EXPECT_EQ(locks_.Set(resource_, me_, kFirst), Outcome::kNew);
  EXPECT_EQ(locks_.Set(resource_, me_, kFirst), Outcome::kHad);
  EXPECT_EQ(locks_.Set(resource_, me_, kSecond), Outcome::kNew);
  EXPECT_TRUE(locks_.Delete(resource_, me_, kFirst));
  EXPECT_FALSE(locks_.CanSet(resource_, you_));
  EXPECT_TRUE(locks_.Delete(resource_, me_, kSecond));
  EXPECT_EQ(locks_.Set(resource_, you_, kFirst), Outcome::kNew);
}

TEST_F(GlobalLocksTest, OnlyItsOwnersCanGiveItBack) {
  EXPECT_FALSE(locks_.Delete(resource_, me_, kFirst));
  EXPECT_EQ(locks_.Set(resource_, me_, kFirst), Outcome::kNew);
  EXPECT_FALSE(locks_.Delete(resource_, you_, kFirst));
  EXPECT_FALSE(locks_.Delete(resource_, me_, kSecond));
  EXPECT_FALSE(locks_.CanSet(resource_, you_));
}

TEST_F(GlobalLocksTest, TheEndOfAProcessEndsItsLocks) {
  locks_.Set(resource_, me_, kFirst);
  locks_.Set(me_, me_, kFirst);
  locks_.Set(me_, me_, kSecond);
  locks_.Release(kFirst);
  locks_.Release(kFirst);
  EXPECT_TRUE(locks_.CanSet(resource_, you_));
  EXPECT_FALSE(locks_.CanSet(me_, you_)) << "still of the other";
}

TEST_F(GlobalLocksTest, TellsHowTheLockOfGlobalItselfWasLost) {
  const Term& global = locks_.global();
  EXPECT_FALSE(locks_.global_was_lost());
  locks_.Set(global, me_, kFirst);
  locks_.Set(resource_, me_, kFirst);
  locks_.Release(kFirst);
  EXPECT_TRUE(locks_.global_was_lost());
  locks_.Set(global, me_, kFirst);
  locks_.Set(resource_, me_, kSecond);
  locks_.Delete(global, me_, kFirst);
  locks_.Release(kSecond);
  EXPECT_FALSE(locks_.global_was_lost());
}

TEST_F(GlobalLocksTest, RefusesWhatThereIsNoRoomForUntilThereIs) {
  uint32_t count = 0;
  const auto pid = [](uint32_t number) {
    return Pid("a@localhost", number, 0, 1);
  };
  while (locks_.Set(resource_, me_, pid(count)) == Outcome::kNew) {
    ASSERT_LT(++count, 1000u);
  }
  EXPECT_GT(count, 10u);
  EXPECT_TRUE(locks_.CanSet(resource_, me_)) << "not for somebody else's sake";
  EXPECT_EQ(locks_.Set(resource_, me_, pid(0)), Outcome::kHad);
  EXPECT_TRUE(locks_.Delete(resource_, me_, pid(0)));
  EXPECT_EQ(locks_.Set(resource_, me_, pid(count)), Outcome::kNew);
  EXPECT_EQ(locks_.Set(resource_, me_, pid(0)), Outcome::kRefused);
  for (uint32_t i = 1; i <= count; ++i) locks_.Release(pid(i));
  const Term large = MakeTerm(std::string(9'000, 'x'));
  EXPECT_EQ(locks_.Set(large, you_, kFirst), Outcome::kNew);
  EXPECT_EQ(locks_.Set(resource_, large, kFirst), Outcome::kRefused);
}

}  // namespace
}  // namespace ringdist
