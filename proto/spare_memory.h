// SpareMemory: malloc and free for messages that are large and soon over.
//
// Internal to growing_memory.
//
// malloc gives memory at the end of its heap back to the kernel as soon as
// 128 KiB lie there unused (mallopt(3), M_TRIM_THRESHOLD). Where a message of
// 64 KiB happens to be the last thing in the heap, each one costs two calls of
// brk and a fault for each of its pages: 88 µs of processor time were seen,
// instead of 19. So each thread keeps a few blocks that were returned, two of
// each power of two from 32 KiB to 2 MiB: 8 MiB at most.
//
//   size_t size = 70'000;
//   char* const block = SpareMemory::Take(&size);   // size is 131,072 now
//   SpareMemory::Return(block, size);

#ifndef RINGDIST_PROTO_SPARE_MEMORY_H_
#define RINGDIST_PROTO_SPARE_MEMORY_H_

#include <cstddef>

namespace ringdist {

class SpareMemory {
 public:
  // Whether blocks of this size are kept; others are malloc's own affair.
  static bool Keeps(size_t size) {
    return size > kSmallest / 2 && size <= kLargest;
  }

  // A block of `size` bytes or more, which Keeps; tells how large it is. It may
  // be returned, or freed, by any thread.
  static char* Take(size_t* size);
  static void Return(char* block, size_t size);

 private:
  static constexpr size_t kSmallest = size_t{32} * 1024;
  static constexpr size_t kLargest = size_t{2} * 1024 * 1024;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_SPARE_MEMORY_H_
