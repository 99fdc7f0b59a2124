// What ei, Erlang's own library for C, reads in a term, against what we read.
//
//   EiCounts counts;
//   EXPECT_EQ(DifferenceToEi(term, counts), "");

#ifndef RINGDIST_TESTS_INTEROP_EI_COMPARISON_H_
#define RINGDIST_TESTS_INTEROP_EI_COMPARISON_H_

#include <cstdint>
#include <string>

#include "ringdist/proto/term.h"

namespace ringdist {

struct EiCounts {
  uint64_t compared = 0;  // Values and containers.
  uint64_t skipped = 0;   // Those that ei can only skip.
};

// Empty if ei finds the same values at the same places, and the end of each
// where we do; otherwise where it does not, and what we read there. Integers of
// more than 64 bits and funs are only skipped. Recurses as deep as the term.
std::string DifferenceToEi(const Term& term, EiCounts& counts);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_EI_COMPARISON_H_
