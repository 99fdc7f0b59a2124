// SpareMemory: malloc and free for messages that are large and soon over.
//
// Internal to growing_memory.
//
//   size_t size = 70'000;
//   char* const block = SpareMemory::Take(&size);   // size is 131,072 now
//   SpareMemory::Return(block, size);
//
// What is taken anew costs a fault for each page, on virtual machines some
// microseconds, so each thread keeps some of what was returned to it:
//
//   up to 16 KiB   nothing: malloc's own affair
//   up to 2 MiB    two blocks of each power of two, 8 MiB at most. malloc gives
//                  memory at the end of its heap back to the kernel as soon as
//                  128 KiB lie there unused (mallopt(3), M_TRIM_THRESHOLD).
//                  Where a message of 64 KiB happens to be the last thing in
//                  the heap, each one cost two calls of brk and the faults of
//                  its pages: 88 µs of processor time instead of 19.
//   below 4 MiB    nothing
//   from there on  one mapping, up to 128 MiB, whose pages the system may have
//                  back whenever it needs them. Mappings consist of huge pages,
//                  if there are any: with pages of 4 KiB their faults were nine
//                  tenths of the time that a message of 64 MiB took.

#ifndef RINGDIST_PROTO_SPARE_MEMORY_H_
#define RINGDIST_PROTO_SPARE_MEMORY_H_

#include <cstddef>

namespace ringdist {

class SpareMemory {
 public:
  // A block of `size` bytes or more; tells how large it is. As with `new`,
  // there is no coming back from having none. Any thread may return it.
  static char* Take(size_t* size);
  static void Return(char* block, size_t size);

  // The block with `to` bytes or more, possibly elsewhere, if that moves pages
  // and no bytes; null, with nothing done, if only a copy does it.
  static char* Extend(char* block, size_t size, size_t* to);
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_SPARE_MEMORY_H_
