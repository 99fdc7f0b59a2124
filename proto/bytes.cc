#include "ringdist/proto/bytes.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace ringdist {

void StringWriter::Grow(size_t size) {
  constexpr size_t kSmallest = 64;
  const size_t written = this->size();
  const size_t wanted = std::max({kSmallest, capacity() * 2, written + size});
  std::unique_ptr<char[]> larger(new char[wanted]);
  if (written > 0) std::memcpy(larger.get(), begin(), written);
  storage_ = std::move(larger);
  SetStorage(storage_.get(), written, wanted);
}

}  // namespace ringdist
