#include "ringdist/tests/testing/random_term.h"

#include <set>

#include "gtest/gtest.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace {

TEST(RandomTerms, AreTheSameForTheSameSeed) {
  RandomTerms some(1);
  RandomTerms same(1);
  RandomTerms others(2);
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    const Term term = some.Next(1000);
    EXPECT_EQ(term.bytes(), same.Next(1000).bytes());
    if (term.bytes() != others.Next(1000).bytes()) ++different;
  }
  EXPECT_GT(different, 50);
}

TEST(RandomTerms, AreWellFormedAndOfEveryType) {
  RandomTerms terms(1);
  std::set<TermType> types;
  for (int i = 0; i < 2000; ++i) {
    const Term term = terms.Next(10000);
    EXPECT_TRUE(Term::FromExternal(term.ToExternal()).ok());
    types.insert(term.view().type());
  }
  EXPECT_EQ(types.size(), 13u);
}

TEST(RandomTerms, AreAboutAsLargeAsAskedFor) {
  RandomTerms terms(1);
  for (const size_t size :
       {size_t{1} << 10, size_t{1} << 15, size_t{1} << 20}) {
    size_t total = 0;
    constexpr size_t kTerms = 4;
    for (size_t i = 0; i < kTerms; ++i) {
      total += terms.OfSize(size).bytes().size();
    }
    EXPECT_GT(total, kTerms * size / 4) << size;
    EXPECT_LT(total, kTerms * size * 4) << size;
  }
}

}  // namespace
}  // namespace ringdist
