// Whatever three terms are, their order is one, and hashes go with it.
//
// Input: a byte whose bit 0 gives the reader a table of atoms, and up to three
// terms, without version bytes.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_reader.h"

namespace ringdist {
namespace {

// The order of each with each.
void CheckPair(const TermView& a, const TermView& b) {
  const std::weak_ordering order = CompareTerms(a, b);
  const std::strong_ordering exact = CompareExactly(a, b);
  RINGDIST_CHECK_EQ(std::is_lt(CompareTerms(b, a)), std::is_gt(order));
  RINGDIST_CHECK_EQ(std::is_gt(CompareTerms(b, a)), std::is_lt(order));
  RINGDIST_CHECK_EQ(std::is_lt(CompareExactly(b, a)), std::is_gt(exact));
  RINGDIST_CHECK_EQ(std::is_gt(CompareExactly(b, a)), std::is_lt(exact));
  // The exact order only tells apart what is equal otherwise.
  RINGDIST_CHECK(std::is_eq(order) ||
                 (std::is_lt(order)) == (std::is_lt(exact)));
  RINGDIST_CHECK(std::is_neq(exact) || HashTerm(a) == HashTerm(b));
}

void CheckTransitive(const TermView& a, const TermView& b, const TermView& c) {
  if (std::is_lteq(CompareTerms(a, b)) && std::is_lteq(CompareTerms(b, c))) {
    RINGDIST_CHECK(std::is_lteq(CompareTerms(a, c)));
  }
  if (std::is_lteq(CompareExactly(a, b)) &&
      std::is_lteq(CompareExactly(b, c))) {
    RINGDIST_CHECK(std::is_lteq(CompareExactly(a, c)));
  }
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const std::vector<absl::string_view> table = {"", "ok", "srv@localhost"};
  const AtomTable atoms = input[0] & 1 ? AtomTable(table) : AtomTable();
  TermReader reader(input.substr(1), atoms);
  std::vector<TermView> terms;
  for (int i = 0; i < 3; ++i) {
    const TermView term = reader.ReadTerm();
    if (!reader.ok()) break;
    terms.push_back(term);
  }
  for (const TermView& a : terms) {
    RINGDIST_CHECK(std::is_eq(CompareExactly(a, a)));
    const Term copy(a);
    RINGDIST_CHECK(std::is_eq(CompareExactly(copy, a)));
    RINGDIST_CHECK_EQ(HashTerm(copy), HashTerm(a));
    for (const TermView& b : terms) {
      CheckPair(a, b);
      for (const TermView& c : terms) CheckTransitive(a, b, c);
    }
  }
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
