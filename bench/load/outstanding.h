// Outstanding: the messages of one connection that were sent and not answered
// yet, and when each was due.

#ifndef RINGDIST_BENCH_LOAD_OUTSTANDING_H_
#define RINGDIST_BENCH_LOAD_OUTSTANDING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace ringdist {

class Outstanding {
 public:
  // Their numbers count from 1.
  void Add(int64_t due_ns) {
    due_ns_.push_back(due_ns);
    ++size_;
  }

  // Its answer has come, in whatever order. Nothing: it was not awaited.
  std::optional<int64_t> Take(uint64_t number) {
    if (number < first_ || number - first_ >= due_ns_.size()) {
      return std::nullopt;
    }
    int64_t& slot = due_ns_[number - first_];
    if (slot == kAnswered) return std::nullopt;
    const int64_t due_ns = slot;
    slot = kAnswered;
    --size_;
    for (; !due_ns_.empty() && due_ns_.front() == kAnswered; ++first_) {
      due_ns_.pop_front();
    }
    return due_ns;
  }

  size_t size() const { return size_; }

 private:
  static constexpr int64_t kAnswered = INT64_MIN;

  std::deque<int64_t> due_ns_;  // From number first_ on.
  uint64_t first_ = 1;
  size_t size_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_OUTSTANDING_H_
