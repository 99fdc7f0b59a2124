#include "ringdist/tests/testing/splits.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ringdist {
namespace {

// Cuts `stream` into pieces of the sizes that `next_size` gives; what is asked
// for beyond the end is cut short.
template <typename NextSize>
Split Cut(std::string name, absl::string_view stream, NextSize next_size) {
  Split split;
  split.name = std::move(name);
  while (!stream.empty()) {
    const size_t size = std::min<size_t>(next_size(), stream.size());
    split.memory.emplace_back(stream.begin(), stream.begin() + size);
    stream.remove_prefix(size);
  }
  return split;
}

Split CutInTwo(absl::string_view stream, size_t at) {
  bool first = true;
  return Cut(absl::StrCat("cut at ", at), stream,
             [&] { return std::exchange(first, false) ? at : stream.size(); });
}

Split CutAtRandom(absl::string_view stream, unsigned seed) {
  std::mt19937 random(seed);
  const size_t largest = 1 + random() % 40;
  return Cut(absl::StrCat("random, seed ", seed), stream, [&] {
    const bool empty = random() % 4 == 0;
    return empty ? 0 : 1 + random() % largest;
  });
}

}  // namespace

std::vector<absl::string_view> Split::Pieces() const {
  std::vector<absl::string_view> pieces;
  for (const std::vector<char>& piece : memory) {
    pieces.emplace_back(piece.data(), piece.size());
  }
  return pieces;
}

std::vector<Split> AllSplits(absl::string_view stream) {
  constexpr unsigned kRandomSplits = 50;
  std::vector<Split> splits;
  splits.push_back(Cut("whole", stream, [&] { return stream.size(); }));
  splits.push_back(Cut("byte by byte", stream, [] { return 1; }));
  size_t count = 0;
  splits.push_back(Cut("byte by byte, an empty piece before each", stream,
                       [&] { return count++ % 2; }));
  for (size_t at = 0; at <= stream.size(); ++at) {
    splits.push_back(CutInTwo(stream, at));
  }
  for (unsigned seed = 1; seed <= kRandomSplits; ++seed) {
    splits.push_back(CutAtRandom(stream, seed));
  }
  return splits;
}

}  // namespace ringdist
