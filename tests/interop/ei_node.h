// EiNode: a C node, as Erlang's own library for C (ei) makes one, that talks to
// a node over its Unix socket: ei lets its user bring sockets of his own.
//
//   absl::StatusOr<std::unique_ptr<EiNode>> ei =
//       EiNode::Connect("ei@localhost", "cookie", "/run/nodes/srv");
//   absl::StatusOr<Term> sum = (*ei)->Rpc("m", "add", MakeTerm(...));
//
// It blocks, for at most 20 s: call it from another thread than the reactor's.

#ifndef RINGDIST_TESTS_INTEROP_EI_NODE_H_
#define RINGDIST_TESTS_INTEROP_EI_NODE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"

namespace ringdist {

class EiNode {
 public:
  // `path` is the socket of the node that it connects to.
  static absl::StatusOr<std::unique_ptr<EiNode>> Connect(
      const std::string& name, const std::string& cookie,
      const std::string& path);
  EiNode(const EiNode&) = delete;
  EiNode& operator=(const EiNode&) = delete;
  ~EiNode();

  // ei_rpc: `arguments` is a list.
  absl::StatusOr<Term> Rpc(const std::string& module,
                           const std::string& function, const Term& arguments);
  // ei_reg_send and ei_xreceive_msg: the next message that comes.
  absl::Status Send(const std::string& name, const Term& message);
  absl::StatusOr<Term> Receive();

  // ei_self.
  Pid self() const;

 private:
  struct Connection;
  explicit EiNode(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_EI_NODE_H_
