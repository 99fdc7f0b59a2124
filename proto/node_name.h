// NodeName: the name of a node, alive@host, checked once when it is parsed.
//
//   absl::StatusOr<NodeName> name = NodeName::Parse("cpp@localhost");
//   name->alive();  // "cpp": in the erl_uds carrier also the socket's path
//   name->host();   // "localhost"
//
// The rules are net_kernel's (valid_name_head/1, valid_name_tail/1 in OTP's
// lib/kernel/src/net_kernel.erl): the alive name matches ^[0-9A-Za-z_\-]+$ and
// the host consists of Latin-1 characters from '!' to U+00FF without '@'.
// On top of that a whole name has at most 255 characters, as every atom.
//
// A NodeName holds UTF-8, as atoms in terms do. On the wire of the handshake
// names are Latin-1: FromLatin1 and ToLatin1 convert.
//
// Values are immutable, cheap to move, and compare in Erlang's atom order.

#ifndef RINGDIST_PROTO_NODE_NAME_H_
#define RINGDIST_PROTO_NODE_NAME_H_

#include <compare>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ringdist {

// Characters in an Erlang atom, and so in a node's name.
inline constexpr size_t kMaxAtomCharacters = 255;

class NodeName {
 public:
  // The name of nobody: what a node has that is to be named by the first node
  // it connects to. empty() is true.
  NodeName() = default;

  // Parses UTF-8. InvalidArgument names the text, and the rule it breaks.
  static absl::StatusOr<NodeName> Parse(absl::string_view text);

  // Parses what a peer sent in a handshake message.
  static absl::StatusOr<NodeName> FromLatin1(absl::string_view bytes);

  bool empty() const { return full_.empty(); }
  // The whole name, UTF-8.
  const std::string& full() const { return full_; }
  absl::string_view alive() const {
    return absl::string_view(full_).substr(0, at_);
  }
  absl::string_view host() const {
    return empty() ? absl::string_view()
                   : absl::string_view(full_).substr(at_ + 1);
  }
  // The whole name as the handshake writes it.
  std::string ToLatin1() const;

  bool operator==(const NodeName& other) const { return full_ == other.full_; }
  // Erlang's order of atoms: by code point, which UTF-8 keeps.
  std::strong_ordering operator<=>(const NodeName& other) const {
    return full_.compare(other.full_) <=> 0;
  }

  template <typename H>
  friend H AbslHashValue(H state, const NodeName& name) {
    return H::combine(std::move(state), name.full_);
  }

 private:
  NodeName(std::string full, size_t at) : full_(std::move(full)), at_(at) {}

  std::string full_;
  size_t at_ = 0;  // Where the '@' is.
};

// Checks one half of a name by the rules above: for a node that gets its name
// from a peer only the host is known, and `ringdist ping` invents the alive
// part. `what` begins the error text.
absl::Status ValidateHost(absl::string_view host);

// Converts between the two encodings. Utf8ToLatin1 fails on characters above
// U+00FF and on malformed UTF-8.
absl::StatusOr<std::string> Utf8ToLatin1(absl::string_view utf8);
std::string Latin1ToUtf8(absl::string_view latin1);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_NODE_NAME_H_
