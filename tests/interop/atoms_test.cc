// Atoms by the thousand, to a real node and back, with an atom cache and
// without one.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

constexpr int kAtoms = 10000;

class AtomsTest : public WithoutFlagsTest {};

INSTANTIATE_TEST_SUITE_P(Flags, AtomsTest,
                         ::testing::Values(uint64_t{0}, kDflagFragments,
                                           kDflagDistHdrAtomCache,
                                           kDflagFragments |
                                               kDflagDistHdrAtomCache),
                         WithoutName);

// The difference that something makes to what was counted.
struct AtomCount {
  explicit AtomCount(Node& its_node)
      : node(its_node), before(its_node.statistics()) {}

  // References of messages from there and to there, and those not yet known.
  std::pair<uint64_t, uint64_t> In() const {
    return Since(before.atoms_in, node.statistics().atoms_in);
  }
  std::pair<uint64_t, uint64_t> Out() const {
    return Since(before.atoms_out, node.statistics().atoms_out);
  }
  static std::pair<uint64_t, uint64_t> Since(const AtomCacheStatistics& then,
                                             const AtomCacheStatistics& now) {
    const uint64_t references = now.references - then.references;
    return {references, references - (now.hits - then.hits)};
  }

  Node& node;
  const NodeStatistics before;
};

TEST_P(AtomsTest, TenThousandAtomsGoThereAndBack) {
  const auto echo = [&](absl::string_view numbers) {
    return Eval("[I || I <- ", numbers, ", A <- [list_to_atom(\"churn_\" ++",
                " integer_to_list(I))], A =/= begin {echo, N} ! {self(), A},"
                " Next() end].");
  };
  AtomCount all(node());
  EXPECT_EQ(echo(absl::StrCat("lists:seq(1, ", kAtoms, ")")), "[]");
  if (!atom_cache()) {
    EXPECT_EQ(all.In().first + all.Out().first, 0u);
    return;
  }
  // Each atom was new once, but for few that fell on the place of another atom
  // of the same message and went without the cache. The names stay known.
  for (const auto& [references, misses] : {all.In(), all.Out()}) {
    EXPECT_GE(references, 2u * kAtoms);
    EXPECT_GT(misses, kAtoms * 99u / 100);
    EXPECT_LT(misses, kAtoms * 105u / 100);
  }
  AtomCount few(node());
  EXPECT_EQ(echo("[I rem 50 || I <- lists:seq(1, 5000)]"), "[]");
  for (const auto& [references, misses] : {few.In(), few.Out()}) {
    EXPECT_GE(references, 2 * 5000u);
    EXPECT_LT(misses, 1000u);
  }
}

// More than a header has room for, long ones among them.
TEST_P(AtomsTest, ThousandsOfAtomsInOneMessage) {
  EXPECT_EQ(Eval("Name = fun(I, Long) -> list_to_atom(integer_to_list(I) ++"
                 " lists:duplicate(Long * (I rem 2), 16#1F600)) end,"
                 "[{Count, Long} || Round <- lists:seq(1, 10),"
                 " Count <- [254, 255, 256, 300, 3000], Long <- [0, 200, 250],"
                 " L <- [[Name(I * Round, Long) || I <- lists:seq(1, Count)]],"
                 " L =/= begin {echo, N} ! {self(), L}, Next() end]."),
            "[]");
}

// Fragmented and other messages share the cache.
TEST_P(AtomsTest, AtomsChangeWhileLargeMessagesAreOnTheirWay) {
  EXPECT_EQ(
      Eval("Mixed = fun(Seed) -> [begin T = {list_to_atom(\"mixed_\" ++"
           " integer_to_list(I * Seed rem 3001)), binary:copy(<<Seed>>,"
           " case I rem 20 of 0 -> 300000; _ -> 10 end), Seed},"
           " {echo, N} ! {self(), T}, receive T -> ok; Else -> throw(Else) end"
           " end || I <- lists:seq(1, 500)] end,"
           "Workers = [spawn_monitor(fun() -> Mixed(Seed) end)"
           " || Seed <- lists:seq(1, 8)],"
           "[receive {'DOWN', M, process, W, Why} -> Why end"
           " || {W, M} <- Workers]."),
      "[normal,normal,normal,normal,normal,normal,normal,normal]");
}

}  // namespace
}  // namespace ringdist
