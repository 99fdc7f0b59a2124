// Control messages: the signals between processes that two nodes exchange (OTP,
// erts/doc: "Distribution Protocol", section "Protocol between Connected
// Nodes"). One struct per operation; what differs only in having a trace token,
// or in where a reason stands, is the same struct.
//
//   ControlMessage message;
//   absl::Status status = DecodePassThrough(body, message);
//   if (status.ok()) status = CheckControlMessage(message, peer, own);
//   if (!status.ok()) return Close(status);
//   if (const auto* link = std::get_if<control::Link>(&message)) ...
//
//   EncodePassThrough(control::Exit{.from = dead, .to = linked, ...}, writer);
//
// The bytes of a packet, as long as neither an atom cache nor fragments are
// negotiated, are `70 83 <control> [83 <payload>]`. Behind a distribution
// header there is no 83, and the payload may be spread over fragments: there
// one reads the control term with DecodeControl, and the payload by oneself.
//
// Fields are views: valid as long as the bytes, and nothing is allocated. An
// error is what a real node closes the connection for: for a broken payload
// only if there is a process that receives it.

#ifndef RINGDIST_PROTO_CONTROL_MESSAGE_H_
#define RINGDIST_PROTO_CONTROL_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

using PidOrName = std::variant<PidView, AtomView>;

// In all of them `token` is a trace token, empty if there is none: with one the
// operation is the _TT variant.
namespace control {

struct Link {  // 1
  PidView from, to;
};
struct Send {  // 2, 12 (_TT); 22, 23 (_TT) SEND_SENDER if it tells `from`
  std::optional<PidView> from;
  PidView to;
  TermView token;
  TermView message;  // The payload.
};
struct RegSend {  // 6, 16 (_TT)
  PidView from;
  AtomView to;
  TermView token;
  TermView message;  // The payload.
};
struct AliasSend {  // 33, 34 (_TT)
  PidView from;
  ReferenceView to;
  TermView token;
  TermView message;  // The payload.
};
struct AltactSend {  // 37, from OTP 28 on: to a pid, a name, or an alias
  bool priority = false;
  bool exit = false;  // An exit signal, and `message` is its reason.
  PidView from;
  std::variant<PidView, AtomView, ReferenceView> to;
  TermView token;
  TermView message;  // The payload.
};
struct Exit {  // A linked process died: 3, 13 (_TT); with EXIT_PAYLOAD 24, 25
  PidView from, to;
  TermView token;
  TermView reason;
  bool reason_is_payload = false;  // And not in the control term.
};
struct Exit2 {  // exit/2: 8, 18 (_TT); with EXIT_PAYLOAD 26, 27
  PidView from, to;
  TermView token;
  TermView reason;
  bool reason_is_payload = false;
};
struct Unlink {  // 4, of nodes without UNLINK_ID
  PidView from, to;
};
struct UnlinkId {   // 35
  uint64_t id = 0;  // Not 0.
  PidView from, to;
};
struct UnlinkIdAck {  // 36
  uint64_t id = 0;
  PidView from, to;
};
struct GroupLeader {  // 7
  PidView from, to;   // `from` is to be the group leader of `to`.
};
struct MonitorP {  // 19
  PidView from;
  PidOrName to;
  ReferenceView reference;
};
struct DemonitorP {  // 20
  PidView from;
  PidOrName to;
  ReferenceView reference;
};
struct MonitorPExit {  // 21; with EXIT_PAYLOAD 28
  PidOrName from;
  PidView to;
  ReferenceView reference;
  TermView reason;
  bool reason_is_payload = false;
};
struct SpawnRequest {  // 29, 30 (_TT)
  ReferenceView id;
  PidView from, group_leader;
  AtomView module, function;
  int64_t arity = 0;
  TermView options;
  TermView token;
  TermView arguments;  // The payload.
};
struct SpawnReply {  // 31, 32 (_TT)
  static constexpr uint32_t kLinked = 1, kMonitored = 2;
  ReferenceView id;
  PidView to;
  uint32_t flags = 0;  // Below 2^27.
  PidOrName result;    // A name tells an error.
  TermView token;
};
// A tuple that begins with an integer which is no operation: never a mistake of
// ours to receive, but nothing a connection survives (CheckControlMessage).
struct Unknown {
  int64_t operation = 0;
  TermView control;
};

}  // namespace control

using ControlMessage =
    std::variant<control::Unknown, control::Link, control::Send,
                 control::RegSend, control::AliasSend, control::AltactSend,
                 control::Exit, control::Exit2, control::Unlink,
                 control::UnlinkId, control::UnlinkIdAck, control::GroupLeader,
                 control::MonitorP, control::DemonitorP, control::MonitorPExit,
                 control::SpawnRequest, control::SpawnReply>;

// Reads a control term, where `reader` stands. The payload is left to be read,
// and put where PayloadOf(message) says.
absl::Status DecodeControl(TermReader& reader, ControlMessage& message);

// Reads the whole body of a packet without a distribution header. DataLoss: the
// payload is missing or broken, and `message` has all but that. As in a real
// node, what stands behind the last term is ignored, and so is the first byte.
absl::Status DecodePassThrough(absl::string_view body, ControlMessage& message,
                               TermLimits limits = {});

// What a real node of the name `own` finds out only by looking at whose pids
// these are, when `peer` sent the message: an unknown operation; a signal in
// the name of another node's process; a signal to a process of another node.
// What counts is the node's name. A pid of ours with another creation is that
// of an earlier life: fine here, and then nobody's, though a real node would
// not let an exit or an unlink to it pass.
absl::Status CheckControlMessage(const ControlMessage& message,
                                 absl::string_view peer, absl::string_view own);

// The field that is the payload, or null if the operation has none.
TermView* PayloadOf(ControlMessage& message);
const TermView* PayloadOf(const ControlMessage& message);

// Writes the control term alone, or the whole body of a packet without a
// distribution header. To write a payload that is not a TermView: EncodeControl
// between the bytes 70 83 and 83, then the payload.
void EncodeControl(const ControlMessage& message, TermWriter& writer);
void EncodePassThrough(const ControlMessage& message, ByteWriter& out);

// One line for a log: "MONITOR_P from #Pid<..> to net_kernel ref #Ref<..>".
std::string ToString(const ControlMessage& message);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_CONTROL_MESSAGE_H_
