#include "ringdist/proto/control_operation.h"

#include <algorithm>
#include <iterator>

namespace ringdist {
namespace {

using Op = ControlOperation;

// In the order of their numbers.
constexpr ControlOperationInfo kOperations[] = {
    {Op::kLink, "LINK", 3},
    {Op::kSend, "SEND", 3},
    {Op::kExit, "EXIT", 4},
    {Op::kUnlink, "UNLINK", 3},
    {Op::kRegSend, "REG_SEND", 4},
    {Op::kGroupLeader, "GROUP_LEADER", 3},
    {Op::kExit2, "EXIT2", 4},
    {Op::kSendTt, "SEND_TT", 4, true},
    {Op::kExitTt, "EXIT_TT", 5, true},
    {Op::kRegSendTt, "REG_SEND_TT", 5, true},
    {Op::kExit2Tt, "EXIT2_TT", 5, true},
    {Op::kMonitorP, "MONITOR_P", 4},
    {Op::kDemonitorP, "DEMONITOR_P", 4},
    {Op::kMonitorPExit, "MONITOR_P_EXIT", 5},
    {Op::kSendSender, "SEND_SENDER", 3},
    {Op::kSendSenderTt, "SEND_SENDER_TT", 4, true},
    {Op::kPayloadExit, "PAYLOAD_EXIT", 3, false, true},
    {Op::kPayloadExitTt, "PAYLOAD_EXIT_TT", 4, true, true},
    {Op::kPayloadExit2, "PAYLOAD_EXIT2", 3, false, true},
    {Op::kPayloadExit2Tt, "PAYLOAD_EXIT2_TT", 4, true, true},
    {Op::kPayloadMonitorPExit, "PAYLOAD_MONITOR_P_EXIT", 4, false, true},
    {Op::kSpawnRequest, "SPAWN_REQUEST", 6},
    {Op::kSpawnRequestTt, "SPAWN_REQUEST_TT", 7, true},
    {Op::kSpawnReply, "SPAWN_REPLY", 5},
    {Op::kSpawnReplyTt, "SPAWN_REPLY_TT", 6, true},
    {Op::kAliasSend, "ALIAS_SEND", 3},
    {Op::kAliasSendTt, "ALIAS_SEND_TT", 4, true},
    {Op::kUnlinkId, "UNLINK_ID", 4},
    {Op::kUnlinkIdAck, "UNLINK_ID_ACK", 4},
    {Op::kAltactSigSend, "ALTACT_SIG_SEND", 4},  // Or more.
};

struct Operation {
  Op operator()(const control::Unknown& m) const {
    return static_cast<Op>(m.operation);
  }
  Op operator()(const control::Link&) const { return Op::kLink; }
  Op operator()(const control::Send& m) const {
    if (!m.from.has_value()) {
      return m.token.empty() ? Op::kSend : Op::kSendTt;
    }
    return m.token.empty() ? Op::kSendSender : Op::kSendSenderTt;
  }
  Op operator()(const control::RegSend& m) const {
    return m.token.empty() ? Op::kRegSend : Op::kRegSendTt;
  }
  Op operator()(const control::AliasSend& m) const {
    return m.token.empty() ? Op::kAliasSend : Op::kAliasSendTt;
  }
  Op operator()(const control::AltactSend&) const { return Op::kAltactSigSend; }
  Op operator()(const control::Exit& m) const {
    if (m.reason_is_payload) {
      return m.token.empty() ? Op::kPayloadExit : Op::kPayloadExitTt;
    }
    return m.token.empty() ? Op::kExit : Op::kExitTt;
  }
  Op operator()(const control::Exit2& m) const {
    if (m.reason_is_payload) {
      return m.token.empty() ? Op::kPayloadExit2 : Op::kPayloadExit2Tt;
    }
    return m.token.empty() ? Op::kExit2 : Op::kExit2Tt;
  }
  Op operator()(const control::Unlink&) const { return Op::kUnlink; }
  Op operator()(const control::UnlinkId&) const { return Op::kUnlinkId; }
  Op operator()(const control::UnlinkIdAck&) const { return Op::kUnlinkIdAck; }
  Op operator()(const control::GroupLeader&) const { return Op::kGroupLeader; }
  Op operator()(const control::MonitorP&) const { return Op::kMonitorP; }
  Op operator()(const control::DemonitorP&) const { return Op::kDemonitorP; }
  Op operator()(const control::MonitorPExit& m) const {
    return m.reason_is_payload ? Op::kPayloadMonitorPExit : Op::kMonitorPExit;
  }
  Op operator()(const control::SpawnRequest& m) const {
    return m.token.empty() ? Op::kSpawnRequest : Op::kSpawnRequestTt;
  }
  Op operator()(const control::SpawnReply& m) const {
    return m.token.empty() ? Op::kSpawnReply : Op::kSpawnReplyTt;
  }
};

}  // namespace

const ControlOperationInfo* FindControlOperation(int64_t operation) {
  const auto* found = std::lower_bound(
      std::begin(kOperations), std::end(kOperations), operation,
      [](const ControlOperationInfo& info, int64_t wanted) {
        return static_cast<int64_t>(info.operation) < wanted;
      });
  if (found == std::end(kOperations) ||
      static_cast<int64_t>(found->operation) != operation) {
    return nullptr;
  }
  return found;
}

ControlOperation OperationOf(const ControlMessage& message) {
  return std::visit(Operation(), message);
}

absl::string_view NameOf(const ControlMessage& message) {
  const ControlOperationInfo* info =
      FindControlOperation(static_cast<int64_t>(OperationOf(message)));
  return info == nullptr ? "UNKNOWN" : info->name;
}

}  // namespace ringdist
