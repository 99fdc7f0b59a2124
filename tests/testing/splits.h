// AllSplits: the ways a stream of bytes can arrive, for everything that decodes
// one: whole, byte by byte, cut in two at each place, at random, and with empty
// pieces in between.
//
//   for (const Split& split : AllSplits(stream)) {
//     SCOPED_TRACE(split.name);
//     Decoder decoder;
//     for (const absl::string_view piece : split.Pieces()) decoder.Feed(piece);
//     ...
//   }
//
// Each piece is in memory of its own of exactly its size, so that the address
// sanitizer sees a read past its end; an empty piece has no memory at all.

#ifndef RINGDIST_TESTS_TESTING_SPLITS_H_
#define RINGDIST_TESTS_TESTING_SPLITS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ringdist {

struct Split {
  std::string name;  // For SCOPED_TRACE; names the seed of a random split.
  std::vector<std::vector<char>> memory;

  std::vector<absl::string_view> Pieces() const;
};

// The same splits for the same stream, each time. Their number grows with the
// size of the stream and their bytes with its square: up to some thousands of
// bytes.
std::vector<Split> AllSplits(absl::string_view stream);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_SPLITS_H_
