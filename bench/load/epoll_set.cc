#include "ringdist/bench/load/epoll_set.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>

#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {

EpollSet::EpollSet(absl::Duration busy_poll)
    : busy_poll_(busy_poll), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void EpollSet::Add(int fd, uint32_t events, void* data) {
  epoll_event event = {.events = events, .data = {.ptr = data}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void EpollSet::Change(int fd, uint32_t events, void* data) {
  epoll_event event = {.events = events, .data = {.ptr = data}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

absl::StatusOr<absl::Span<const epoll_event>> EpollSet::Wait(
    absl::Duration max_wait) {
  int count = 0;
  const absl::Duration spin = std::min(busy_poll_, max_wait);
  if (spin > absl::ZeroDuration()) {
    const int64_t end = MonotonicNow() + absl::ToInt64Nanoseconds(spin);
    do {
      count = WaitOnce(absl::ZeroDuration());
    } while (count == 0 && MonotonicNow() < end);
  }
  if (count == 0) count = WaitOnce(max_wait);
  if (count < 0 && errno != EINTR) return SystemError("epoll_wait", "", errno);
  return absl::MakeConstSpan(events_, static_cast<size_t>(std::max(count, 0)));
}

int EpollSet::WaitOnce(absl::Duration time) {
  ++waits_;
  const timespec spec = absl::ToTimespec(time);
  return epoll_pwait2(epoll_.get(), events_, kMaxEvents,
                      time == absl::InfiniteDuration() ? nullptr : &spec,
                      nullptr);
}

}  // namespace ringdist
