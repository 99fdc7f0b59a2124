#include <algorithm>
#include <cstdint>
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

std::string StatusPacket(PlainStatus::Kind kind) {
  return Packet(Encode(PlainStatus{kind}));
}

}  // namespace

HandshakeAcceptor::HandshakeAcceptor(LocalNode local, uint32_t challenge)
    : local_(std::move(local)), our_challenge_(challenge) {
  RINGDIST_CHECK(!local_.name.empty());
  result_.own_name = local_.name;
  result_.own_creation = local_.creation;
}

HandshakeStep HandshakeAcceptor::OnPacket(absl::string_view body) {
  switch (state_) {
    case State::kAwaitName:
      return OnName(body);
    case State::kAwaitAliveAnswer:
      return OnAliveAnswer(body);
    case State::kAwaitComplement:
      return OnComplement(body);
    case State::kAwaitReply:
      return OnReply(body);
    case State::kAskOwner:
      return Fail(absl::InvalidArgumentError(
          "it sent a packet where it had to wait for the status"));
    case State::kUp:
    case State::kFailed:
      break;
  }
  CheckFailed(__FILE__, __LINE__, "OnPacket: handshake under way", "");
}

HandshakeStep HandshakeAcceptor::OnName(absl::string_view body) {
  const absl::StatusOr<SendName> message = DecodeSendName(body);
  if (!message.ok()) return Fail(message.status());
  const bool is_version_five = std::holds_alternative<SendNameV5>(*message);
  std::visit([this](const auto& name) { Take(name); }, *message);
  if (!is_version_five && local_.protocol_version == 5) {
    return Fail(absl::InvalidArgumentError(
        "it speaks version 6, and this node is of version 5; run both with the "
        "same protocol version"));
  }
  our_flags_ = AnnouncedFlags(local_, /*with_name_me=*/!peer_host_.empty());
  const uint64_t common = Negotiate(our_flags_, result_.peer_flags);
  const bool answers_version_six = (common & kDflagHandshake23) != 0;
  result_.peer_protocol_version = answers_version_six ? 6 : 5;
  complement_is_due_ = is_version_five && answers_version_six;
  if (!IsAllowed()) return NotAllowed("it is not on the allow-list");
  // What the complement brings cannot be missed yet.
  const uint64_t required =
      RequiredFlags(local_) & (complement_is_due_ ? 0xFFFFFFFF : ~uint64_t{0});
  const uint64_t missing = MissingMandatory(required, result_.peer_flags);
  if (missing != 0) {
    return NotAllowed(absl::StrCat("it ", DescribeMissing(missing)));
  }
  return Go(State::kAskOwner,
            peer_host_.empty() ? Next::kAskConnection : Next::kAskName, "");
}

void HandshakeAcceptor::Take(const SendNameV5& name) {
  result_.peer = name.name;
  result_.peer_flags = NormalizeFlags(name.flags);
}

void HandshakeAcceptor::Take(const SendNameV6& name) {
  result_.peer = name.name;
  result_.peer_flags = NormalizeFlags(name.flags);
  result_.peer_creation = name.creation;
}

void HandshakeAcceptor::Take(const SendNameDynamic& name) {
  peer_host_ = name.host;
  result_.peer_flags = NormalizeFlags(name.flags);
}

bool HandshakeAcceptor::IsAllowed() const {
  return local_.allowed.empty() ||
         std::find(local_.allowed.begin(), local_.allowed.end(),
                   result_.peer) != local_.allowed.end();
}

HandshakeStep HandshakeAcceptor::Decide(ConnectionDecision decision) {
  RINGDIST_CHECK(state_ == State::kAskOwner && peer_host_.empty());
  switch (decision) {
    case ConnectionDecision::kOk:
      return SendChallenge(StatusPacket(PlainStatus::Kind::kOk));
    case ConnectionDecision::kOkSimultaneous:
      return SendChallenge(StatusPacket(PlainStatus::Kind::kOkSimultaneous));
    case ConnectionDecision::kNok:
      return Fail(absl::AbortedError("this node's own attempt goes first"),
                  StatusPacket(PlainStatus::Kind::kNok));
    case ConnectionDecision::kAlive:
      return Go(State::kAwaitAliveAnswer, Next::kWaitForPacket,
                StatusPacket(PlainStatus::Kind::kAlive));
    case ConnectionDecision::kRefuse:
      return Fail(absl::AbortedError(
          "there is a connection, and another one about to replace it; this "
          "is the third"));
  }
  CheckFailed(__FILE__, __LINE__, "ConnectionDecision", "");
}

