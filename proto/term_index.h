// TermIndex: the maps of one term in the order of their keys, so that terms can
// be compared without looking for the order again and again.
//
// Internal to term_order.h.
//
//   index.Build(cursor, less);               // at a map
//   const char* least = index.pair(index.FirstPair(map)).key;
//
// Comparing two maps means comparing their sorted keys, which may hold maps
// themselves. Sorting a map whenever it is met would cost exponential time for
// maps in keys of maps. So each is sorted once, the innermost first. As then a
// comparison costs no more than the shorter of its two terms, all of it costs
// O(n log² n) for n bytes (each byte is in the shorter half log n times, and
// takes part in log n comparisons then).
//
// For that bound a term must not be able to take long to read and say little.
// What does is noted, too, and read only once: a long row of lists without
// elements, each the tail of the one before, and an integer with many zeros.

#ifndef RINGDIST_PROTO_TERM_INDEX_H_
#define RINGDIST_PROTO_TERM_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "ringdist/proto/term_leaf.h"
#include "ringdist/proto/term_scan.h"

namespace ringdist {
namespace internal_term {

class TermIndex {
 public:
  struct Pair {
    const char* key;
    const char* value;
  };

  // Whether one key comes before another of the same map. All maps in them are
  // known when it is asked.
  using Less = absl::FunctionRef<bool(const char* a, const char* b)>;

  // Takes in the valid term at the cursor, and forgets what was known before.
  void Build(TermCursor cursor, Less less);

  // A map is told by where its tag stands.
  bool KnowsMap(const char* map) const { return known_.contains(map); }
  // The number of the first pair of a known map.
  size_t FirstPair(const char* map) const { return known_.at(map); }
  // As many as the map has, in the order of their keys, and one more, whose key
  // is the end of the map.
  const Pair& pair(size_t number) const { return pairs_[number]; }

  // Moves the cursor over lists without elements to what they stand for.
  void SkipEmptyLists(TermCursor& cursor) const;
  // As ReadNumber of term_leaf.h.
  Number ReadNumber(TermCursor& cursor, uint8_t tag) const;

 private:
  // A map that is being taken in.
  struct OpenMap {
    const char* map;
    uint64_t pending_after;  // How many terms are to come when it is complete,
    uint64_t pending_next;   // and when its next key or value begins.
    size_t first;            // Its first pair.
    size_t parts;            // How many keys and values it had until now.
  };

  void Open(const char* map, uint64_t pairs, uint64_t pending);
  void AddPart(const char* part);
  void Close(const char* end, Less less);
  void NoteZeros(const char* term, const TermCursor& behind);

  std::vector<OpenMap> open_;
  std::vector<Pair> pairs_;
  // For a map its first pair; for a list without elements how many bytes there
  // are to what it stands for; for an integer how many its magnitude has.
  absl::flat_hash_map<const char*, size_t> known_;
};

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_INDEX_H_
