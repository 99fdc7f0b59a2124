#include "ringdist/proto/spare_memory.h"

#include <cstdlib>

#include "absl/base/config.h"
#include "absl/numeric/bits.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// Under the address sanitizer a block that is used after its return must show.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr int kBlocks = 0;
#else
constexpr int kBlocks = 2;
#endif

constexpr int kSizes = 22;  // Of 2^0 to 2^21 bytes.

struct Spares {
  ~Spares();

  int count[kSizes] = {};
  char* blocks[kSizes][2] = {};
};

// Objects that outlive it, such as static ones, find that it is gone.
thread_local bool spares_are_gone = false;
thread_local Spares spares;

Spares::~Spares() {
  spares_are_gone = true;
  for (int size = 0; size < kSizes; ++size) {
    for (int i = 0; i < count[size]; ++i) std::free(blocks[size][i]);
  }
}

// The power of two that holds `size` bytes.
int PowerFor(size_t size) { return absl::bit_width(size - 1); }

}  // namespace

char* SpareMemory::Take(size_t* size) {
  const int power = PowerFor(*size);
  *size = size_t{1} << power;
  if (!spares_are_gone && spares.count[power] > 0) {
    return spares.blocks[power][--spares.count[power]];
  }
  void* const block = std::malloc(*size);
  RINGDIST_CHECK(block != nullptr);
  return static_cast<char*>(block);
}

void SpareMemory::Return(char* block, size_t size) {
  const int power = PowerFor(size);
  if (!spares_are_gone && spares.count[power] < kBlocks) {
    spares.blocks[power][spares.count[power]++] = block;
  } else {
    std::free(block);
  }
}

}  // namespace ringdist
