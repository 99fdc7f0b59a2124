#include "ringdist/tools/connection_dump.h"

#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/control_operation.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// A capture is a file like any other: no packet of it is larger than this.
constexpr size_t kMaxPacketBytes = size_t{1} << 30;

// 83 45 or 83 46, u64 sequence, u64 id.
constexpr size_t kFragmentHeaderSize = 2 + 8 + 8;

bool IsFragment(absl::string_view packet) {
  return packet.size() >= kFragmentHeaderSize && packet[0] == '\x83' &&
         (packet[1] == 'E' || packet[1] == 'F');
}

// The flags that a message of the handshake brings.
template <typename Message>
uint64_t FlagsOf(const Message& message) {
  if constexpr (requires { message.flags; }) return message.flags;
  if constexpr (requires { message.flags_high; }) {
    return uint64_t{message.flags_high} << 32;
  }
  return 0;
}

template <typename Message>
std::string NameOfNode(const Message& message) {
  if constexpr (requires { message.name; }) return message.name.full();
  return "";
}

// What a signal is about: its payload, or else its reason.
TermView TermOf(const ControlMessage& signal) {
  return std::visit(
      [](const auto& s) -> TermView {
        if constexpr (requires { s.message; }) return s.message;
        if constexpr (requires { s.reason; }) return s.reason;
        if constexpr (requires { s.arguments; }) return s.arguments;
        if constexpr (requires { s.control; }) return s.control;
        return TermView();
      },
      signal);
}

// Whether a signal's own words show all of its term.
bool IsShown(const TermView& term) {
  return term.empty() || term.AsAtom().has_value() ||
         term.AsInt64().has_value();
}

Json FlagsAsJson(uint64_t flags) {
  return Json(std::vector<std::string>(
      absl::StrSplit(FlagNames(flags), ", ", absl::SkipEmpty())));
}

// "send_name flags=0x1... name=srv@localhost (V4_NC, ...)"
template <typename Message>
std::string HandshakeWords(const Message& message) {
  const uint64_t flags = FlagsOf(message);
  return flags == 0
             ? ToString(message)
             : absl::StrCat(ToString(message), " (", FlagNames(flags), ")");
}
template <typename... Messages>
std::string HandshakeWords(const std::variant<Messages...>& one) {
  return std::visit([](const auto& message) { return HandshakeWords(message); },
                    one);
}

template <typename Message>
Json HandshakeEvent(const Message& message) {
  const std::string words = ToString(message);
  Json event = {{"event", "handshake"},
                {"message", words.substr(0, words.find(' '))},
                {"text", words}};
  if (!NameOfNode(message).empty()) event["node"] = NameOfNode(message);
  if (FlagsOf(message) != 0) event["flags"] = FlagsAsJson(FlagsOf(message));
  return event;
}
template <typename... Messages>
Json HandshakeEvent(const std::variant<Messages...>& one) {
  return std::visit([](const auto& message) { return HandshakeEvent(message); },
                    one);
}

}  // namespace

ConnectionDump::Side::Side() : decoder(kMaxPacketBytes) {}

ConnectionDump::ConnectionDump(size_t max_bytes, Print print)
    : max_bytes_(max_bytes), print_(std::move(print)) {}

void ConnectionDump::Take(CaptureDirection direction, absl::string_view bytes) {
  if (!initiator_.has_value()) initiator_ = direction;
  Side& side = SideOf(direction);
  side.taken += bytes.size();
  absl::string_view packet;
  while (!side.failed) {
    absl::Status taken;
    switch (side.decoder.Next(bytes, packet)) {
      case PacketDecoder::Result::kNeedMore:
        return;
      case PacketDecoder::Result::kTooLarge:
        return Fail(direction, side.decoder.error());
      case PacketDecoder::Result::kTick:
        print_(direction, "tick", {{"event", "tick"}});
        break;
      case PacketDecoder::Result::kPacket:
        taken = side.signals.has_value()  ? TakePacket(direction, packet)
                : direction == initiator_ ? TakeOfInitiator(direction, packet)
                                          : TakeOfAcceptor(direction, packet);
    }
    if (!taken.ok()) return Fail(direction, taken);
    side.at = side.taken - bytes.size();
  }
}

void ConnectionDump::Finish() {
  for (const CaptureDirection direction :
       {CaptureDirection::kReceived, CaptureDirection::kSent}) {
    const Side& side = SideOf(direction);
    const uint64_t left = side.taken - side.at;
    if (side.failed || left == 0) continue;
    print_(direction,
           absl::StrCat("the capture ends ", left,
                        " bytes into the packet that begins at byte ", side.at),
           {{"event", "incomplete"}, {"at", side.at}, {"bytes", left}});
  }
}

void ConnectionDump::Fail(CaptureDirection direction, const absl::Status& why) {
  Side& side = SideOf(direction);
  side.failed = true;
  failed_ = true;
  print_(direction,
         absl::StrCat("cannot be decoded, from the packet at byte ", side.at,
                      " on: ", why.message()),
         {{"event", "error"},
          {"at", side.at},
          {"reason", std::string(why.message())}});
}

// The handshake.

