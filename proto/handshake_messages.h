// The messages of the handshake: a plain struct for each, Encode and Decode.
//
// On the wire a message is a 16-bit length and a body; what is encoded and
// decoded here is the body. Integers are big-endian, names are Latin-1, except
// in the status "named:", where they are UTF-8.
//
//   send_name        'n' u16 5, u32 flags, name to the end          version 5
//                    'N' u64 flags, u32 creation, u16 length, name  version 6
//                    the same with NAME_ME, the name being a host   dynamic
//   status           's' "ok" "ok_simultaneous" "nok" "not_allowed" "alive"
//                    's' "named:" u16 length, name, u32 creation
//   answer to alive  's' "true" or "false"
//   challenge        'n' u16 5, u32 flags, u32 challenge, name      version 5
//                    'N' u64 flags, u32 challenge, u32 creation,
//                        u16 length, name                           version 6
//   complement       'c' u32 flags >> 32, u32 creation
//   challenge_reply  'r' u32 challenge, 16 bytes of digest
//   challenge_ack    'a' 16 bytes of digest
//
// Messages that end with a counted name or a creation may be longer than that:
// what follows is ignored, and so is the number after 'n', as OTP does. The
// other messages have exactly the size they have.
//
//   absl::StatusOr<SendName> name = DecodeSendName(body);
//   if (const auto* six = std::get_if<SendNameV6>(&*name)) Use(six->name);
//
// Decoders return InvalidArgument for everything else, with a text that begins
// with the message that was expected and says what came. The codec knows
// nothing of the order of messages: that is handshake.h.
//
// Source: dist_util.erl in OTP's lib/kernel/src, and "Distribution Handshake"
// in the chapter "Distribution Protocol" of the ERTS user's guide.

#ifndef RINGDIST_PROTO_HANDSHAKE_MESSAGES_H_
#define RINGDIST_PROTO_HANDSHAKE_MESSAGES_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

// From the initiator: who it is. In version 5 the creation and the upper half
// of the flags come in the complement, if at all.
struct SendNameV5 {
  uint32_t flags = 0;
  NodeName name;
  bool operator==(const SendNameV5&) const = default;
};
struct SendNameV6 {
  uint64_t flags = 0;
  uint32_t creation = 0;
  NodeName name;
  bool operator==(const SendNameV6&) const = default;
};
// From an initiator without a name: only its host, UTF-8. The flags have
// NAME_ME whether it is set here or not; the creation on the wire is 0.
struct SendNameDynamic {
  uint64_t flags = 0;
  std::string host;
  bool operator==(const SendNameDynamic&) const = default;
};
using SendName = std::variant<SendNameV5, SendNameV6, SendNameDynamic>;

// From the acceptor: whether it goes on.
struct PlainStatus {
  enum class Kind {
    kOk,              // Go on.
    kOkSimultaneous,  // Go on; the acceptor gave up its own attempt.
    kNok,             // No: the acceptor's own attempt goes on.
    kNotAllowed,      // No.
    kAlive,           // There is a connection already: is it dead for you?
  };
  Kind kind = Kind::kOk;
  bool operator==(const PlainStatus&) const = default;
};
// Go on, under this name.
struct NamedStatus {
  NodeName name;
  uint32_t creation = 0;
  bool operator==(const NamedStatus&) const = default;
};
using StatusMessage = std::variant<PlainStatus, NamedStatus>;

// From the initiator after kAlive: go on, the old connection is dead ("true"),
// or this attempt is of no use any more ("false").
struct AliveAnswer {
  bool still_pending = false;
  bool operator==(const AliveAnswer&) const = default;
};

// From the acceptor: who it is, and the number to digest.
struct ChallengeV5 {
  uint32_t flags = 0;
  uint32_t challenge = 0;
  NodeName name;
  bool operator==(const ChallengeV5&) const = default;
};
struct ChallengeV6 {
  uint64_t flags = 0;
  uint32_t challenge = 0;
  uint32_t creation = 0;
  NodeName name;
  bool operator==(const ChallengeV6&) const = default;
};
using Challenge = std::variant<ChallengeV5, ChallengeV6>;

// From an initiator that sent its name in version 5 and got a challenge in
// version 6: what had no room in the name.
struct Complement {
  uint32_t flags_high = 0;  // The upper half of the flags.
  uint32_t creation = 0;
  bool operator==(const Complement&) const = default;
};

// From the initiator: the digest of the acceptor's challenge, and its own.
struct ChallengeReply {
  uint32_t challenge = 0;
  Digest digest = {};
  bool operator==(const ChallengeReply&) const = default;
};

// From the acceptor: the digest of the initiator's challenge.
struct ChallengeAck {
  Digest digest = {};
  bool operator==(const ChallengeAck&) const = default;
};

std::string Encode(const SendNameV5& message);
std::string Encode(const SendNameV6& message);
std::string Encode(const SendNameDynamic& message);
std::string Encode(const PlainStatus& message);
std::string Encode(const NamedStatus& message);
std::string Encode(const AliveAnswer& message);
std::string Encode(const ChallengeV5& message);
std::string Encode(const ChallengeV6& message);
std::string Encode(const Complement& message);
std::string Encode(const ChallengeReply& message);
std::string Encode(const ChallengeAck& message);

absl::StatusOr<SendName> DecodeSendName(absl::string_view body);
absl::StatusOr<StatusMessage> DecodeStatus(absl::string_view body);
absl::StatusOr<AliveAnswer> DecodeAliveAnswer(absl::string_view body);
absl::StatusOr<Challenge> DecodeChallenge(absl::string_view body);
absl::StatusOr<Complement> DecodeComplement(absl::string_view body);
absl::StatusOr<ChallengeReply> DecodeChallengeReply(absl::string_view body);
absl::StatusOr<ChallengeAck> DecodeChallengeAck(absl::string_view body);

// One line for a log: "challenge flags=0xd07df7fbd challenge=3217268428
// creation=3287483198 name=srv@localhost". Digests are left out: a reader of
// the log could try cookies on them.
std::string ToString(const SendNameV5& message);
std::string ToString(const SendNameV6& message);
std::string ToString(const SendNameDynamic& message);
std::string ToString(const PlainStatus& message);
std::string ToString(const NamedStatus& message);
std::string ToString(const AliveAnswer& message);
std::string ToString(const ChallengeV5& message);
std::string ToString(const ChallengeV6& message);
std::string ToString(const Complement& message);
std::string ToString(const ChallengeReply& message);
std::string ToString(const ChallengeAck& message);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_HANDSHAKE_MESSAGES_H_
