// SendQueue: the bytes of one connection that wait to be sent, in order.
//
// Small packets are packed one after the other into blocks; a large payload is
// referenced where it lies. Gather names what goes into the next send, Consume
// takes off the front what a send has sent:
//
//   queue.Append(header);                              // copied into a block
//   queue.AppendReferenced(payload, release);          // not copied
//   queue.RunReleases();                               // at the turn's end
//   engine.ArmSend(send, fd, queue.Gather());          // one send in flight
//   ...
//   queue.Consume(completion.result);                  // may run `release`
//
// While a send is in flight the queue may grow: bytes that were gathered never
// move. Blocks come from a BlockPool and go back as soon as they are sent, so
// that an idle connection holds none.

#ifndef RINGDIST_RUNTIME_SEND_QUEUE_H_
#define RINGDIST_RUNTIME_SEND_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/check.h"

namespace ringdist {

// Runs when the kernel is done with referenced bytes, sent or not.
using ReleaseCallback = absl::AnyInvocable<void()>;

// Equal blocks of memory, shared by the connections of one reactor; keeps a
// bounded number of unused ones, the last returned first: it is in the caches.
class BlockPool {
 public:
  static constexpr size_t kBlockSize = 256 * 1024;

  std::unique_ptr<char[]> Take();
  void Return(std::unique_ptr<char[]> block);

 private:
  static constexpr size_t kMaxUnused = 64;

  std::vector<std::unique_ptr<char[]>> unused_;
};

class SendQueue {
 public:
  // One send takes at most this much, so that its end soon tells that there is
  // room, and a small packet queued next does not wait for all of a large one.
  static constexpr size_t kMaxBytesPerSend = 256 * 1024;
  // To copy less than this costs less than to reference it, as what follows
  // referenced bytes begins a block of its own.
  static constexpr size_t kMinReferenced = 4 * 1024;

  explicit SendQueue(BlockPool& pool) : pool_(pool) {}
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;
  ~SendQueue() { Clear(); }

  // Bytes that wait, those in flight included.
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Copies bytes in.
  void Append(absl::string_view bytes);

  // Takes bytes that stay where they are until `release` runs: when the last of
  // them is consumed. No release runs within an Append; it may itself append,
  // and what it appends during Clear is dropped, too.
  void AppendReferenced(absl::string_view bytes, ReleaseCallback release);

  // Copies bytes in; `release` runs in the next RunReleases.
  void AppendCopied(absl::string_view bytes, ReleaseCallback release);
  void RunReleases();

  // Room at the end for at least `size` contiguous bytes, to be filled and then
  // committed, in whole or in part. Nothing else may be done with the queue in
  // between.
  absl::Span<char> Reserve(size_t size) {
    if (static_cast<size_t>(limit_ - cursor_) < size) AddBlock(size);
    return {cursor_, static_cast<size_t>(limit_ - cursor_)};
  }
  void Commit(size_t size) {
    RINGDIST_CHECK_LE(size, static_cast<size_t>(limit_ - cursor_));
    cursor_ += size;
    size_ += size;
  }

  // The slices of the next send, from the front. They stay valid until Consume
  // or Clear. Empty if the queue is.
  absl::Span<const iovec> Gather();

  // Takes `size` bytes off the front: they were sent.
  void Consume(size_t size);

  // Drops everything; every release runs.
  void Clear();

 private:
  // Bytes in a block of ours, or referenced ones: then block is null.
  struct Segment {
    const char* begin = nullptr;
    const char* end = nullptr;
    std::unique_ptr<char[]> block;
    bool is_pooled = false;  // The block has the pool's size.
    ReleaseCallback release;

    size_t size() const { return static_cast<size_t>(end - begin); }
  };

  void AddBlock(size_t size);
  // Writes down how far the last block is filled.
  void NoteEnd();
  void DropFront();
  // All is sent: an idle queue keeps little memory.
  void Reset();

  BlockPool& pool_;
  std::vector<Segment> segments_;  // From front_ on; before it: done with.
  size_t front_ = 0;
  size_t size_ = 0;
  // Where the next bytes go, in the last block, and where that ends. Null if
  // the last segment is no block: the next bytes begin a new one.
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  std::vector<iovec> slices_;              // Of the send in flight.
  std::vector<ReleaseCallback> releases_;  // Of bytes that were copied.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SEND_QUEUE_H_
