// The operations of control messages: numbers, names, and sizes of the tuple.
//
// Internal to control_message.

#ifndef RINGDIST_PROTO_CONTROL_OPERATION_H_
#define RINGDIST_PROTO_CONTROL_OPERATION_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"

namespace ringdist {

enum class ControlOperation : int64_t {
  kLink = 1,
  kSend = 2,
  kExit = 3,
  kUnlink = 4,
  kRegSend = 6,
  kGroupLeader = 7,
  kExit2 = 8,
  kSendTt = 12,
  kExitTt = 13,
  kRegSendTt = 16,
  kExit2Tt = 18,
  kMonitorP = 19,
  kDemonitorP = 20,
  kMonitorPExit = 21,
  kSendSender = 22,
  kSendSenderTt = 23,
  kPayloadExit = 24,
  kPayloadExitTt = 25,
  kPayloadExit2 = 26,
  kPayloadExit2Tt = 27,
  kPayloadMonitorPExit = 28,
  kSpawnRequest = 29,
  kSpawnRequestTt = 30,
  kSpawnReply = 31,
  kSpawnReplyTt = 32,
  kAliasSend = 33,
  kAliasSendTt = 34,
  kUnlinkId = 35,
  kUnlinkIdAck = 36,
  kAltactSigSend = 37,
};

// The bits of an ALTACT_SIG_SEND's second element. Others are ignored.
struct AltactFlags {
  static constexpr uint64_t kPriority = 1, kToken = 2, kAlias = 4, kName = 8,
                            kExit = 16;
};

struct ControlOperationInfo {
  ControlOperation operation;
  absl::string_view name;  // "MONITOR_P"
  size_t arity;            // Of the whole tuple.
  bool token = false;      // A trace token is among the elements.
  // The reason is the payload, where without EXIT_PAYLOAD it is an element.
  bool reason_is_payload = false;
};

// Null if there is no such operation.
const ControlOperationInfo* FindControlOperation(int64_t operation);

// The operation that a message is sent as.
ControlOperation OperationOf(const ControlMessage& message);
// And its name; "UNKNOWN" if there is none.
absl::string_view NameOf(const ControlMessage& message);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_CONTROL_OPERATION_H_