template <typename Message>
absl::Status ConnectionDump::PrintHandshake(
    CaptureDirection direction, const absl::StatusOr<Message>& message) {
  if (!message.ok()) return message.status();
  print_(direction, HandshakeWords(*message), HandshakeEvent(*message));
  return absl::OkStatus();
}

absl::Status ConnectionDump::TakeOfInitiator(CaptureDirection direction,
                                             absl::string_view packet) {
  if (initiator_name_.empty()) {
    const absl::StatusOr<SendName> name = DecodeSendName(packet);
    if (name.ok()) Learn(*name);
    return PrintHandshake(direction, name);
  }
  switch (packet.empty() ? '\0' : packet[0]) {
    case 's':
      return PrintHandshake(direction, DecodeAliveAnswer(packet));
    case 'c': {
      const absl::StatusOr<Complement> complement = DecodeComplement(packet);
      if (complement.ok()) initiator_flags_ |= FlagsOf(*complement);
      return PrintHandshake(direction, complement);
    }
    default: {
      absl::Status reply =
          PrintHandshake(direction, DecodeChallengeReply(packet));
      return reply.ok() ? SwitchToData(direction) : reply;
    }
  }
}

absl::Status ConnectionDump::TakeOfAcceptor(CaptureDirection direction,
                                            absl::string_view packet) {
  switch (packet.empty() ? '\0' : packet[0]) {
    case 's':
      return PrintHandshake(direction, DecodeStatus(packet));
    case 'n':
    case 'N': {
      const absl::StatusOr<Challenge> challenge = DecodeChallenge(packet);
      if (challenge.ok()) Learn(*challenge);
      return PrintHandshake(direction, challenge);
    }
    default: {
      absl::Status ack = PrintHandshake(direction, DecodeChallengeAck(packet));
      return ack.ok() ? SwitchToData(direction) : ack;
    }
  }
}

void ConnectionDump::Learn(const SendName& name) {
  initiator_flags_ =
      std::visit([](const auto& message) { return FlagsOf(message); }, name);
  initiator_name_ =
      std::visit([](const auto& message) { return NameOfNode(message); }, name);
  const auto* dynamic = std::get_if<SendNameDynamic>(&name);
  if (dynamic != nullptr) {
    initiator_name_ = absl::StrCat("a node at ", dynamic->host);
  }
}

void ConnectionDump::Learn(const Challenge& challenge) {
  acceptor_flags_ = std::visit(
      [](const auto& message) { return FlagsOf(message); }, challenge);
  acceptor_name_ = std::visit(
      [](const auto& message) { return NameOfNode(message); }, challenge);
}

absl::Status ConnectionDump::SwitchToData(CaptureDirection direction) {
  if (acceptor_name_.empty()) {
    return absl::InvalidArgumentError(
        "the handshake ends before there was a challenge");
  }
  const uint64_t flags = Negotiate(initiator_flags_, acceptor_flags_);
  Side& side = SideOf(direction);
  side.decoder.SwitchToData();
  side.signals.emplace(flags);
  if (direction == initiator_) return absl::OkStatus();
  print_(direction,
         absl::StrCat("up: ", initiator_name_, " and ", acceptor_name_,
                      " have in common ", FlagNames(flags)),
         {{"event", "up"},
          {"initiator", initiator_name_},
          {"acceptor", acceptor_name_},
          {"flags", FlagsAsJson(flags)}});
  return absl::OkStatus();
}

// Packets.

absl::Status ConnectionDump::TakePacket(CaptureDirection direction,
                                        absl::string_view packet) {
  if (IsFragment(packet)) PrintFragment(direction, packet);
  DistributionDecoder& decoder = *SideOf(direction).signals;
  const absl::StatusOr<bool> complete = decoder.Decode(packet);
  if (absl::IsDataLoss(complete.status())) {
    failed_ = true;
    PrintSignal(direction, decoder.message(), complete.status());
    return absl::OkStatus();
  }
  if (!complete.ok()) return complete.status();
  if (*complete) PrintSignal(direction, decoder.message(), absl::OkStatus());
  return absl::OkStatus();
}

void ConnectionDump::PrintFragment(CaptureDirection direction,
                                   absl::string_view packet) {
  const auto sequence = LoadBigEndian<uint64_t>(packet.data() + 2);
  const auto id = LoadBigEndian<uint64_t>(packet.data() + 2 + 8);
  print_(direction,
         absl::StrCat("fragment of sequence ", sequence, ", ", packet.size(),
                      " bytes, ", id == 0 ? 0 : id - 1, " more to come"),
         {{"event", "fragment"},
          {"sequence", sequence},
          {"id", id},
          {"bytes", packet.size()}});
}

void ConnectionDump::PrintSignal(CaptureDirection direction,
                                 const ControlMessage& signal,
                                 const absl::Status& payload) {
  std::string words = ToString(signal);
  Json event = {{"event", "signal"},
                {"operation", std::string(NameOf(signal))},
                {"text", words}};
  if (!payload.ok()) {
    absl::StrAppend(&words, " = unreadable: ", payload.message());
    event["error"] = std::string(payload.message());
  } else if (const TermView term = TermOf(signal); !term.empty()) {
    const std::string text = ToText(term, max_bytes_);
    if (!IsShown(term)) absl::StrAppend(&words, " = ", text);
    event["term"] = text;
  }
  print_(direction, words, event);
}

}  // namespace ringdist
