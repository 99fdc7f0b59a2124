// InventName: a name for a node that asks for one in the handshake.
//
//   absl::StatusOr<NodeName> name = InventName(entropy, "localhost");
//   name->full();  // "3OTW8H2E658W2@localhost"
//
// As OTP does it: a random 64-bit number in upper-case base 36
// (generate_node_name/2 in lib/kernel/src/net_kernel.erl). The caller makes
// sure that the name is not in use, and else invents another.

#ifndef RINGDIST_PROTO_DYNAMIC_NAME_H_
#define RINGDIST_PROTO_DYNAMIC_NAME_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

// InvalidArgument if `host` (UTF-8) cannot be part of a name, or makes it too
// long.
absl::StatusOr<NodeName> InventName(uint64_t entropy, absl::string_view host);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_DYNAMIC_NAME_H_
