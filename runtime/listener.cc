#include "ringdist/runtime/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/log.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr absl::Duration kRetryAfter = absl::Milliseconds(100);

FileDescriptor OpenSpare() {
  return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool IsOutOfDescriptors(int error) {
  return error == EMFILE || error == ENFILE;
}

// An accept ended, and nothing speaks against the next one at once.
bool IsHarmless(int error) {
  return error == 0 || error == ECANCELED || error == ECONNABORTED ||
         error == EINTR || error == EAGAIN;
}

}  // namespace

Listener::Listener(Reactor& reactor, std::unique_ptr<ListeningSocket> socket,
                   AcceptCallback accepted, LogSink log)
    : engine_(reactor.engine()),
      reactor_(reactor),
      socket_(std::move(socket)),
      accepted_(std::move(accepted)),
      log_(std::move(log)),
      spare_(OpenSpare()),
      retry_(reactor, ReactorCallback::To<&Listener::ArmAccept>(this)),
      closed_(reactor, ReactorCallback::To<&Listener::TellClosed>(this)) {
  ArmAccept();
}

Listener::~Listener() { RINGDIST_CHECK(state_ == State::kTold); }

void Listener::ArmAccept() {
  state_ = State::kAccepting;
  engine_.ArmAccept(accept_, socket_->fd());
}

void Listener::OnAccepted(const Completion& completion) {
  if (completion.result >= 0) {
    if (state_ == State::kAccepting) {
      trouble_was_told_ = false;
      accepted_(completion.result);
    } else {
      engine_.Close(completion.result);
    }
  }
  if (completion.more) return;
  if (state_ == State::kClosing) return ContinueClosing();
  // Otherwise the callback closed us after the last completion.
  if (state_ == State::kAccepting) {
    OnAcceptEnded(completion.result < 0 ? -completion.result : 0);
  }
}

void Listener::OnAcceptEnded(int error) {
  if (IsHarmless(error)) return ArmAccept();
  if (!std::exchange(trouble_was_told_, true)) {
    const absl::Status status = SystemError(
        "accept", socket_->address().address, error,
        IsOutOfDescriptors(error)
            ? "connections are turned away until descriptors are free again; "
              "raise the limit (ulimit -n)"
            : "connections wait until it works again");
    Log(log_, LogLevel::kError, status.message());
  }
  if (IsOutOfDescriptors(error)) TurnOneAway();
  state_ = State::kPausing;
  retry_.Start(reactor_.Now() + kRetryAfter);
}

void Listener::TurnOneAway() {
  spare_.Close();
  // The engine could accept more than one before it is told to stop.
  pollfd waiting = {socket_->fd(), POLLIN, 0};
  if (poll(&waiting, 1, 0) == 1) {
    FileDescriptor(accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  spare_ = OpenSpare();
}

void Listener::Close(CloseCallback done) {
  RINGDIST_CHECK(state_ == State::kAccepting || state_ == State::kPausing);
  done_ = std::move(done);
  state_ = State::kClosing;
  retry_.Stop();
  engine_.Cancel(accept_);
  ContinueClosing();
}

void Listener::ContinueClosing() {
  if (accept_.in_flight()) return;
  state_ = State::kClosed;
  closed_.Schedule();
}

void Listener::TellClosed() {
  state_ = State::kTold;
  socket_.reset();
  // `done` may destroy this object.
  CloseCallback done = std::move(done_);
  done();
}

}  // namespace ringdist
