#include "ringdist/proto/growing_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr size_t kHugePage = size_t{2} * 1024 * 1024;

// What is this large is mapped, in whole huge pages.
constexpr size_t kLarge = 2 * kHugePage;

}  // namespace

void GrowingMemory::Grow(size_t size, size_t kept) {
  RINGDIST_CHECK_GT(size, size_);
  if (size < kLarge) {
    void* const larger = std::realloc(begin_, size);
    RINGDIST_CHECK(larger != nullptr);
    begin_ = static_cast<char*>(larger);
    size_ = size;
    return;
  }
  size = (size + kHugePage - 1) / kHugePage * kHugePage;
  const bool is_mapped = size_ >= kLarge;
  void* const larger = is_mapped ? mremap(begin_, size_, size, MREMAP_MAYMOVE)
                                 : mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  RINGDIST_CHECK(larger != MAP_FAILED);
  // Where there are none it stays as it is.
  [[maybe_unused]] const int advised = madvise(larger, size, MADV_HUGEPAGE);
  if (!is_mapped) {
    if (kept > 0) std::memcpy(larger, begin_, kept);
    Free();
  }
  begin_ = static_cast<char*>(larger);
  size_ = size;
}

void GrowingMemory::Free() {
  if (size_ < kLarge) {
    std::free(begin_);
  } else {
    munmap(begin_, size_);
  }
}

}  // namespace ringdist
