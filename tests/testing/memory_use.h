// How much memory this process uses, for tests that assert that it is bounded.

#ifndef RINGDIST_TESTS_TESTING_MEMORY_USE_H_
#define RINGDIST_TESTS_TESTING_MEMORY_USE_H_

#include <malloc.h>

#include <cstddef>
#include <fstream>
#include <string>

#include "ringdist/proto/check.h"

namespace ringdist {

// Under the address sanitizer memory that was freed stays in use for a while,
// so that these figures say nothing about the program.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kMemoryUseIsMeaningful = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kMemoryUseIsMeaningful = false;
#else
inline constexpr bool kMemoryUseIsMeaningful = true;
#endif
#else
inline constexpr bool kMemoryUseIsMeaningful = true;
#endif

// What the system has given to the process (VmRSS).
inline size_t ResidentBytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    size_t kibibytes = 0;
    if (word == "VmRSS:" && status >> kibibytes) return kibibytes * 1024;
  }
  CheckFailed(__FILE__, __LINE__, "VmRSS in /proc/self/status", "none");
}

// What the program has allocated and not freed.
inline size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_MEMORY_USE_H_
