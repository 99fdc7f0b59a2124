#include "ringdist/runtime/send_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ringdist/runtime/io_engine.h"

namespace ringdist {

std::unique_ptr<char[]> BlockPool::Take() {
  if (unused_.empty()) {
    return std::unique_ptr<char[]>(new char[kBlockSize]);
  }
  std::unique_ptr<char[]> block = std::move(unused_.back());
  unused_.pop_back();
  return block;
}

void BlockPool::Return(std::unique_ptr<char[]> block) {
  if (unused_.size() < kMaxUnused) unused_.push_back(std::move(block));
}

void SendQueue::Append(absl::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Reserve(bytes.size()).data(), bytes.data(), bytes.size());
  Commit(bytes.size());
}

void SendQueue::AppendReferenced(absl::string_view bytes,
                                 ReleaseCallback release) {
  if (bytes.empty()) return AppendCopied(bytes, std::move(release));
  NoteEnd();
  cursor_ = limit_ = nullptr;
  Segment& segment = segments_.emplace_back();
  segment.begin = bytes.data();
  segment.end = bytes.data() + bytes.size();
  segment.release = std::move(release);
  size_ += bytes.size();
}

void SendQueue::AppendCopied(absl::string_view bytes, ReleaseCallback release) {
  Append(bytes);
  if (release != nullptr) releases_.push_back(std::move(release));
}

void SendQueue::RunReleases() {
  // What they append is for the next time.
  for (ReleaseCallback& release : std::exchange(releases_, {})) release();
}

void SendQueue::AddBlock(size_t size) {
  NoteEnd();
  Segment& segment = segments_.emplace_back();
  segment.is_pooled = size <= BlockPool::kBlockSize;
  segment.block = segment.is_pooled ? pool_.Take()
                                    : std::unique_ptr<char[]>(new char[size]);
  segment.begin = segment.end = cursor_ = segment.block.get();
  limit_ = cursor_ + (segment.is_pooled ? BlockPool::kBlockSize : size);
}

void SendQueue::NoteEnd() {
  if (cursor_ != nullptr) segments_.back().end = cursor_;
}

absl::Span<const iovec> SendQueue::Gather() {
  NoteEnd();
  slices_.clear();
  size_t room = kMaxBytesPerSend;
  for (size_t i = front_; i < segments_.size() && room > 0 &&
                          slices_.size() < IoEngine::kMaxSlices;
       ++i) {
    const Segment& segment = segments_[i];
    const size_t size = std::min(segment.size(), room);
    if (size == 0) continue;
    slices_.push_back({const_cast<char*>(segment.begin), size});
    room -= size;
  }
  return slices_;
}

void SendQueue::Consume(size_t size) {
  RINGDIST_CHECK_LE(size, size_);
  while (front_ < segments_.size()) {
    NoteEnd();  // Here, because a release may have appended.
    Segment& segment = segments_[front_];
    const size_t taken = std::min(size, segment.size());
    segment.begin += taken;
    size -= taken;
    size_ -= taken;
    if (segment.size() > 0) return;
    DropFront();
  }
  Reset();
}

void SendQueue::Reset() {
  constexpr size_t kKeptCapacity = 16;
  segments_.clear();
  front_ = 0;
  cursor_ = limit_ = nullptr;
  if (segments_.capacity() > kKeptCapacity) segments_.shrink_to_fit();
  if (slices_.capacity() > kKeptCapacity) std::vector<iovec>().swap(slices_);
}

void SendQueue::DropFront() {
  Segment segment = std::move(segments_[front_]);
  ++front_;
  size_ -= segment.size();
  // The vector's used-up front is cut off now and then.
  constexpr size_t kMaxUsedUp = 64;
  if (front_ == kMaxUsedUp) {
    segments_.erase(segments_.begin(), segments_.begin() + kMaxUsedUp);
    front_ = 0;
  }
  if (segment.is_pooled) pool_.Return(std::move(segment.block));
  if (segment.release != nullptr) segment.release();
}

void SendQueue::Clear() {
  do {
    RunReleases();
    while (front_ < segments_.size()) {
      NoteEnd();
      DropFront();
    }
  } while (!releases_.empty());
  Reset();
}

}  // namespace ringdist
