// DecodeControl and DecodePassThrough of control_message.h.

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/control_operation.h"

namespace ringdist {
namespace {

using Op = ControlOperation;
using Info = ControlOperationInfo;

constexpr int64_t kSpawnFlagsLimit = int64_t{1} << 27;

// A function each for what follows the operation in the tuple.

template <typename Message>
void ReadFromTo(TermReader& reader, Message& message) {
  message.from = reader.ReadPid();
  message.to = reader.ReadPid();
}

PidOrName ReadPidOrName(TermReader& reader) {
  if (reader.PeekType() == TermType::kAtom) return reader.ReadAtom();
  return reader.ReadPid();
}

void ReadSend(TermReader& reader, const Info& info, control::Send& message) {
  if (info.operation == Op::kSendSender ||
      info.operation == Op::kSendSenderTt) {
    message.from = reader.ReadPid();
  } else {
    reader.ReadTerm();  // The cookie of long ago: '' today, never looked at.
  }
  message.to = reader.ReadPid();
  if (info.token) message.token = reader.ReadTerm();
}

void ReadRegSend(TermReader& reader, const Info& info,
                 control::RegSend& message) {
  message.from = reader.ReadPid();
  reader.ReadTerm();  // The cookie, as above.
  message.to = reader.ReadAtom();
  if (info.token) message.token = reader.ReadTerm();
}

void ReadAliasSend(TermReader& reader, const Info& info,
                   control::AliasSend& message) {
  message.from = reader.ReadPid();
  message.to = reader.ReadReference();
  if (info.token) message.token = reader.ReadTerm();
}

// The flags may come to be more than 64 bits; only the lowest are known.
uint64_t ReadAltactFlags(TermReader& reader) {
  const TermView flags = reader.ReadTerm();
  if (const auto big = flags.AsBigInteger(); big.has_value()) {
    if (big->negative) reader.Fail("flags");
    return big->magnitude.empty() ? 0 : static_cast<uint8_t>(big->magnitude[0]);
  }
  const auto value = flags.AsUint64();
  if (!value.has_value()) reader.Fail("flags");
  return value.value_or(0);
}

void ReadAltactSend(TermReader& reader, size_t arity,
                    control::AltactSend& message) {
  const uint64_t flags = ReadAltactFlags(reader);
  const bool alias = (flags & AltactFlags::kAlias) != 0;
  const bool name = (flags & AltactFlags::kName) != 0;
  const bool token = (flags & AltactFlags::kToken) != 0;
  if (alias && name) reader.Fail("flags for an alias or a name, not for both");
  if (token && arity < 5) reader.Fail("flags that tell of no token");
  message.priority = (flags & AltactFlags::kPriority) != 0;
  message.exit = (flags & AltactFlags::kExit) != 0;
  message.from = reader.ReadPid();
  if (alias) {
    message.to = reader.ReadReference();
  } else if (name) {
    message.to = reader.ReadAtom();
  } else {
    message.to = reader.ReadPid();
  }
  size_t read = 4;
  if (token) {
    message.token = reader.ReadTerm();
    ++read;
  }
  // Later releases may put more behind.
  for (; read < arity && reader.ok(); ++read) reader.ReadTerm();
}

template <typename Message>
void ReadExit(TermReader& reader, const Info& info, Message& message) {
  ReadFromTo(reader, message);
  if (info.token) message.token = reader.ReadTerm();
  message.reason_is_payload = info.reason_is_payload;
  if (!info.reason_is_payload) message.reason = reader.ReadTerm();
}

void ReadUnlinkId(TermReader& reader, control::UnlinkId& message) {
  message.id = reader.ReadUint64();
  if (message.id == 0) reader.Fail("an id from 1 to 2^64-1");
  ReadFromTo(reader, message);
}

void ReadUnlinkIdAck(TermReader& reader, control::UnlinkIdAck& message) {
  message.id = reader.ReadUint64();
  ReadFromTo(reader, message);
}

template <typename Message>
void ReadMonitor(TermReader& reader, Message& message) {
  message.from = reader.ReadPid();
  message.to = ReadPidOrName(reader);
  message.reference = reader.ReadReference();
}

void ReadMonitorPExit(TermReader& reader, const Info& info,
                      control::MonitorPExit& message) {
  message.from = ReadPidOrName(reader);
  message.to = reader.ReadPid();
  message.reference = reader.ReadReference();
  message.reason_is_payload = info.reason_is_payload;
  if (!info.reason_is_payload) message.reason = reader.ReadTerm();
}

void ReadSpawnRequest(TermReader& reader, const Info& info,
                      control::SpawnRequest& message) {
  message.id = reader.ReadReference();
  message.from = reader.ReadPid();
  message.group_leader = reader.ReadPid();
  if (reader.ReadTupleHeader() != 3) reader.Fail("{Module, Function, Arity}");
  message.module = reader.ReadAtom();
  message.function = reader.ReadAtom();
  message.arity = reader.ReadInt64();
  message.options = reader.ReadTerm();
  if (info.token) message.token = reader.ReadTerm();
}

void ReadSpawnReply(TermReader& reader, const Info& info,
                    control::SpawnReply& message) {
  message.id = reader.ReadReference();
  message.to = reader.ReadPid();
  const int64_t flags = reader.ReadInt64();
  if (flags < 0 || flags >= kSpawnFlagsLimit) reader.Fail("flags below 2^27");
  message.flags = static_cast<uint32_t>(flags);
  message.result = ReadPidOrName(reader);
  if (info.token) message.token = reader.ReadTerm();
}

void ReadUnknown(TermReader& reader, int64_t operation, size_t arity,
                 absl::string_view control, control::Unknown& message) {
  for (size_t i = 1; i < arity && reader.ok(); ++i) reader.ReadTerm();
  if (!reader.ok()) return;
  message.operation = operation;
  message.control = TermView::Trusted(
      control.substr(0, control.size() - reader.Rest().size()), reader.atoms());
}

// What follows the operation in the tuple.
void ReadFields(TermReader& reader, const Info& info, size_t arity,
                ControlMessage& message) {
  switch (info.operation) {
    case Op::kLink:
      return ReadFromTo(reader, message.emplace<control::Link>());
    case Op::kSend:
    case Op::kSendTt:
    case Op::kSendSender:
    case Op::kSendSenderTt:
      return ReadSend(reader, info, message.emplace<control::Send>());
    case Op::kExit:
    case Op::kExitTt:
    case Op::kPayloadExit:
    case Op::kPayloadExitTt:
      return ReadExit(reader, info, message.emplace<control::Exit>());
    case Op::kUnlink:
      return ReadFromTo(reader, message.emplace<control::Unlink>());
    case Op::kRegSend:
    case Op::kRegSendTt:
      return ReadRegSend(reader, info, message.emplace<control::RegSend>());
    case Op::kGroupLeader:
      return ReadFromTo(reader, message.emplace<control::GroupLeader>());
    case Op::kExit2:
    case Op::kExit2Tt:
    case Op::kPayloadExit2:
    case Op::kPayloadExit2Tt:
      return ReadExit(reader, info, message.emplace<control::Exit2>());
    case Op::kMonitorP:
      return ReadMonitor(reader, message.emplace<control::MonitorP>());
    case Op::kDemonitorP:
      return ReadMonitor(reader, message.emplace<control::DemonitorP>());
    case Op::kMonitorPExit:
    case Op::kPayloadMonitorPExit:
      return ReadMonitorPExit(reader, info,
                              message.emplace<control::MonitorPExit>());
    case Op::kSpawnRequest:
    case Op::kSpawnRequestTt:
      return ReadSpawnRequest(reader, info,
                              message.emplace<control::SpawnRequest>());
    case Op::kSpawnReply:
    case Op::kSpawnReplyTt:
      return ReadSpawnReply(reader, info,
                            message.emplace<control::SpawnReply>());
    case Op::kAliasSend:
    case Op::kAliasSendTt:
      return ReadAliasSend(reader, info, message.emplace<control::AliasSend>());
    case Op::kUnlinkId:
      return ReadUnlinkId(reader, message.emplace<control::UnlinkId>());
    case Op::kUnlinkIdAck:
      return ReadUnlinkIdAck(reader, message.emplace<control::UnlinkIdAck>());
    case Op::kAltactSigSend:
      return ReadAltactSend(reader, arity,
                            message.emplace<control::AltactSend>());
  }
}

absl::Status Malformed(
    absl::string_view name, absl::string_view what,
    absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  return absl::Status(
      code, absl::StrCat("control message", name.empty() ? "" : " ", name, ": ",
                         what));
}

}  // namespace

absl::Status DecodeControl(TermReader& reader, ControlMessage& message) {
  const absl::string_view control = reader.Rest();
  const size_t arity = reader.ReadTupleHeader();
  if (reader.ok() && arity == 0) reader.Fail("a tuple that is not empty");
  const int64_t operation = reader.ReadInt64();
  if (!reader.ok()) return Malformed("", reader.status().message());
  const ControlOperationInfo* info = FindControlOperation(operation);
  if (info == nullptr) {
    ReadUnknown(reader, operation, arity, control,
                message.emplace<control::Unknown>());
    if (!reader.ok()) return Malformed("", reader.status().message());
    return absl::OkStatus();
  }
  if (arity < info->arity ||
      (arity > info->arity && info->operation != Op::kAltactSigSend)) {
    return Malformed(info->name,
                     absl::StrCat("a tuple of ", arity, " elements instead of ",
                                  info->arity));
  }
  ReadFields(reader, *info, arity, message);
  if (!reader.ok()) return Malformed(info->name, reader.status().message());
  return absl::OkStatus();
}

absl::Status DecodePassThrough(absl::string_view body, ControlMessage& message,
                               TermLimits limits) {
  if (absl::StartsWith(body, "\x83\x44")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "packet of ", body.size(),
        " bytes has a distribution header, which was not negotiated"));
  }
  TermReader reader(body, AtomTable(), limits);
  reader.ReadBytes(1);  // It should be 70; a real node does not look at it.
  reader.ReadVersion();
  const absl::Status decoded = DecodeControl(reader, message);
  if (!decoded.ok()) return decoded;
  TermView* payload = PayloadOf(message);
  if (payload == nullptr) return absl::OkStatus();
  reader.ReadVersion();
  *payload = reader.ReadTerm();
  if (reader.ok()) return absl::OkStatus();
  return Malformed(NameOf(message),
                   absl::StrCat("payload: ", reader.status().message()),
                   absl::StatusCode::kDataLoss);
}

}  // namespace ringdist
