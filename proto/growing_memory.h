// GrowingMemory: memory for bytes that come to be many.
//
//   memory.Grow(2 * memory.size(), written);
//   std::memcpy(memory.begin() + written, ...);
//
// From 4 MiB on it consists of huge pages, if the system has them. What is
// taken anew costs a fault for each page, on virtual machines some
// microseconds: with pages of 4 KiB that was nine tenths of the time that a
// message of 64 MiB took. Growing moves pages and no bytes, and none is touched
// before it is needed.

#ifndef RINGDIST_PROTO_GROWING_MEMORY_H_
#define RINGDIST_PROTO_GROWING_MEMORY_H_

#include <cstddef>

namespace ringdist {

class GrowingMemory {
 public:
  GrowingMemory() = default;
  GrowingMemory(const GrowingMemory&) = delete;
  GrowingMemory& operator=(const GrowingMemory&) = delete;
  ~GrowingMemory() { Free(); }

  char* begin() const { return begin_; }
  size_t size() const { return size_; }

  // Makes it `size` bytes or more, which is more than it had. The first `kept`
  // bytes stay, possibly elsewhere. As with `new`, there is no coming back from
  // having none.
  void Grow(size_t size, size_t kept);

 private:
  void Free();

  char* begin_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_GROWING_MEMORY_H_
