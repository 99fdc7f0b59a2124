// Payloads: what is in the messages of a load.
//
// The payload of number N are the bytes from 8 * (N rem 64) on of a pattern
// that repeats every 64 KiB: word i of it, 8 bytes little-endian, is (i + 1) *
// 0x9E3779B97F4A7C15 modulo 2^64. So it tells neighbours apart and yet nothing
// has to be made for a message; all payloads lie in one piece of memory.
//
//   const Payloads payloads(Verify::kEnds, /*max_bytes=*/1024);
//   Send(number, payloads.Of(number, 16));
//   ...
//   if (!payloads.Match(number, payload)) ++corrupted;

#ifndef RINGDIST_BENCH_LOAD_PAYLOADS_H_
#define RINGDIST_BENCH_LOAD_PAYLOADS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

class Payloads {
 public:
  // Of at most `max_bytes`; receivers, which only compare, need none.
  explicit Payloads(Verify verify, size_t max_bytes = 0);

  // The payload of a message, valid as long as this lives.
  absl::string_view Of(uint64_t number, size_t bytes) const {
    return {pattern_.get() + BeginOf(number), bytes};
  }

  // Whether it is that, as far as it is to be verified.
  bool Match(uint64_t number, absl::string_view payload) const;
  // The same where that is quick: false if it does not match, or is to be
  // looked at more closely.
  bool QuickMatch(uint64_t number, absl::string_view payload) const {
    const size_t begin = BeginOf(number);
    const size_t end = (begin + payload.size() - kWord) % kPeriod;
    return payload.size() >= min_quick_bytes_ &&
           Word(payload.data()) == Word(pattern_.get() + begin) &&
           Word(payload.data() + payload.size() - kWord) ==
               Word(pattern_.get() + end);
  }
  // The same for a piece of a payload of `size` bytes, from `offset` on.
  bool MatchPart(uint64_t number, size_t size, size_t offset,
                 absl::string_view part) const;

 private:
  static constexpr size_t kWord = sizeof(uint64_t);
  static constexpr size_t kPeriod = 64 * 1024;
  static constexpr size_t kNeighbours = 64;

  static size_t BeginOf(uint64_t number) {
    return kWord * (number % kNeighbours);
  }
  static uint64_t Word(const char* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    return word;
  }
  bool MatchBytes(size_t begin, absl::string_view bytes) const;

  const Verify verify_;
  const size_t min_quick_bytes_;
  std::unique_ptr<char[]> pattern_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PAYLOADS_H_
