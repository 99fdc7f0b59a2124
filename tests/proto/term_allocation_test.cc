// Reading and writing terms allocates nothing, whatever the bytes claim. This
// program counts all allocations, and so is one of its own.

#include <compare>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/allocation_counter.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

TEST(TermAllocation, ThisTestSeesAllocations) {
  const size_t before = allocations;
  const std::string large(1000, 'x');
  EXPECT_GT(allocations, before) << large;
}

TEST(TermAllocation, ReadingAllocatesNothing) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    const std::string bytes = FromHex(golden.hex);
    const size_t before = allocations;
    TermReader reader(bytes);
    const TermView term = reader.ReadTerm();
    bool any = term.AsInt64() || term.AsUint64() || term.AsFloat() ||
               term.AsAtom() || term.AsPid() || term.AsReference() ||
               term.AsPort() || term.AsBinary();
    TermElements elements = term.elements();
    for (TermView element; elements.Next(element);) {
      any = any || element.IsAtom("a");
    }
    any = any || elements.Tail().empty();
    EXPECT_EQ(allocations, before) << golden.erlang << any;
  }
}

TEST(TermAllocation, RefusingHostileClaimsAllocatesNothing) {
  for (absl::string_view hex :
       {"6cffffffff", "69ffffffff", "74ffffffff", "6dffffffff", "6fffffffff00",
        "4dffffffff08", "70ffffffff", "5a0005", "79"}) {
    const std::string bytes = FromHex(hex) + std::string(100, 'j');
    const size_t before = allocations;
    TermReader reader(bytes);
    reader.ReadTerm();
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(allocations, before) << hex;
  }
}

TEST(TermAllocation, ReadingDeepTermsAllocatesNothing) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += FromHex("6c00000001");
  bytes += std::string(100001, 'j');
  TermLimits limits;
  limits.max_depth = 100;
  const size_t before = allocations;
  TermReader reader(bytes);
  reader.ReadTerm();
  TermReader limited(bytes, AtomTable(), limits);
  limited.ReadTerm();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(limited.ok());
}

TEST(TermAllocation, MatchingAllocatesNothing) {
  const Term message = MakeTerm(std::tuple(
      Atom("$gen_call"), Pid("srv@localhost", 5, 0, 9),
      std::tuple("a text that is longer than a std::string holds inside",
                 List(std::tuple(1, 2.5), Atom("tail")),
                 Map(std::pair(Atom("key"), true)))));
  PidView from;
  absl::string_view text;
  int first = 0;
  AtomView tail;
  bool value = false;
  const auto pattern =
      std::tuple(Atom("$gen_call"), &from,
                 std::tuple(&text, List(std::tuple(&first, 2.5), &tail),
                            Map(std::pair(Atom("key"), &value))));
  const size_t before = allocations;
  const bool matches = Matches(message, pattern);
  const bool another = Matches(message, std::tuple(Atom("$gen_cast"), Any()));
  const absl::Status status = MatchTerm(message, pattern);
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(matches && status.ok() && value);
  EXPECT_FALSE(another);
}

TEST(TermAllocation, ComparingTermsAllocatesAStackOnly) {
  const Term term = MakeTerm(std::tuple(
      Atom("a"), 1, 2.5, std::string(100, 'x'), Pid("srv@localhost", 5, 0, 9)));
  const Term other =
      MakeTerm(std::tuple(Atom("a"), 1.0, 2.5, std::string(100, 'x'),
                          Pid("srv@localhost", 6, 0, 9)));
  const size_t before = allocations;
  const bool less = std::is_lt(CompareTerms(term, other));
  EXPECT_LE(allocations, before + 1);  // For a stack of one frame.
  EXPECT_TRUE(less);
}

TEST(TermAllocation, WritingAllocatesNothingWhileThereIsRoom) {
  StringWriter bytes;
  const Pid pid("srv@localhost", 5, 0, 9);
  const auto write = [&] {
    TermWriter writer(bytes);
    writer.WriteTupleHeader(4);
    writer.WriteInteger(2);
    writer.WriteAtom("");
    writer.WritePid(pid);
    writer.WriteUnsigned(~uint64_t{0});
  };
  write();
  bytes.Clear();
  const size_t before = allocations;
  write();
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace ringdist
