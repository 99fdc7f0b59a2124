// Carrier: how a node's name becomes an address, how to listen and how to dial.
// erl_uds_carrier.h is the one for Unix domain sockets. Nothing above this
// interface knows which carrier it has.

#ifndef RINGDIST_RUNTIME_CARRIER_H_
#define RINGDIST_RUNTIME_CARRIER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/socket_options.h"

namespace ringdist {

// OTP's #net_address{}: where a node is, as the net_kernel would show it.
struct NetAddress {
  std::string address;  // The socket's path; empty: an unnamed socket.
  std::string host;
  std::string family;
  std::string protocol;

  bool operator==(const NetAddress& other) const = default;
};

// A socket that listens under a node's name. Destroying it gives the name back:
// what was made in the file system is removed, if it still is ours.
class ListeningSocket {
 public:
  virtual ~ListeningSocket() = default;

  // Valid as long as the object.
  virtual int fd() const = 0;
  virtual const NetAddress& address() const = 0;
  // What tells this instance of the node from earlier ones of that name.
  virtual uint32_t creation() const = 0;
};

// An attempt to reach a peer. Its callback runs exactly once, never inside Dial
// or Cancel; then, and only then, it may be destroyed.
class DialAttempt {
 public:
  virtual ~DialAttempt() = default;

  // Gives up: the callback comes soon, with Cancelled if nothing else was
  // faster.
  virtual void Cancel() = 0;
};

// Outlives the sockets and attempts it made.
class Carrier {
 public:
  // Gets a connected descriptor, which it owns, or why there is none.
  using DialCallback = absl::AnyInvocable<void(absl::StatusOr<int> fd)>;

  virtual ~Carrier() = default;

  // Starts to listen as `name`. May block for a fraction of a second. Errors:
  // AlreadyExists if a live node has that name, and what the system says.
  virtual absl::StatusOr<std::unique_ptr<ListeningSocket>> Listen(
      const NodeName& name) = 0;

  // Starts to connect to `peer`; gives up at `deadline` with DeadlineExceeded.
  virtual std::unique_ptr<DialAttempt> Dial(const NodeName& peer,
                                            absl::Time deadline,
                                            DialCallback done) = 0;

  // Whether who is at the other end of a connection may be there at all, before
  // a byte is read. PermissionDenied says who it is.
  virtual absl::Status CheckPeer(int fd) = 0;

  // Sets options of a connection, or of a socket that listens, and reads them
  // back as the system took them; see socket_options.h. What a socket that
  // listens has is not inherited by the connections it accepts.
  virtual absl::Status Configure(int fd,
                                 absl::Span<const SocketOption> options) = 0;
  virtual absl::StatusOr<std::vector<SocketOption>> Configuration(
      int fd, absl::Span<const std::string> names) = 0;

  // The address of a peer that was dialled, and, without its `address`, what a
  // node that does not listen shows (OTP's address/0).
  virtual NetAddress AddressOf(const NodeName& peer) const = 0;
  virtual NetAddress AddressWithoutListening() const = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CARRIER_H_
