// DistributionOptions: everything about a node at packet level that can be set,
// with its default. Every size that a peer controls has its limit here.

#ifndef RINGDIST_RUNTIME_DISTRIBUTION_OPTIONS_H_
#define RINGDIST_RUNTIME_DISTRIBUTION_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/capture.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/connection.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/log.h"

namespace ringdist {

struct DistributionOptions {
  // alive@host; or undefined@host: the first node this one connects to names
  // it, and it cannot listen.
  std::string name;
  // Shared secret of the nodes, at most 255 characters, as an atom.
  std::string cookie;
  // Where the sockets are: the current directory of the Erlang nodes.
  std::string directory = ".";
  // 6 as OTP 23 and later; 5 for the wire and the creations of before.
  int protocol_version = 6;

  // What this node announces, kHiddenNodeFlags or more; only what is
  // implemented by who handles the packets.
  uint64_t flags = kHiddenNodeFlags;
  // A peer must have these.
  uint64_t mandatory_flags = kMandatoryOtp25;
  // Peers that may connect to this node; empty: all that know the cookie.
  std::vector<std::string> allowed;
  // Also accept and dial processes of other users. The cookie still guards.
  bool allow_other_users = false;
  // Mode of the socket's file.
  uint32_t socket_mode = 0600;

  // net_kernel's settings: how long a step of the handshake may take (the whole
  // of it four times that), after which silence a peer is down, and how many
  // ticks that is.
  absl::Duration setup_time = absl::Seconds(7);
  absl::Duration net_ticktime = absl::Seconds(60);
  int net_tickintensity = 4;

  // A peer's packet may have so many bytes; a larger one ends its connection.
  size_t max_packet_bytes = 256 * 1024 * 1024;
  // Sending is refused while so many bytes wait, as `erl +zdbbl`.
  size_t send_queue_bytes = 1024 * 1024;
  // Connections at one time, those that are still shaking hands included.
  size_t max_connections = 65536;
  ConnectionLimits connection;

  // Where what happens is told in words; nowhere if empty.
  LogSink log;
  // Where the bytes of all connections are told; nowhere if empty.
  CaptureSink capture;
  // Another carrier than Unix domain sockets; then `directory`, `socket_mode`
  // and `allow_other_users` mean nothing.
  std::shared_ptr<Carrier> carrier;
  // Where challenges, creations and invented names come from; empty: the
  // system's getrandom.
  EntropySource entropy;

  // Whether the name is undefined@host, and that host.
  bool HasDynamicName() const;
  std::string DynamicNameHost() const;

  // InvalidArgument names the field and the limit.
  absl::Status Validate() const;
};

// A name that begins so is to be given by a peer.
inline constexpr absl::string_view kDynamicNamePrefix = "undefined@";
// How long a connection whose sending failed waits for the real reason.
inline constexpr absl::Duration kDeathRowTime = absl::Seconds(5);
// The handshake as a whole may take so many setup times.
inline constexpr int kMaxSetupTimes = 4;

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_DISTRIBUTION_OPTIONS_H_
