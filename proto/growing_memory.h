// GrowingMemory: memory for bytes that come to be many.
//
//   memory.Grow(2 * memory.size(), written);
//   std::memcpy(memory.begin() + written, ...);
//
// From 4 MiB on growing moves pages and no bytes, and none is touched before it
// is needed. What is let go is soon taken again: spare_memory.h.

#ifndef RINGDIST_PROTO_GROWING_MEMORY_H_
#define RINGDIST_PROTO_GROWING_MEMORY_H_

#include <cstddef>
#include <utility>

namespace ringdist {

class GrowingMemory {
 public:
  GrowingMemory() = default;
  // What was moved from is empty.
  GrowingMemory(GrowingMemory&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  GrowingMemory& operator=(GrowingMemory&& other) noexcept {
    GrowingMemory moved(std::move(other));
    std::swap(begin_, moved.begin_);
    std::swap(size_, moved.size_);
    return *this;
  }
  ~GrowingMemory() { Clear(); }

  char* begin() const { return begin_; }
  size_t size() const { return size_; }

  // Makes it `size` bytes or more, which is more than it had. The first `kept`
  // bytes stay, possibly elsewhere. As with `new`, there is no coming back from
  // having none.
  void Grow(size_t size, size_t kept);

  // Lets all of it go.
  void Clear();

 private:
  char* begin_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_GROWING_MEMORY_H_
