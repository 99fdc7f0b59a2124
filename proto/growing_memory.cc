#include "ringdist/proto/growing_memory.h"

#include <cstring>

#include "ringdist/proto/check.h"
#include "ringdist/proto/spare_memory.h"

namespace ringdist {

void GrowingMemory::Grow(size_t size, size_t kept) {
  RINGDIST_CHECK_GT(size, size_);
  char* larger = SpareMemory::Extend(begin_, size_, &size);
  if (larger == nullptr) {
    larger = SpareMemory::Take(&size);
    if (kept > 0) std::memcpy(larger, begin_, kept);
    Clear();
  }
  begin_ = larger;
  size_ = size;
}

void GrowingMemory::Clear() {
  SpareMemory::Return(begin_, size_);
  begin_ = nullptr;
  size_ = 0;
}

}  // namespace ringdist
