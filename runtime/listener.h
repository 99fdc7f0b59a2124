// Listener: accepts what connects to a socket that listens, and gives the name
// back when it is closed.
//
//   Listener listener(reactor, *std::move(socket),
//                     [this](int fd) { OnAccepted(fd); }, options.log);
//   ...
//   listener.Close([this] { ... });   // then, and not before, destroy it
//
// Out of descriptors (EMFILE, ENFILE) it turns away who waits, so that they do
// not hang, and tries again ten times a second; it is told once per episode. An
// episode ends with the next connection that is accepted.
//
// Everything on the reactor's thread. No callback runs inside a call.

#ifndef RINGDIST_RUNTIME_LISTENER_H_
#define RINGDIST_RUNTIME_LISTENER_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/log.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class Listener {
 public:
  // Gets a connected descriptor, which it owns. May call Close.
  using AcceptCallback = absl::AnyInvocable<void(int fd)>;
  using CloseCallback = absl::AnyInvocable<void()>;

  // Begins to accept.
  Listener(Reactor& reactor, std::unique_ptr<ListeningSocket> socket,
           AcceptCallback accepted, LogSink log);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  // Only in the callback of Close, or later.
  ~Listener();

  // Until the callback of Close runs.
  const ListeningSocket& socket() const { return *socket_; }

  // Accepts nothing any more: cancels, waits for the last completion, destroys
  // the socket, which removes its file, and calls `done`. A connection that is
  // accepted meanwhile is closed. Once.
  void Close(CloseCallback done);

 private:
  enum class State {
    kAccepting,  // An accept is in flight.
    kPausing,    // It failed; retry_ runs.
    kClosing,    // An accept is in flight, cancelled.
    kClosed,     // Nothing is in flight; closed_ is about to tell it.
    kTold,       // The socket is gone, and the callback knows it.
  };

  void ArmAccept();
  void OnAccepted(const Completion& completion);
  // An accept has ended: without a reason, or with an errno.
  void OnAcceptEnded(int error);
  void TurnOneAway();
  void ContinueClosing();
  void TellClosed();

  IoEngine& engine_;
  Reactor& reactor_;
  std::unique_ptr<ListeningSocket> socket_;
  AcceptCallback accepted_;
  const LogSink log_;
  CloseCallback done_;
  State state_ = State::kAccepting;
  bool trouble_was_told_ = false;  // In this episode.
  // Given up for a moment to accept a connection that is to be turned away.
  FileDescriptor spare_;
  Operation accept_ = Operation::To<&Listener::OnAccepted>(this);
  Timer retry_;
  Task closed_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_LISTENER_H_
