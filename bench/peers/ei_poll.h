// EiPoll: waits for the sockets of ei's links, by epoll.
//
//   absl::Status status = poll.Open(busy_poll);
//   poll.Add(fd, &link);
//   poll.Change(fd, &link, /*writes=*/true);
//   for (const epoll_event& event : poll.Wait(max_wait)) {...}

#ifndef RINGDIST_BENCH_PEERS_EI_POLL_H_
#define RINGDIST_BENCH_PEERS_EI_POLL_H_

#include <sys/epoll.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

class EiPoll {
 public:
  // It looks for events for that long before it waits for them.
  absl::Status Open(absl::Duration busy_poll);

  // Events have `whose` as their data.ptr. A socket that is closed is forgotten
  // by itself.
  absl::Status Add(int fd, void* whose);
  // Whether to wait for room as well.
  void Change(int fd, void* whose, bool writes);

  // Valid until the next call. None: the time is over.
  absl::Span<const epoll_event> Wait(absl::Duration max_wait);

  uint64_t system_calls() const { return system_calls_; }

 private:
  int WaitOnce(absl::Duration max_wait);

  FileDescriptor fd_;
  absl::Duration busy_poll_;
  epoll_event events_[64];
  uint64_t system_calls_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_POLL_H_
