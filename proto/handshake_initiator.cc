#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/handshake.h"

namespace ringdist {

namespace {

using internal_handshake::AnnouncedFlags;
using internal_handshake::Packet;
using internal_handshake::RequiredFlags;
using Next = HandshakeStep::Next;

// The form a name is sent in. A node that is to be named needs version 6, which
// alone has room for NAME_ME.
bool SendsVersionFive(const LocalNode& local, std::optional<int> peer_version) {
  if (local.protocol_version == 5) return true;
  return !local.name.empty() && peer_version.value_or(5) == 5;
}

}  // namespace

HandshakeInitiator::HandshakeInitiator(LocalNode local, NodeName peer,
                                       std::optional<int> peer_version,
                                       uint32_t challenge)
    : local_(std::move(local)),
      sends_version_five_(SendsVersionFive(local_, peer_version)),
      our_flags_(AnnouncedFlags(local_, local_.name.empty())),
      our_challenge_(challenge) {
  RINGDIST_CHECK(!peer.empty());
  result_.own_name = local_.name;
  result_.own_creation = local_.creation;
  result_.peer = std::move(peer);
}

HandshakeStep HandshakeInitiator::Start() {
  RINGDIST_CHECK(state_ == State::kIdle);
  std::string name;
  if (sends_version_five_) {
    if (local_.name.empty()) {
      return Fail(absl::FailedPreconditionError(
          "a node of protocol version 5 cannot be named by its peer; "
          "give it a name"));
    }
    name = Encode(SendNameV5{static_cast<uint32_t>(our_flags_), local_.name});
  } else if (local_.name.empty()) {
    const absl::Status host = ValidateHost(local_.host);
    if (!host.ok()) return Fail(host);
    name = Encode(SendNameDynamic{our_flags_, local_.host});
  } else {
    name = Encode(SendNameV6{our_flags_, local_.creation, local_.name});
  }
  return Go(State::kAwaitStatus, Next::kWaitForPacket, Packet(name));
}

HandshakeStep HandshakeInitiator::OnPacket(absl::string_view body) {
  switch (state_) {
    case State::kAwaitStatus:
      return OnStatus(body);
    case State::kAwaitChallenge:
      return OnChallenge(body);
    case State::kAwaitAck:
      return OnAck(body);
    case State::kAskOwner:
    case State::kAwaitSuccessor:
      return Fail(
          absl::InvalidArgumentError("it sent a packet where it had to wait"));
    case State::kIdle:
    case State::kUp:
    case State::kFailed:
      break;
  }
  CheckFailed(__FILE__, __LINE__, "OnPacket: handshake under way", "");
}

HandshakeStep HandshakeInitiator::OnStatus(absl::string_view body) {
  const absl::StatusOr<StatusMessage> status = DecodeStatus(body);
  if (!status.ok()) {
    return Fail(status.status());
  }
  if (const auto* named = std::get_if<NamedStatus>(&*status)) {
    return OnNamed(*named);
  }
  return OnPlainStatus(std::get<PlainStatus>(*status));
}

HandshakeStep HandshakeInitiator::OnPlainStatus(const PlainStatus& status) {
  if (status.kind == PlainStatus::Kind::kNotAllowed) {
    return Fail(absl::PermissionDeniedError(
        "it answered not_allowed: this node is not on its allow-list "
        "or lacks a flag it requires; its log tells which"));
  }
  if (local_.name.empty()) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("was asked for a name and answered ", ToString(status))));
  }
  switch (status.kind) {
    case PlainStatus::Kind::kOk:
    case PlainStatus::Kind::kOkSimultaneous:
      return Go(State::kAwaitChallenge, Next::kWaitForPacket, "");
    case PlainStatus::Kind::kAlive:
      return Go(State::kAskOwner, Next::kAskStillPending, "");
    case PlainStatus::Kind::kNok:
      return Go(State::kAwaitSuccessor, Next::kWaitToBeSuperseded, "");
    case PlainStatus::Kind::kNotAllowed:
      break;  // Above.
  }
  CheckFailed(__FILE__, __LINE__, "PlainStatus::Kind", "");
}

HandshakeStep HandshakeInitiator::OnNamed(const NamedStatus& named) {
  if (!local_.name.empty()) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("it named this node ", named.name.full(),
                     ", which has a name and did not ask")));
  }
  if (named.name.host() != local_.host) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("it named this node ", named.name.full(),
                     ", whose host is ", local_.host)));
  }
  result_.own_name = named.name;
  result_.own_creation = named.creation;
  result_.named_by_peer = true;
  return Go(State::kAwaitChallenge, Next::kWaitForPacket, "");
}

