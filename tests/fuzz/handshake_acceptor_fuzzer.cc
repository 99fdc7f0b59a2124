// HandshakeAcceptor against any initiator.
//
// Input: a byte of options, and what the initiator sends. Options, from bit 0:
// 1 protocol version 5; 2 an allow-list with srv2@localhost; 4 visible; 8 OTP
// 26's mandatory flags; the upper four bits choose the decision.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/tests/fuzz/handshake_fuzzing.h"

namespace ringdist {
namespace {

using Next = HandshakeStep::Next;

LocalNode LocalOf(uint8_t options) {
  LocalNode local;
  local.name = *NodeName::Parse("cpp@localhost");
  local.creation = golden::kAcceptorCreation;
  local.cookie = std::string(golden::kCookie);
  local.protocol_version = options & 1 ? 5 : 6;
  if (options & 2) local.allowed = {*NodeName::Parse("srv2@localhost")};
  if (options & 4) local.flags = kVisibleNodeFlags;
  if (options & 8) local.mandatory_flags = kMandatoryOtp26;
  return local;
}

ConnectionDecision DecisionOf(uint8_t options) {
  constexpr ConnectionDecision kDecisions[] = {
      ConnectionDecision::kOk, ConnectionDecision::kOkSimultaneous,
      ConnectionDecision::kNok, ConnectionDecision::kAlive,
      ConnectionDecision::kRefuse};
  return kDecisions[(options >> 4) % 5];
}

// Answers as an owner would; the host of a peer may be too long for a name.
HandshakeStep Answer(HandshakeAcceptor& handshake, const HandshakeStep& step,
                     uint8_t options) {
  if (step.next == Next::kAskConnection) {
    RINGDIST_CHECK(!handshake.peer().empty());
    return handshake.Decide(DecisionOf(options));
  }
  if (step.next == Next::kAskName) {
    const absl::StatusOr<NodeName> name =
        NodeName::Parse(absl::StrCat("D@", handshake.peer_host()));
    if (name.ok()) return handshake.GiveName(*name, 4);
    return {Next::kFailed, "", name.status()};
  }
  return step;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const auto options = static_cast<uint8_t>(input[0]);
  const LocalNode local = LocalOf(options);
  HandshakeAcceptor handshake(local, golden::kScriptChallenge);
  ForEachPacket(input.substr(1), [&](absl::string_view packet) {
    HandshakeStep step = handshake.OnPacket(packet);
    CheckStep(step);
    step = Answer(handshake, step, options);
    CheckStep(step);
    RINGDIST_CHECK(!handshake.Awaits().empty());
    if (step.next == Next::kUp) {
      CheckUp(local, handshake.result(), packet);
      if (!local.allowed.empty()) {
        RINGDIST_CHECK(handshake.peer() == local.allowed.front());
      }
    }
    return step.next == Next::kWaitForPacket;
  });
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
