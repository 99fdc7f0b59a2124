// SocketDial: connects one socket of an engine, again and again while the
// peer's backlog is full, until a deadline. Carriers return it from Dial.
//
//   return std::make_unique<SocketDial>(reactor, fd, target, deadline,
//                                       std::move(done));
//
// What `done` gets, besides the connected descriptor:
//   NotFound           nothing has that address
//   Unavailable        the socket is there, and nobody listens on it
//   PermissionDenied   it belongs to another user
//   DeadlineExceeded   and whether the peer's backlog was full
//   Cancelled          by Cancel
// and what else the system says; each with the address and what it means.

#ifndef RINGDIST_RUNTIME_DIAL_H_
#define RINGDIST_RUNTIME_DIAL_H_

#include <sys/socket.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// Where to connect to.
struct DialTarget {
  sockaddr_storage address = {};
  socklen_t address_size = 0;
  std::string text;  // For messages, such as the real path of a socket.
};

class SocketDial final : public DialAttempt {
 public:
  // Owns `fd`, a non-blocking socket of the engine, until it is handed to
  // `done`. An error that is known beforehand is given as `failure`, so that it
  // arrives the same way as every other.
  SocketDial(Reactor& reactor, int fd, DialTarget target, absl::Time deadline,
             Carrier::DialCallback done);
  SocketDial(Reactor& reactor, absl::Status failure,
             Carrier::DialCallback done);
  ~SocketDial() override;

  void Cancel() override;

 private:
  enum class State {
    kConnecting,  // A connect is in flight.
    kPausing,     // The backlog was full; retry_ runs.
    kEnding,      // outcome_ stands, but a connect is in flight, cancelled.
    kEnded,       // outcome_ stands; finish_ is about to tell it.
    kTold,        // `done` has the outcome.
  };

  SocketDial(Reactor& reactor, int fd, DialTarget target,
             Carrier::DialCallback done);

  void Connect();
  void OnConnected(const Completion& completion);
  void OnDeadline();
  // Ends with `outcome`, unless a connect in flight turns out to have worked.
  void EndWith(absl::Status outcome);
  void End(absl::Status outcome);
  void Finish();

  Reactor& reactor_;
  int fd_;
  const DialTarget target_;
  Carrier::DialCallback done_;
  State state_ = State::kPausing;
  absl::Status outcome_;       // From kEnding on.
  absl::Duration next_pause_;  // Grows with each full backlog.
  Operation connect_ = Operation::To<&SocketDial::OnConnected>(this);
  Timer retry_;
  Timer deadline_timer_;
  Task finish_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_DIAL_H_
