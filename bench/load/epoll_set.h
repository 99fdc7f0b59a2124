// EpollSet: descriptors that are waited for with epoll.

#ifndef RINGDIST_BENCH_LOAD_EPOLL_SET_H_
#define RINGDIST_BENCH_LOAD_EPOLL_SET_H_

#include <sys/epoll.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

class EpollSet {
 public:
  // Looks for events for `busy_poll` before it blocks.
  explicit EpollSet(absl::Duration busy_poll);

  // `data` comes with its events, which are level-triggered. Closing a
  // descriptor takes it out.
  void Add(int fd, uint32_t events, void* data);
  void Change(int fd, uint32_t events, void* data);

  // What is there, or comes within `max_wait`; valid until the next call.
  absl::StatusOr<absl::Span<const epoll_event>> Wait(absl::Duration max_wait);

  // Calls of the kernel to wait.
  uint64_t waits() const { return waits_; }

 private:
  static constexpr int kMaxEvents = 1024;

  int WaitOnce(absl::Duration time);

  const absl::Duration busy_poll_;
  const FileDescriptor epoll_;
  uint64_t waits_ = 0;
  epoll_event events_[kMaxEvents];
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_EPOLL_SET_H_
