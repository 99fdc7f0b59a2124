#include "ringdist/runtime/entropy.h"

#include <sys/random.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>

#include "ringdist/proto/check.h"

namespace ringdist {

uint64_t SystemEntropy() {
  uint64_t bits = 0;
  ssize_t got = 0;
  do {
    got = getrandom(&bits, sizeof(bits), 0);
  } while (got < 0 && errno == EINTR);
  // So few bytes come whole or not at all, and there is no going on without.
  RINGDIST_CHECK_EQ(got, static_cast<ssize_t>(sizeof(bits)));
  return bits;
}

}  // namespace ringdist
