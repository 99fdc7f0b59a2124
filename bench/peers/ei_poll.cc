#include "ringdist/bench/peers/ei_poll.h"

#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {

absl::Status EiPoll::Open(absl::Duration busy_poll) {
  busy_poll_ = busy_poll;
  fd_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  return fd_.valid() ? absl::OkStatus()
                     : SystemError("epoll_create1", "", errno);
}

absl::Status EiPoll::Add(int fd, void* whose) {
  epoll_event event = {.events = EPOLLIN, .data = {.ptr = whose}};
  ++system_calls_;
  return epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0
             ? absl::OkStatus()
             : SystemError("epoll_ctl", "", errno);
}

// It fails for no socket that was added.
void EiPoll::Change(int fd, void* whose, bool writes) {
  epoll_event event = {
      .events = writes ? EPOLLIN | EPOLLOUT : uint32_t{EPOLLIN},
      .data = {.ptr = whose}};
  ++system_calls_;
  epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event);
}

absl::Span<const epoll_event> EiPoll::Wait(absl::Duration max_wait) {
  int count = 0;
  if (busy_poll_ > absl::ZeroDuration()) {
    const int64_t until = MonotonicNow() + absl::ToInt64Nanoseconds(
                                               std::min(busy_poll_, max_wait));
    do {
      count = WaitOnce(absl::ZeroDuration());
    } while (count == 0 && MonotonicNow() < until);
    max_wait -= std::min(busy_poll_, max_wait);
  }
  if (count == 0) count = WaitOnce(max_wait);
  return {events_, static_cast<size_t>(std::max(count, 0))};
}

// What is interrupted is a wait without events.
int EiPoll::WaitOnce(absl::Duration max_wait) {
  const bool forever = max_wait == absl::InfiniteDuration();
  const timespec time = absl::ToTimespec(max_wait);
  ++system_calls_;
  return epoll_pwait2(fd_.get(), events_, static_cast<int>(std::size(events_)),
                      forever ? nullptr : &time, nullptr);
}

}  // namespace ringdist