HandshakeStep HandshakeAcceptor::GiveName(NodeName name, uint32_t creation) {
  RINGDIST_CHECK(state_ == State::kAskOwner && !peer_host_.empty());
  RINGDIST_CHECK_EQ(name.host(), peer_host_);
  result_.peer = std::move(name);
  result_.peer_creation = creation;
  result_.named_peer = true;
  return SendChallenge(Packet(Encode(NamedStatus{result_.peer, creation})));
}

HandshakeStep HandshakeAcceptor::OnAliveAnswer(absl::string_view body) {
  const absl::StatusOr<AliveAnswer> answer = DecodeAliveAnswer(body);
  if (!answer.ok()) return Fail(answer.status());
  if (!answer->still_pending) {
    return Fail(absl::AbortedError("it gave up; the old connection stays"));
  }
  result_.replaces_old_connection = true;
  return SendChallenge("");
}

HandshakeStep HandshakeAcceptor::SendChallenge(std::string packets) {
  if (result_.peer_protocol_version == 5) {
    packets += Packet(Encode(ChallengeV5{static_cast<uint32_t>(our_flags_),
                                         our_challenge_, local_.name}));
  } else {
    packets += Packet(Encode(
        ChallengeV6{our_flags_, our_challenge_, local_.creation, local_.name}));
  }
  return Go(complement_is_due_ ? State::kAwaitComplement : State::kAwaitReply,
            Next::kWaitForPacket, std::move(packets));
}

HandshakeStep HandshakeAcceptor::OnComplement(absl::string_view body) {
  const absl::StatusOr<Complement> complement = DecodeComplement(body);
  if (!complement.ok()) return Fail(complement.status());
  result_.peer_flags = NormalizeFlags(result_.peer_flags |
                                      uint64_t{complement->flags_high} << 32);
  result_.peer_creation = complement->creation;
  const uint64_t missing =
      MissingMandatory(RequiredFlags(local_), result_.peer_flags);
  if (missing != 0) {
    return NotAllowed(absl::StrCat("it ", DescribeMissing(missing)));
  }
  return Go(State::kAwaitReply, Next::kWaitForPacket, "");
}

HandshakeStep HandshakeAcceptor::OnReply(absl::string_view body) {
  const absl::StatusOr<ChallengeReply> reply = DecodeChallengeReply(body);
  if (!reply.ok()) return Fail(reply.status());
  const absl::StatusOr<Digest> expected =
      CookieDigest(local_.cookie, our_challenge_);
  if (!expected.ok()) return Fail(expected.status());
  if (!DigestsEqual(*expected, reply->digest)) {
    return Fail(absl::UnauthenticatedError(
        "bad cookie: its digest is wrong; give both nodes one cookie"));
  }
  const absl::StatusOr<Digest> ours =
      CookieDigest(local_.cookie, reply->challenge);
  if (!ours.ok()) return Fail(ours.status());
  result_.flags = Negotiate(our_flags_, result_.peer_flags);
  return Go(State::kUp, Next::kUp, Packet(Encode(ChallengeAck{*ours})));
}

absl::string_view HandshakeAcceptor::Awaits() const {
  switch (state_) {
    case State::kAwaitName:
      return "its send_name";
    case State::kAwaitAliveAnswer:
      return "its answer to alive";
    case State::kAwaitComplement:
      return "its complement";
    case State::kAwaitReply:
      return "its challenge_reply";
    case State::kAskOwner:
    case State::kUp:
    case State::kFailed:
      break;
  }
  return "nothing";
}

HandshakeStep HandshakeAcceptor::Go(State state, Next next, std::string send) {
  state_ = state;
  return {next, std::move(send), absl::OkStatus()};
}

HandshakeStep HandshakeAcceptor::NotAllowed(absl::string_view why) {
  return Fail(absl::PermissionDeniedError(why),
              StatusPacket(PlainStatus::Kind::kNotAllowed));
}

HandshakeStep HandshakeAcceptor::Fail(const absl::Status& what,
                                      std::string send) {
  state_ = State::kFailed;
  std::string who = result_.peer.full();
  if (who.empty()) {
    who = peer_host_.empty() ? "an unnamed peer"
                             : absl::StrCat("a peer at ", peer_host_);
  }
  return {Next::kFailed, std::move(send),
          absl::Status(what.code(), absl::StrCat("handshake from ", who, ": ",
                                                 what.message()))};
}

}  // namespace ringdist
