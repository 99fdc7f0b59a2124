#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/arrival_check.h"

namespace ringdist {
namespace {

constexpr size_t kBytes = 16;

class ArrivalCheckTest : public ::testing::Test {
 protected:
  void Take(std::initializer_list<uint64_t> numbers) {
    for (const uint64_t number : numbers) {
      Take(number, payloads_.Of(number, kBytes));
    }
  }
  void Take(uint64_t number, absl::string_view payload) {
    if (check_.TakeNext(number, payload, payloads_, totals_)) return;
    check_.Take(number, payload, payloads_, totals_);
  }

  // lost, duplicated, reordered, corrupted.
  std::string Faults() const {
    const auto& faults = totals_.faults;
    return absl::StrCat(faults.lost, " ", faults.duplicated, " ",
                        faults.reordered, " ", faults.corrupted);
  }

  const Payloads payloads_{Verify::kEnds, 1024};
  Totals totals_;
  ArrivalCheck check_;
};

TEST_F(ArrivalCheckTest, CountsWhatComesInOrder) {
  Take({1, 2, 3});
  EXPECT_EQ(totals_.messages, 3U);
  EXPECT_EQ(totals_.bytes, 3 * kBytes);
  EXPECT_EQ(Faults(), "0 0 0 0");
}

TEST_F(ArrivalCheckTest, TakesOnlyTheNextAndRightOneQuickly) {
  EXPECT_FALSE(check_.TakeNext(2, payloads_.Of(2, kBytes), payloads_, totals_));
  EXPECT_FALSE(check_.TakeNext(1, payloads_.Of(2, kBytes), payloads_, totals_));
  EXPECT_EQ(totals_.messages, 0U);
  EXPECT_TRUE(check_.TakeNext(1, payloads_.Of(1, kBytes), payloads_, totals_));
}

TEST_F(ArrivalCheckTest, FindsLostOnes) {
  Take({1, 4, 5});
  EXPECT_EQ(Faults(), "2 0 0 0");
  EXPECT_EQ(totals_.messages, 3U);
}

TEST_F(ArrivalCheckTest, FindsThoseLostAtTheEnd) {
  Take({1, 2});
  check_.Expect(2, totals_);
  EXPECT_EQ(Faults(), "0 0 0 0");
  check_.Expect(5, totals_);
  EXPECT_EQ(Faults(), "3 0 0 0");
  Take({6});
  EXPECT_EQ(Faults(), "3 0 0 0");
}

TEST_F(ArrivalCheckTest, ThoseThatComeLateWereNotLost) {
  Take({1, 3, 2, 4});
  EXPECT_EQ(Faults(), "0 0 1 0");
  check_.Expect(5, totals_);
  Take({5});
  EXPECT_EQ(Faults(), "0 0 2 0");
  EXPECT_EQ(totals_.messages, 5U);
}

TEST_F(ArrivalCheckTest, FindsDuplicates) {
  Take({1, 2, 2, 1, 3});
  EXPECT_EQ(Faults(), "0 2 0 0");
  EXPECT_EQ(totals_.messages, 3U);
  EXPECT_EQ(totals_.bytes, 3 * kBytes);
}

TEST_F(ArrivalCheckTest, ALateOneComesOnlyOnce) {
  Take({1, 3, 2, 2});
  EXPECT_EQ(Faults(), "0 1 1 0");
}

TEST_F(ArrivalCheckTest, FindsCorruptedOnes) {
  Take(1, payloads_.Of(2, kBytes));
  Take(2, payloads_.Of(2, kBytes - 1));
  EXPECT_EQ(Faults(), "0 0 0 1");  // A shorter one is another message.
  Take(3, payloads_.Of(3, kBytes).substr(1));
  EXPECT_EQ(Faults(), "0 0 0 2");
  EXPECT_EQ(totals_.messages, 3U);
}

TEST_F(ArrivalCheckTest, DoesNotBelieveANumberFarAhead) {
  Take({1, uint64_t{1} << 40, 2, 3});
  EXPECT_EQ(Faults(), "0 0 0 1");
}

TEST_F(ArrivalCheckTest, RemembersABoundedNumberOfLostOnes) {
  Take({1, 200'000});
  EXPECT_EQ(Faults(), "199998 0 0 0");
  Take({2, 100'000});  // The second is beyond what is remembered.
  EXPECT_EQ(Faults(), "199997 1 1 0");
}

TEST_F(ArrivalCheckTest, BeginsAnew) {
  Take({1, 3});
  check_.Restart();
  Take({1, 2});
  EXPECT_EQ(Faults(), "1 0 0 0");
}

TEST_F(ArrivalCheckTest, TakesOneInPieces) {
  const absl::string_view payload = payloads_.Of(1, 1000);
  for (size_t i = 0; i < 1000; i += 300) {
    EXPECT_EQ(totals_.messages, 0U);
    check_.TakePart(1, 1000, i, payload.substr(i, 300), payloads_, totals_);
  }
  EXPECT_EQ(totals_.messages, 1U);
  EXPECT_EQ(totals_.bytes, 1000U);
  EXPECT_EQ(Faults(), "0 0 0 0");
  // In another, the first piece is wrong.
  check_.TakePart(2, 1000, 0, payload.substr(0, 500), payloads_, totals_);
  check_.TakePart(2, 1000, 500, payloads_.Of(2, 1000).substr(500), payloads_,
                  totals_);
  EXPECT_EQ(Faults(), "0 0 0 1");
}

}  // namespace
}  // namespace ringdist
