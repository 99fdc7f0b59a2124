// ErlUdsCarrier: the carrier of OTP's example erl_uds_dist. Nodes of one
// directory are one network: a node's alive name is the name of its Unix domain
// socket there, and the host part does not matter. There is no epmd.
//
//   ErlUdsOptions options;
//   options.directory = "/run/erlang";
//   absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> carrier =
//       ErlUdsCarrier::Create(reactor, options, SystemEntropy);
//   (*carrier)->Listen(*NodeName::Parse("cpp@localhost"));
//
// Beside the sockets <alive> it makes <alive>.lock (name_lock.h) and, with
// protocol version 5, <alive>.uds (creation_file.h).
//
// What happens when the name is taken is in socket_file.h, what dialling can
// bring in dial.h. Two carriers of one process share nothing.

#ifndef RINGDIST_RUNTIME_ERL_UDS_CARRIER_H_
#define RINGDIST_RUNTIME_ERL_UDS_CARRIER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/runtime/socket_options.h"

namespace ringdist {

struct ErlUdsOptions {
  // Where the sockets are: the current directory of the Erlang nodes.
  std::string directory = ".";
  // 6: a new creation above 3 each time. 5: 1 to 3, kept in a file.
  int protocol_version = 6;
  // Mode of the socket's file, whatever the umask is.
  uint32_t socket_mode = 0600;
  // Peers whose process belongs to another user pass CheckPeer; the cookie is
  // all that guards then. They need a socket_mode that lets them in, too.
  bool allow_other_users = false;
  // Connections that wait to be accepted, 1 to 65535. The system cuts it at
  // net.core.somaxconn.
  int backlog = 4096;

  // InvalidArgument names the field and the limit.
  absl::Status Validate() const;
};

// Whether a process of user `peer` may be the peer of one of user `own`.
// PermissionDenied with both.
absl::Status CheckUser(uid_t peer, uid_t own, bool allow_other_users);

class ErlUdsCarrier final : public Carrier {
 public:
  // Opens the directory; the process's current directory may change from then
  // on. Errors: what Validate says; NotFound and others for the directory.
  static absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> Create(
      Reactor& reactor, const ErlUdsOptions& options, EntropySource entropy);

  // Blocks for about 200 ms if a dead node's socket is in the way, and up to
  // 5 s while another node of that name is starting or ending.
  absl::StatusOr<std::unique_ptr<ListeningSocket>> Listen(
      const NodeName& name) override;

  std::unique_ptr<DialAttempt> Dial(const NodeName& peer, absl::Time deadline,
                                    DialCallback done) override;

  // By SO_PEERCRED: who connected, or who began to listen.
  absl::Status CheckPeer(int fd) override;

  absl::Status Configure(int fd,
                         absl::Span<const SocketOption> options) override;
  absl::StatusOr<std::vector<SocketOption>> Configuration(
      int fd, absl::Span<const std::string> names) override;

  // As address/0 and listen/1 of erl_uds_dist: {local, Path}, localhost, local,
  // stream. The address of who connected to us is empty, since that socket has
  // no name: AddressWithoutListening.
  NetAddress AddressOf(const NodeName& peer) const override;
  NetAddress AddressWithoutListening() const override;

 private:
  ErlUdsCarrier(Reactor& reactor, ErlUdsOptions options,
                SocketDirectory directory, EntropySource entropy)
      : reactor_(reactor),
        options_(std::move(options)),
        directory_(std::move(directory)),
        entropy_(std::move(entropy)) {}

  Reactor& reactor_;
  const ErlUdsOptions options_;
  const SocketDirectory directory_;
  const EntropySource entropy_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_ERL_UDS_CARRIER_H_
