// Pattern: bytes that differ everywhere, so that a test sees what is missing,
// doubled or moved.

#ifndef RINGDIST_TESTS_TESTING_PATTERN_H_
#define RINGDIST_TESTS_TESTING_PATTERN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

namespace ringdist {

// The same bytes for the same seed, each time.
inline std::string Pattern(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  std::minstd_rand random(seed + 1);
  for (size_t i = 0; i < size; i += 4) {
    const uint32_t word = static_cast<uint32_t>(random());
    std::memcpy(&bytes[i], &word, std::min<size_t>(4, size - i));
  }
  return bytes;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_PATTERN_H_
