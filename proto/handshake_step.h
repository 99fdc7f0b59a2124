// What goes into a handshake and what comes out of it: the types that
// HandshakeInitiator and HandshakeAcceptor (handshake.h) share.

#ifndef RINGDIST_PROTO_HANDSHAKE_STEP_H_
#define RINGDIST_PROTO_HANDSHAKE_STEP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

// This node, as it presents itself in a handshake.
struct LocalNode {
  // Empty: the peer is asked for a name. Only an initiator can do that.
  NodeName name;
  // The host of the name to be given; used only if `name` is empty.
  std::string host;
  uint32_t creation = 0;
  // What is announced. HANDSHAKE_23 and NAME_ME are set as they apply, and for
  // version 5 what that version cannot carry is left out (VersionFiveFlags).
  uint64_t flags = kHiddenNodeFlags;
  // A peer that lacks one of these is refused.
  uint64_t mandatory_flags = kMandatoryOtp25;
  std::string cookie;
  int protocol_version = 6;  // Or 5, as before OTP 23.
  // The acceptor's allow-list; empty allows everybody. A peer that asks for a
  // name is on no list.
  std::vector<NodeName> allowed;
};

// What to do after a call.
struct HandshakeStep {
  enum class Next {
    // Feed the next packet to OnPacket.
    kWaitForPacket,
    // Initiator: the peer's own attempt to connect goes first ("nok"). Keep
    // this attempt in the table until that one takes its place, or the timer
    // ends it; that the peer closes this connection now means nothing.
    kWaitToBeSuperseded,
    // Initiator: call AnswerStillPending.
    kAskStillPending,
    // Acceptor: look peer() up in the table of connections, call Decide.
    kAskConnection,
    // Acceptor: invent a name at peer_host() (dynamic_name.h) that the table
    // does not know, and a creation; call GiveName.
    kAskName,
    // Done, see result(). From here on packets have 4-byte headers.
    kUp,
    // Over: send what there is to send, close, and tell `error`.
    kFailed,
  };
  Next next = Next::kFailed;
  std::string send;    // Whole packets, to be sent before anything else.
  absl::Status error;  // With kFailed: which peer, what happened, what to do.
};

// How a connection came out.
struct HandshakeResult {
  NodeName own_name;  // Another than before if the peer gave it.
  uint32_t own_creation = 0;
  bool named_by_peer = false;  // The peer gave this node its name.

  NodeName peer;
  uint32_t peer_creation = 0;     // 0: not known, the peer speaks version 5.
  uint64_t peer_flags = 0;        // Normalized.
  int peer_protocol_version = 6;  // The one that both spoke: 6 or 5.
  bool named_peer = false;        // This node gave the peer its name.

  uint64_t flags = 0;  // Negotiated: what this connection may use.
  // "alive" was answered with "true". The acceptor's owner takes the old
  // connection down before it sends this step's bytes.
  bool replaces_old_connection = false;
};

// What the table of connections says about a peer that dialled us.
enum class ConnectionDecision {
  kOk,              // There is nothing for this peer.
  kOkSimultaneous,  // Our own attempt was given up for this one.
  kNok,             // Our own attempt goes first.
  kAlive,           // There is a connection: ask the peer whether it is dead.
  kRefuse,          // There are two already: close without a status.
};

namespace internal_handshake {

// The flags this node announces; `with_name_me`: it asks for a name, or gives
// one. Whoever has a dynamic name is hidden.
uint64_t AnnouncedFlags(const LocalNode& local, bool with_name_me);

// The flags it requires.
uint64_t RequiredFlags(const LocalNode& local);

// A message with its 2-byte header.
std::string Packet(absl::string_view body);

}  // namespace internal_handshake
}  // namespace ringdist

#endif  // RINGDIST_PROTO_HANDSHAKE_STEP_H_