HandshakeStep HandshakeInitiator::AnswerStillPending(bool still_pending) {
  RINGDIST_CHECK(state_ == State::kAskOwner);
  std::string answer = Packet(Encode(AliveAnswer{still_pending}));
  if (!still_pending) {
    return Fail(
        absl::AbortedError("this attempt is no longer the one that counts"),
        std::move(answer));
  }
  result_.replaces_old_connection = true;
  return Go(State::kAwaitChallenge, Next::kWaitForPacket, std::move(answer));
}

HandshakeStep HandshakeInitiator::OnChallenge(absl::string_view body) {
  absl::StatusOr<Challenge> message = DecodeChallenge(body);
  if (!message.ok()) {
    return Fail(message.status());
  }
  ChallengeV6 challenge;
  if (const auto* five = std::get_if<ChallengeV5>(&*message)) {
    challenge = {five->flags, five->challenge, /*creation=*/0, five->name};
    result_.peer_protocol_version = 5;
  } else {
    challenge = std::get<ChallengeV6>(*std::move(message));
  }
  absl::Status acceptable = CheckChallenge(challenge);
  if (!acceptable.ok()) {
    return Fail(acceptable);
  }
  result_.peer_creation = challenge.creation;
  result_.peer_flags = NormalizeFlags(challenge.flags);
  result_.flags = Negotiate(our_flags_, challenge.flags);
  return Reply(challenge.challenge);
}

absl::Status HandshakeInitiator::CheckChallenge(
    const ChallengeV6& challenge) const {
  const bool is_version_five = result_.peer_protocol_version == 5;
  if (is_version_five && !sends_version_five_) {
    return absl::InvalidArgumentError(
        "its challenge is of version 5, where this node spoke version 6");
  }
  if (!is_version_five && local_.protocol_version == 5) {
    return absl::InvalidArgumentError(
        "its challenge is of version 6, and this node is of version 5; run "
        "both with the same protocol version");
  }
  if (challenge.name != result_.peer) {
    return absl::InvalidArgumentError(absl::StrCat(
        "it calls itself ", challenge.name.full(), "; dial it by that name"));
  }
  const uint64_t missing =
      MissingMandatory(RequiredFlags(local_), challenge.flags);
  if (missing != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("it ", DescribeMissing(missing)));
  }
  if (local_.name.empty() && (challenge.flags & kDflagNameMe) == 0) {
    return absl::InvalidArgumentError(
        "it named this node, and its challenge lacks NAME_ME");
  }
  return absl::OkStatus();
}

HandshakeStep HandshakeInitiator::Reply(uint32_t their_challenge) {
  const absl::StatusOr<Digest> digest =
      CookieDigest(local_.cookie, their_challenge);
  if (!digest.ok()) {
    return Fail(digest.status());
  }
  std::string packets;
  if (sends_version_five_ && result_.peer_protocol_version == 6) {
    packets = Packet(Encode(
        Complement{static_cast<uint32_t>(our_flags_ >> 32), local_.creation}));
  }
  packets += Packet(Encode(ChallengeReply{our_challenge_, *digest}));
  return Go(State::kAwaitAck, Next::kWaitForPacket, std::move(packets));
}

HandshakeStep HandshakeInitiator::OnAck(absl::string_view body) {
  const absl::StatusOr<ChallengeAck> ack = DecodeChallengeAck(body);
  if (!ack.ok()) return Fail(ack.status());
  const absl::StatusOr<Digest> digest =
      CookieDigest(local_.cookie, our_challenge_);
  if (!digest.ok()) {
    return Fail(digest.status());
  }
  if (!DigestsEqual(*digest, ack->digest)) {
    return Fail(absl::UnauthenticatedError(
        "bad cookie: its digest is wrong; give both nodes one cookie"));
  }
  return Go(State::kUp, Next::kUp, "");
}

absl::string_view HandshakeInitiator::Awaits() const {
  switch (state_) {
    case State::kAwaitStatus:
      return "its status";
    case State::kAwaitSuccessor:
      return "its own attempt to connect, which goes first";
    case State::kAwaitChallenge:
      return "its challenge";
    case State::kAwaitAck:
      return "its challenge_ack; a peer with another cookie closes here";
    case State::kIdle:
    case State::kAskOwner:
    case State::kUp:
    case State::kFailed:
      break;
  }
  return "nothing";
}

HandshakeStep HandshakeInitiator::Go(State state, Next next, std::string send) {
  state_ = state;
  return {next, std::move(send), absl::OkStatus()};
}

HandshakeStep HandshakeInitiator::Fail(const absl::Status& what,
                                       std::string send) {
  state_ = State::kFailed;
  return {Next::kFailed, std::move(send),
          absl::Status(what.code(),
                       absl::StrCat("handshake with ", result_.peer.full(),
                                    ": ", what.message()))};
}

}  // namespace ringdist
