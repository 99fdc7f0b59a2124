#include "ringdist/runtime/dial.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

// How long a full backlog is left alone: twice as long each time.
constexpr absl::Duration kFirstPause = absl::Milliseconds(1);
constexpr absl::Duration kLongestPause = absl::Milliseconds(50);

absl::string_view MeaningOf(int error) {
  switch (error) {
    case ENOENT:
      return "no node listens there";
    case ECONNREFUSED:
      return "what is there belongs to no live node; one ended without "
             "removing its socket, or it is no socket";
    case EACCES:
      return "it belongs to another user, or the way to it does";
    case EPROTOTYPE:
      return "it is a socket of another type, so not a node's";
    default:
      return "";
  }
}

}  // namespace

SocketDial::SocketDial(Reactor& reactor, int fd, DialTarget target,
                       Carrier::DialCallback done)
    : reactor_(reactor),
      fd_(fd),
      target_(std::move(target)),
      done_(std::move(done)),
      next_pause_(kFirstPause),
      retry_(reactor, ReactorCallback::To<&SocketDial::Connect>(this)),
      deadline_timer_(reactor,
                      ReactorCallback::To<&SocketDial::OnDeadline>(this)),
      finish_(reactor, ReactorCallback::To<&SocketDial::Finish>(this)) {}

SocketDial::SocketDial(Reactor& reactor, int fd, DialTarget target,
                       absl::Time deadline, Carrier::DialCallback done)
    : SocketDial(reactor, fd, std::move(target), std::move(done)) {
  deadline_timer_.Start(deadline);
  Connect();
}

SocketDial::SocketDial(Reactor& reactor, absl::Status failure,
                       Carrier::DialCallback done)
    : SocketDial(reactor, -1, DialTarget(), std::move(done)) {
  RINGDIST_CHECK(!failure.ok());
  End(std::move(failure));
}

SocketDial::~SocketDial() { RINGDIST_CHECK(state_ == State::kTold); }

void SocketDial::Connect() {
  state_ = State::kConnecting;
  reactor_.engine().ArmConnect(
      connect_, fd_, reinterpret_cast<const sockaddr*>(&target_.address),
      target_.address_size);
}

void SocketDial::OnConnected(const Completion& completion) {
  // A connection that came about is handed over, even if it was late.
  if (completion.result == 0) return End(absl::OkStatus());
  if (state_ == State::kEnding) return End(std::move(outcome_));
  const int error = -completion.result;
  if (error != EAGAIN && error != EINTR) {
    return End(SystemError("connect", target_.text, error, MeaningOf(error)));
  }
  state_ = State::kPausing;
  retry_.Start(reactor_.Now() + next_pause_);
  next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

void SocketDial::OnDeadline() {
  EndWith(absl::DeadlineExceededError(absl::StrCat(
      "connect ", target_.text, ": the time is over",
      next_pause_ > kFirstPause
          ? "; a node listens there, but does not accept: its backlog is full"
          : "")));
}

void SocketDial::Cancel() {
  EndWith(absl::CancelledError(
      absl::StrCat("connect ", target_.text, ": cancelled")));
}

void SocketDial::EndWith(absl::Status outcome) {
  switch (state_) {
    case State::kConnecting:
      state_ = State::kEnding;
      outcome_ = std::move(outcome);
      reactor_.engine().Cancel(connect_);
      break;
    case State::kPausing:
      End(std::move(outcome));
      break;
    case State::kEnding:
    case State::kEnded:
    case State::kTold:
      break;
  }
}

void SocketDial::End(absl::Status outcome) {
  state_ = State::kEnded;
  outcome_ = std::move(outcome);
  retry_.Stop();
  deadline_timer_.Stop();
  finish_.Schedule();
}

void SocketDial::Finish() {
  state_ = State::kTold;
  const int fd = std::exchange(fd_, -1);
  // `done` may destroy this object.
  Carrier::DialCallback done = std::move(done_);
  if (outcome_.ok()) return done(fd);
  if (fd >= 0) reactor_.engine().Close(fd);
  done(std::move(outcome_));
}

}  // namespace ringdist
