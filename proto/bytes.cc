#include "ringdist/proto/bytes.h"

#include <algorithm>

namespace ringdist {

void StringWriter::Grow(size_t size) {
  constexpr size_t kSmallest = 64;
  const size_t written = this->size();
  memory_.Grow(std::max({kSmallest, capacity() * 2, written + size}), written);
  SetStorage(memory_.begin(), written, memory_.size());
}

}  // namespace ringdist
