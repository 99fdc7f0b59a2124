#include "ringdist/tests/testing/allocation_counter.h"

#include <cstdlib>
#include <new>

namespace ringdist {

size_t allocations = 0;

}  // namespace ringdist

void* operator new(size_t size) {
  ++ringdist::allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
