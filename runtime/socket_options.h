// Socket options of connections: what SetOptions and GetOptions of a node deal
// in, and how they reach a socket.
//
//   absl::Status valid = ValidateSocketOptions({{"sndbuf", 262144}});
//   if (valid.ok()) absl::Status set = SetSocketOptions(fd, options);
//
// They are named as in Erlang's inet:setopts/2:
//
//   sndbuf    SO_SNDBUF, bytes     the system doubles it when it is read back
//   recbuf    SO_RCVBUF, bytes     the same
//   priority  SO_PRIORITY          above 6 needs CAP_NET_ADMIN
//
// As in OTP's carriers (setopts/2 in erl_uds_dist.erl) the three that the
// distribution itself depends on, active, deliver and packet, are refused by
// name.

#ifndef RINGDIST_RUNTIME_SOCKET_OPTIONS_H_
#define RINGDIST_RUNTIME_SOCKET_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace ringdist {

struct SocketOption {
  std::string name;
  int value = 0;

  bool operator==(const SocketOption& other) const = default;
};

// InvalidArgument that names every offender: the forbidden ones ("badopts"),
// those that do not exist, negative values. Pure.
absl::Status ValidateSocketOptions(absl::Span<const SocketOption> options);

// Sets valid options of a socket, in this order. Errors name the option; those
// before it are set then.
absl::Status SetSocketOptions(int fd, absl::Span<const SocketOption> options);

// Reads options of a socket, in this order. InvalidArgument if there is none of
// a name.
absl::StatusOr<std::vector<SocketOption>> GetSocketOptions(
    int fd, absl::Span<const std::string> names);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SOCKET_OPTIONS_H_
