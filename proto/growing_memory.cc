#include "ringdist/proto/growing_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/base/config.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/spare_memory.h"

namespace ringdist {
namespace {

constexpr size_t kHugePage = size_t{2} * 1024 * 1024;

// What is this large is mapped, in whole huge pages.
constexpr size_t kLarge = 2 * kHugePage;

// Each thread keeps one mapping for the next one, up to this size: to clear a
// huge page takes the kernel some 100 us. The system may have its pages back
// meanwhile, whenever it needs them.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr size_t kLargestKept = 0;  // Use after return must show.
#else
constexpr size_t kLargestKept = 64 * kHugePage;
#endif

struct Mapping {
  ~Mapping();

  char* begin = nullptr;
  size_t size = 0;
};

// Objects that outlive it, such as static ones, find that it is gone.
thread_local bool spare_is_gone = false;
thread_local Mapping spare;

Mapping::~Mapping() {
  spare_is_gone = true;
  if (size > 0) munmap(begin, size);
}

// What mmap or mremap gave. Where there are no huge pages it has small ones.
char* Mapped(void* memory, size_t size) {
  RINGDIST_CHECK(memory != MAP_FAILED);
  [[maybe_unused]] const int advised = madvise(memory, size, MADV_HUGEPAGE);
  return static_cast<char*>(memory);
}

// At least `size` bytes; `size` becomes what there is.
char* Map(size_t* size) {
  if (!spare_is_gone && spare.size >= *size) {
    *size = std::exchange(spare.size, 0);
    return spare.begin;
  }
  return Mapped(mmap(nullptr, *size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                *size);
}

void Unmap(char* begin, size_t size) {
  if (!spare_is_gone && size <= kLargestKept && size > spare.size) {
    std::swap(begin, spare.begin);
    std::swap(size, spare.size);
    [[maybe_unused]] const int advised =
        madvise(spare.begin, spare.size, MADV_FREE);
  }
  if (size > 0) munmap(begin, size);
}

}  // namespace

void GrowingMemory::Grow(size_t size, size_t kept) {
  RINGDIST_CHECK_GT(size, size_);
  const bool is_mapped = size_ >= kLarge;
  if (size >= kLarge) size = (size + kHugePage - 1) / kHugePage * kHugePage;
  char* larger;
  if (is_mapped) {
    larger = Mapped(mremap(begin_, size_, size, MREMAP_MAYMOVE), size);
  } else if (size >= kLarge) {
    larger = Map(&size);
  } else if (SpareMemory::Keeps(size)) {
    larger = SpareMemory::Take(&size);
  } else {
    larger = static_cast<char*>(std::malloc(size));
    RINGDIST_CHECK(larger != nullptr);
  }
  if (!is_mapped) {
    if (kept > 0) std::memcpy(larger, begin_, kept);
    Clear();
  }
  begin_ = larger;
  size_ = size;
}

void GrowingMemory::Clear() {
  if (size_ >= kLarge) {
    Unmap(begin_, size_);
  } else if (SpareMemory::Keeps(size_)) {
    SpareMemory::Return(begin_, size_);
  } else {
    std::free(begin_);
  }
  begin_ = nullptr;
  size_ = 0;
}

}  // namespace ringdist
