// HandshakeInitiator and HandshakeAcceptor: the two roles of the handshake, as
// state machines without I/O. They are fed packets and decisions, and each call
// returns a HandshakeStep: what to send, and what comes next.
//
//   HandshakeInitiator handshake(local, *NodeName::Parse("srv@localhost"),
//                                /*peer_version=*/6, random_challenge);
//   HandshakeStep step = handshake.Start();
//   while (true) {
//     Send(step.send);
//     switch (step.next) {
//       case HandshakeStep::Next::kWaitForPacket:
//         step = handshake.OnPacket(NextPacket());
//         break;
//       case HandshakeStep::Next::kAskStillPending:
//         step = handshake.AnswerStillPending(table.IsStillPending(id));
//         break;
//       case HandshakeStep::Next::kUp:
//         return Up(handshake.result());
//       case HandshakeStep::Next::kFailed:
//         return Close(step.error);
//       ...
//     }
//   }
//
// Time is the owner's: it starts a timer of 7 s with the first step, restarts
// it with each step that does not fail, and bounds the whole. So is entropy:
// challenges must be random and used once. Which connection wins when two nodes
// dial each other is decided by the owner's table (runtime/connection_table.h).
//
// The rules are those of dist_util.erl in OTP's lib/kernel/src
// (handshake_we_started/1, handshake_other_started/1); PROTOCOL.md next to this
// file tells them in words. A peer's mistake is a kFailed step. Calls out of
// order are the owner's mistake and fail a CHECK. Use an object from one
// thread.

#ifndef RINGDIST_PROTO_HANDSHAKE_H_
#define RINGDIST_PROTO_HANDSHAKE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/proto/handshake_step.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

class HandshakeInitiator {
 public:
  // Dials `peer`. `peer_version` is its protocol version: 6, 5, or nothing if
  // it is not known, and then the name is sent in version 5, which OTP 25.0 to
  // 25.2 refuse. `challenge` is a fresh random number.
  HandshakeInitiator(LocalNode local, NodeName peer,
                     std::optional<int> peer_version, uint32_t challenge);

  HandshakeStep Start();
  HandshakeStep OnPacket(absl::string_view body);
  // Whether the attempt is still the table's pending one for this peer.
  HandshakeStep AnswerStillPending(bool still_pending);

  // After kUp.
  const HandshakeResult& result() const { return result_; }
  // For an error when the peer closes or time is up: "its challenge".
  absl::string_view Awaits() const;

 private:
  enum class State {
    kIdle,            // Start has not been called.
    kAwaitStatus,     // Our name is out.
    kAskOwner,        // Got "alive"; AnswerStillPending is next.
    kAwaitSuccessor,  // Got "nok"; nothing more is expected here.
    kAwaitChallenge,  // The status said to go on.
    kAwaitAck,        // Our reply is out.
    kUp,              // The peer's digest was right.
    kFailed,          // Over.
  };

  HandshakeStep Go(State state, HandshakeStep::Next next, std::string send);
  HandshakeStep Fail(const absl::Status& what, std::string send = "");
  HandshakeStep OnStatus(absl::string_view body);
  HandshakeStep OnPlainStatus(const PlainStatus& status);
  HandshakeStep OnNamed(const NamedStatus& named);
  HandshakeStep OnChallenge(absl::string_view body);
  absl::Status CheckChallenge(const ChallengeV6& challenge) const;
  HandshakeStep Reply(uint32_t their_challenge);
  HandshakeStep OnAck(absl::string_view body);

  LocalNode local_;
  bool sends_version_five_;  // The form its send_name has.
  uint64_t our_flags_;
  uint32_t our_challenge_;
  State state_ = State::kIdle;
  HandshakeResult result_;
};

class HandshakeAcceptor {
 public:
  // Accepts as `local`, which must have a name. `challenge` is a fresh random
  // number.
  HandshakeAcceptor(LocalNode local, uint32_t challenge);

  HandshakeStep OnPacket(absl::string_view body);
  HandshakeStep Decide(ConnectionDecision decision);
  // `name` has the host peer_host().
  HandshakeStep GiveName(NodeName name, uint32_t creation);

  // The peer; empty until it said its name, or was given one.
  const NodeName& peer() const { return result_.peer; }
  const std::string& peer_host() const { return peer_host_; }
  // After kUp.
  const HandshakeResult& result() const { return result_; }
  // For an error when the peer closes or time is up: "its send_name".
  absl::string_view Awaits() const;

 private:
  enum class State {
    kAwaitName,         // Nothing has come yet.
    kAskOwner,          // The name is good; Decide or GiveName is next.
    kAwaitAliveAnswer,  // "alive" is out.
    kAwaitComplement,   // The challenge is out; the rest of the flags is due.
    kAwaitReply,        // The challenge is out.
    kUp,                // The peer's digest was right, ours is in the step.
    kFailed,            // Over.
  };

  HandshakeStep Go(State state, HandshakeStep::Next next, std::string send);
  HandshakeStep Fail(const absl::Status& what, std::string send = "");
  HandshakeStep NotAllowed(absl::string_view why);
  HandshakeStep OnName(absl::string_view body);
  HandshakeStep OnAliveAnswer(absl::string_view body);
  HandshakeStep SendChallenge(std::string packets);
  HandshakeStep OnComplement(absl::string_view body);
  HandshakeStep OnReply(absl::string_view body);
  void Take(const SendNameV5& name);
  void Take(const SendNameV6& name);
  void Take(const SendNameDynamic& name);
  bool IsAllowed() const;

  LocalNode local_;
  uint32_t our_challenge_;
  uint64_t our_flags_ = 0;
  std::string peer_host_;           // Of a peer that asks for a name.
  bool complement_is_due_ = false;  // The peer's name came in version 5.
  State state_ = State::kAwaitName;
  HandshakeResult result_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_HANDSHAKE_H_
