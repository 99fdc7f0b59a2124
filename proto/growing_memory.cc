#include "ringdist/proto/growing_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "ringdist/proto/check.h"
#include "ringdist/proto/spare_memory.h"

namespace ringdist {
namespace {

constexpr size_t kHugePage = size_t{2} * 1024 * 1024;

// What is this large is mapped, in whole huge pages.
constexpr size_t kLarge = 2 * kHugePage;

// What mmap or mremap gave. Where there are no huge pages it has small ones.
char* Mapped(void* memory, size_t size) {
  RINGDIST_CHECK(memory != MAP_FAILED);
  [[maybe_unused]] const int advised = madvise(memory, size, MADV_HUGEPAGE);
  return static_cast<char*>(memory);
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
    larger = Mapped(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    size);
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
    munmap(begin_, size_);
  } else if (SpareMemory::Keeps(size_)) {
    SpareMemory::Return(begin_, size_);
  } else {
    std::free(begin_);
  }
  begin_ = nullptr;
  size_ = 0;
}

}  // namespace ringdist
