#include "ringdist/proto/spare_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <utility>

#include "absl/base/config.h"
#include "absl/numeric/bits.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr size_t kHugePage = size_t{2} * 1024 * 1024;

// Blocks between these are kept in powers of two.
constexpr size_t kMaxUnkept = size_t{16} * 1024;
constexpr size_t kMaxKept = size_t{2} * 1024 * 1024;
// What is this large is mapped, in whole huge pages.
constexpr size_t kMinMapped = 2 * kHugePage;

// Under the address sanitizer what is used after its return must show.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr int kBlocks = 0;
constexpr size_t kMaxMappingKept = 0;
#else
constexpr int kBlocks = 2;
constexpr size_t kMaxMappingKept = 64 * kHugePage;
#endif

constexpr size_t kPowers = 22;  // Of 2^0 to 2^21 bytes.

// What a thread keeps.
struct Spares {
  ~Spares();

  int count[kPowers] = {};
  char* blocks[kPowers][2] = {};
  char* mapping = nullptr;
  size_t mapping_size = 0;
};

// Objects that outlive it, such as static ones, find that it is gone.
thread_local bool spares_are_gone = false;
thread_local Spares spares;

Spares::~Spares() {
  spares_are_gone = true;
  for (size_t power = 0; power < kPowers; ++power) {
    for (int i = 0; i < count[power]; ++i) std::free(blocks[power][i]);
  }
  if (mapping_size > 0) munmap(mapping, mapping_size);
}

char* Allocate(size_t size) {
  void* const block = std::malloc(size);
  RINGDIST_CHECK(block != nullptr);
  return static_cast<char*>(block);
}

bool IsKept(size_t size) { return size > kMaxUnkept && size <= kMaxKept; }

// The power of two that holds `size` bytes.
size_t PowerFor(size_t size) {
  return static_cast<size_t>(absl::bit_width(size - 1));
}

char* TakeKept(size_t* size) {
  const size_t power = PowerFor(*size);
  *size = size_t{1} << power;
  if (spares_are_gone || spares.count[power] == 0) return Allocate(*size);
  return spares.blocks[power][--spares.count[power]];
}

void ReturnKept(char* block, size_t size) {
  const size_t power = PowerFor(size);
  if (spares_are_gone || spares.count[power] == kBlocks) {
    std::free(block);
  } else {
    spares.blocks[power][spares.count[power]++] = block;
  }
}

bool IsMapped(size_t size) { return size >= kMinMapped; }

size_t WholePages(size_t size) {
  return (size + kHugePage - 1) / kHugePage * kHugePage;
}

// What mmap or mremap gave. Where there are no huge pages it has small ones.
char* Mapped(void* memory, size_t size) {
  RINGDIST_CHECK(memory != MAP_FAILED);
  [[maybe_unused]] const int advised = madvise(memory, size, MADV_HUGEPAGE);
  return static_cast<char*>(memory);
}

char* TakeMapped(size_t* size) {
  *size = WholePages(*size);
  if (!spares_are_gone && spares.mapping_size >= *size) {
    *size = std::exchange(spares.mapping_size, 0);
    return spares.mapping;
  }
  return Mapped(mmap(nullptr, *size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                *size);
}

// Of two it keeps the larger one.
void ReturnMapped(char* mapping, size_t size) {
  if (!spares_are_gone && size <= kMaxMappingKept &&
      size > spares.mapping_size) {
    std::swap(mapping, spares.mapping);
    std::swap(size, spares.mapping_size);
    [[maybe_unused]] const int advised =
        madvise(spares.mapping, spares.mapping_size, MADV_FREE);
  }
  if (size > 0) munmap(mapping, size);
}

}  // namespace

char* SpareMemory::Take(size_t* size) {
  if (IsMapped(*size)) return TakeMapped(size);
  return IsKept(*size) ? TakeKept(size) : Allocate(*size);
}

void SpareMemory::Return(char* block, size_t size) {
  if (IsMapped(size)) return ReturnMapped(block, size);
  return IsKept(size) ? ReturnKept(block, size) : std::free(block);
}

char* SpareMemory::Extend(char* block, size_t size, size_t* to) {
  if (!IsMapped(size)) return nullptr;
  *to = WholePages(*to);
  return Mapped(mremap(block, size, *to, MREMAP_MAYMOVE), *to);
}

}  // namespace ringdist
